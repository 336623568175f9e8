//! What is sent and answered.

use serde_json::{Map, Value as Json, json};

/// All schemas, by name.
pub(super) fn schemas() -> Json {
    let mut all = Map::new();
    answers(&mut all);
    bodies(&mut all);
    for (list, item) in [
        ("Keys", "Key"),
        ("Tokens", "Token"),
        ("Accounts", "Account"),
        ("People", "Person"),
        ("Roles", "Role"),
        ("BasicCredentials", "BasicCredential"),
        ("AuditEntries", "AuditEntry"),
        ("Refusals", "Refusal"),
    ] {
        let items = json!({ "type": "array", "items": reference(item) });
        all.insert(list.into(), object(&[("items", items), ("next", nullable("string"))]));
    }
    all.into()
}

/// Everything is there, and nothing else.
fn object(properties: &[(&str, Json)]) -> Json {
    let required: Vec<_> = properties.iter().map(|(name, _)| *name).collect();
    let properties: Map<_, _> =
        properties.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": properties, "required": required,
        "additionalProperties": false })
}

/// What is sent: only what is named has to be there.
fn body(required: &[&str], properties: &[(&str, Json)]) -> Json {
    let mut schema = object(properties);
    schema["required"] = json!(required);
    schema
}

/// One schema's properties, and more.
fn extended(base: &[(&'static str, Json)], more: &[(&'static str, Json)]) -> Json {
    let mut all: Vec<_> = base.to_vec();
    for (name, schema) in more {
        match all.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = schema.clone(),
            None => all.push((name, schema.clone())),
        }
    }
    object(&all)
}

fn reference(schema: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn of(kind: &str) -> Json {
    json!({ "type": kind })
}

fn nullable(kind: &str) -> Json {
    json!({ "type": [kind, "null"] })
}

fn texts() -> Json {
    json!({ "type": "array", "items": { "type": "string" } })
}

fn time() -> Json {
    json!({ "type": "string", "format": "date-time" })
}

fn optional_time() -> Json {
    json!({ "type": ["string", "null"], "format": "date-time" })
}

fn words(words: &[&str]) -> Json {
    json!({ "type": "string", "enum": words })
}

fn whole(least: i64, most: i64) -> Json {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

fn expiry() -> Json {
    json!({ "type": ["string", "null"], "examples": ["90d", "2027-01-31", "2027-01-31T12:00:00Z"],
        "description": "A time from now, a day (all of it, in the account's time zone), a time, or null for never." })
}

fn callbacks() -> Json {
    json!({ "type": "array", "items": { "type": "string" },
        "examples": [["https://app.example.com/callback", "oob"]],
        "description": "Where people are sent back to when they have granted access; oob shows a code instead. Empty: the application cannot ask for access." })
}

#[rustfmt::skip]
fn answers(all: &mut Map<String, Json>) {
    let mut add = |name: &str, schema| { all.insert(name.to_owned(), schema); };
    let text = || of("string");
    let flag = || of("boolean");
    let attributes = || json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let anything = || json!({ "type": ["object", "null"] });

    let field = object(&[("field", text()), ("problem", text())]);
    let problem = [("type", text()), ("title", text()), ("status", whole(400, 599)), ("code", text()), ("detail", text()), ("request_id", text())];
    let mut schema = object(&problem);
    schema["properties"]["errors"] = json!({ "type": "array", "items": field });
    add("Problem", schema);

    let key = [
        ("id", text()), ("app_key", text()), ("name", text()), ("display_name", text()),
        ("developer_name", text()), ("description", text()), ("environment", text()),
        ("account", text()), ("state", words(&["active", "disabled", "expired"])),
        ("enabled", flag()), ("expires_at", optional_time()), ("scopes", texts()),
        ("attributes", attributes()), ("attribute_methods", texts()),
        ("signature_methods", json!({ "type": ["array", "null"], "items": { "type": "string" } })),
        ("rsa", flag()), ("body_hash_required", flag()), ("two_legged", flag()),
        ("ip_allow", texts()), ("callbacks", callbacks()), ("token_lifetime", of("integer")), ("acts_as", nullable("string")),
        ("role", nullable("string")), ("access_token", nullable("string")),
        ("version", of("integer")), ("created_at", time()), ("created_by", text()),
        ("changed_at", time()), ("last_used_at", optional_time()),
        ("last_used_address", nullable("string")), ("old_secret_expires_at", optional_time()),
        ("old_secret_used_at", optional_time()), ("explain_until", optional_time()),
    ];
    add("Key", object(&key));
    let secrets = [("app_secret", nullable("string")), ("token_secret", nullable("string"))];
    add("KeyWithSecrets", extended(&key, &secrets));
    let [app_secret, token_secret] = secrets;
    add("Rotated", extended(&key, &[app_secret, token_secret, ("old_good_until", time())]));
    add("Secret", object(&[("secret", words(&["app_secret", "token_secret"])), ("value", text())]));
    add("Verdict", object(&[("allowed", flag()), ("by", nullable("string")), ("needs", texts()), ("reasons", texts())]));

    let token = [
        ("id", text()), ("access_token", text()), ("own", flag()),
        ("resource_owner", nullable("string")), ("scopes", texts()),
        ("expires_at", optional_time()), ("revoked_at", optional_time()), ("created_at", time()),
        ("last_used_at", optional_time()), ("last_used_address", nullable("string")),
    ];
    add("Token", object(&token));
    add("TokenWithSecret", extended(&token, &[("app_key", text()), ("token_secret", text())]));

    let address = object(&[("address", text()), ("first_used_at", time()), ("last_used_at", time())]);
    add("Addresses", object(&[("addresses", json!({ "type": "array", "items": address })), ("last_day", of("integer")), ("hint", nullable("string"))]));
    add("Refusal", object(&[
        ("id", text()), ("at", time()), ("reason", text()), ("address", nullable("string")),
        ("method", text()), ("path", text()), ("detail", of("object")),
    ]));
    add("AuditEntry", object(&[
        ("id", text()), ("at", time()), ("actor", text()), ("address", nullable("string")),
        ("action", text()), ("subject_kind", text()), ("subject_id", text()), ("subject", text()),
        ("before", anything()), ("after", anything()),
    ]));
    add("Account", object(&[
        ("id", text()), ("name", text()), ("display_name", text()), ("max_keys", of("integer")),
        ("basic_auth", flag()), ("secret_reveal", words(&["never", "step_up"])),
        ("expiry_required", flag()), ("deletion_allowed", flag()), ("time_zone", text()),
        ("assignments", texts()), ("version", of("integer")), ("created_at", time()),
    ]));
    add("Person", object(&[
        ("id", text()), ("name", text()), ("display_name", text()), ("account", nullable("string")),
        ("role", text()), ("permissions", texts()), ("scopes", texts()), ("enabled", flag()),
        ("has_password", flag()), ("version", of("integer")), ("created_at", time()),
        ("created_by", text()), ("changed_at", time()), ("signed_in_at", optional_time()),
    ]));
    add("Role", object(&[
        ("id", text()), ("name", text()), ("display_name", text()), ("account", nullable("string")),
        ("permissions", texts()), ("built_in", flag()), ("version", of("integer")),
        ("created_at", time()), ("changed_at", time()),
    ]));
    let basic = [
        ("id", text()), ("name", text()), ("account", text()), ("scopes", texts()),
        ("enabled", flag()), ("version", of("integer")), ("created_at", time()),
        ("created_by", text()), ("changed_at", time()), ("last_used_at", optional_time()),
        ("last_used_address", nullable("string")),
    ];
    add("BasicCredential", object(&basic));
    add("BasicCredentialWithPassword", extended(&basic, &[("password", nullable("string"))]));
    add("Session", object(&[("person", reference("Person")), ("expires_at", time()), ("idle_at", time()), ("password_at", optional_time())]));
    add("SetupState", object(&[("open", flag())]));
    add("Description", json!({ "type": "object", "required": ["openapi", "paths"] }));
    let docs = || nullable("string");
    let privilege = object(&[
        ("name", text()), ("title", text()), ("docs", docs()), ("scope", text()),
        ("requires_assignment", flag()), ("level", nullable("string")), ("rules", texts()),
    ]);
    let group = object(&[
        ("name", text()), ("title", text()), ("docs", docs()), ("paths", texts()),
        ("others", flag()), ("privileges", json!({ "type": "array", "items": privilege })),
    ]);
    let preset = object(&[("name", text()), ("title", text()), ("scopes", texts())]);
    add("Catalogue", object(&[("groups", json!({ "type": "array", "items": group })), ("presets", json!({ "type": "array", "items": preset }))]));
}

#[rustfmt::skip]
fn bodies(all: &mut Map<String, Json>) {
    let mut add = |name: &str, schema| { all.insert(name.to_owned(), schema); };
    let text = || of("string");
    let flag = || of("boolean");
    let password = || json!({ "type": "string", "minLength": 12, "maxLength": 1000, "writeOnly": true });
    let secret = || json!({ "type": "string", "writeOnly": true });
    let lifetime = || whole(1, 2_592_000);
    let attributes = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let key = [
        ("name", text()), ("display_name", text()), ("developer_name", text()),
        ("description", text()), ("environment", text()), ("expires_at", expiry()),
        ("signature_methods", json!({ "type": ["array", "null"], "items": { "type": "string" } })),
        ("body_hash_required", flag()), ("two_legged", flag()), ("ip_allow", texts()),
        ("callbacks", callbacks()), ("scopes", texts()), ("attributes", attributes), ("attribute_methods", texts()),
        ("token_lifetime", lifetime()), ("acts_as", nullable("string")), ("role", nullable("string")),
    ];
    let mut change = key.to_vec();
    change.push(("enabled", flag()));
    let mut new = key.to_vec();
    new.extend([("account", text()), ("presets", texts()), ("rsa_public_key", text())]);
    add("NewKey", body(&[], &new));
    add("KeyChange", body(&[], &change));
    add("Rotation", body(&[], &[("only", words(&["both", "app_secret", "token_secret"])), ("grace", whole(0, 2_592_000))]));
    add("ExplainWindow", body(&[], &[("seconds", whole(1, 3_600))]));
    add("Reveal", body(&["secret"], &[("secret", words(&["app_secret", "token_secret"]))]));
    add("Check", body(&["method", "path"], &[("method", text()), ("path", text()), ("address", text())]));
    add("NewToken", body(&[], &[("lifetime", lifetime()), ("scopes", texts())]));
    add("NewAccount", body(&["name"], &[("name", text()), ("display_name", text())]));
    add("AccountChange", body(&[], &[
        ("display_name", text()), ("max_keys", whole(0, i64::from(u32::MAX))), ("basic_auth", flag()),
        ("secret_reveal", words(&["never", "step_up"])), ("expiry_required", flag()),
        ("deletion_allowed", flag()), ("time_zone", text()),
    ]));
    add("NewPerson", body(&["name", "role"], &[
        ("name", text()), ("display_name", text()), ("account", nullable("string")),
        ("role", text()), ("scopes", texts()), ("password", password()),
    ]));
    add("PersonChange", body(&[], &[("display_name", text()), ("role", text()), ("scopes", texts()), ("enabled", flag())]));
    add("NewRole", body(&["name"], &[
        ("name", text()), ("display_name", text()), ("permissions", texts()),
        ("account", nullable("string")),
    ]));
    add("RoleChange", body(&[], &[("display_name", text()), ("permissions", texts())]));
    add("NewBasicCredential", body(&["name"], &[("name", text()), ("account", text()), ("scopes", texts()), ("password", password())]));
    add("BasicCredentialChange", body(&["enabled"], &[("enabled", flag())]));
    add("OptionalPassword", body(&[], &[("password", password())]));
    add("Password", body(&["password"], &[("password", secret())]));
    add("SignIn", body(&["name", "password"], &[("name", text()), ("password", secret())]));
    add("Setup", body(&["code", "name", "password"], &[("code", secret()), ("name", text()), ("password", secret())]));
}
