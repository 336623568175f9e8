//! Each operation, with everything that it takes and answers.

use serde_json::{Value as Json, json};

/// One method of one path.
pub(super) struct Operation {
    pub(super) path: &'static str,
    pub(super) method: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    status: u16,
    /// The schema of what is answered; empty for nothing.
    answer: &'static str,
    /// The schema of the body, and whether there has to be one.
    body: Option<(&'static str, bool)>,
    query: Vec<Json>,
    /// `If-Match` is taken.
    conditional: bool,
    /// Answered with an `ETag`.
    versioned: bool,
    /// `Idempotency-Key` is taken.
    repeatable: bool,
    /// Nobody needs to be signed in.
    public: bool,
}

impl Operation {
    fn body(self, schema: &'static str) -> Self {
        Self { body: Some((schema, true)), ..self }
    }

    fn optional_body(self, schema: &'static str) -> Self {
        Self { body: Some((schema, false)), ..self }
    }

    fn query(self, query: Vec<Json>) -> Self {
        Self { query, ..self }
    }

    fn paged(mut self) -> Self {
        self.query.push(parameter(
            "limit",
            json!({ "type": "integer", "minimum": 1,
            "maximum": 200, "default": 50 }),
            "How many at most.",
        ));
        self.query.push(parameter("after", text(), "`next` of the page before."));
        self
    }

    fn conditional(self) -> Self {
        Self { conditional: true, ..self }
    }

    fn versioned(self) -> Self {
        Self { versioned: true, ..self }
    }

    fn repeatable(self) -> Self {
        Self { repeatable: true, ..self }
    }

    fn public(self) -> Self {
        Self { public: true, ..self }
    }

    pub(super) fn to_json(&self) -> Json {
        let mut parameters: Vec<Json> = self
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| {
                json!({ "name": name, "in": "path", "required": true,
                    "schema": { "type": "string", "minLength": 1 }, "description": about(name) })
            })
            .collect();
        parameters.extend(self.query.iter().cloned());
        let header = |name: &str, about: &str, schema: Json| {
            json!({ "name": name, "in": "header", "required": false, "schema": schema,
                "description": about })
        };
        if self.conditional {
            let about = "The ETag that was read; refused with 412 if it is another by now.";
            parameters.push(header("If-Match", about, text()));
        }
        if self.repeatable {
            let about = "The same key with the same request gets the same answer for an hour.";
            let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255,
                "pattern": "^[!-~]+$" });
            parameters.push(header("Idempotency-Key", about, schema));
        }
        let mut object = json!({
            "operationId": self.id, "tags": [self.tag], "summary": self.summary,
            "parameters": parameters, "responses": self.responses(),
        });
        if let Some((schema, required)) = self.body {
            object["requestBody"] = json!({
                "required": required,
                "content": { "application/json": { "schema": reference(schema) } },
            });
        }
        if self.public {
            object["security"] = json!([{}]);
        }
        object
    }

    fn responses(&self) -> Json {
        let mut headers = json!({ "X-Request-Id": { "schema": text() } });
        if self.versioned {
            headers["ETag"] = json!({ "schema": text(), "required": true });
        }
        if self.status == 201 && self.versioned {
            headers["Location"] = json!({ "schema": text(), "required": true });
        }
        let mut good = json!({ "description": self.summary, "headers": headers });
        if !self.answer.is_empty() {
            good["content"] = json!({ "application/json": { "schema": reference(self.answer) } });
        }
        let mut responses = json!({ self.status.to_string(): good });
        // Any request can be signed, and refused for how it was.
        let mut refused = vec![400, 401, 403, 406, 413, 414, 415, 421, 422, 429, 431, 503];
        if self.path.contains('{') {
            refused.push(404);
        }
        if self.method != "get" {
            refused.extend([404, 409]);
        }
        if matches!(self.path, "/v1/keys" | "/v1/settings") {
            refused.push(404);
        }
        if self.path.ends_with("{key}") || self.path.starts_with("/v1/keys/") {
            refused.push(409);
        }
        if self.conditional {
            refused.push(412);
        }
        for status in refused {
            responses[status.to_string()] = json!({ "$ref": "#/components/responses/Problem" });
        }
        responses
    }
}

fn reference(schema: &str) -> Json {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn text() -> Json {
    json!({ "type": "string" })
}

fn time() -> Json {
    json!({ "type": "string", "format": "date-time" })
}

fn parameter(name: &str, schema: Json, about: &str) -> Json {
    json!({ "name": name, "in": "query", "required": false, "schema": schema,
        "description": about })
}

fn about(parameter: &str) -> &'static str {
    match parameter {
        "key" => "App key, name or id.",
        "token" => "Access token or id.",
        "scope" => "A privilege of the catalogue that needs an assignment.",
        _ => "Name or id.",
    }
}

const fn operation(
    method: &'static str,
    path: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    (status, answer): (u16, &'static str),
) -> Operation {
    Operation {
        path,
        method,
        id,
        tag,
        summary,
        status,
        answer,
        body: None,
        query: Vec::new(),
        conditional: false,
        versioned: false,
        repeatable: false,
        public: false,
    }
}

pub(super) fn operations() -> Vec<Operation> {
    let mut all = general();
    all.extend(keys());
    all.extend(accounts());
    all.extend(people());
    all
}

#[rustfmt::skip]
fn general() -> Vec<Operation> {
    let op = operation;
    vec![
        op("get", "/v1/openapi.json", "description", "description", "This document.", (200, "Description")).public(),
        op("get", "/v1/setup", "setupState", "session", "Whether the first person is still to be made.", (200, "SetupState")).public(),
        op("post", "/v1/setup", "setUp", "session", "Make the first person, a super administrator, with the code that the first start printed.", (201, "Person")).body("Setup").versioned().public(),
        op("get", "/v1/session", "session", "session", "Who is signed in.", (200, "Session")),
        op("post", "/v1/session", "signIn", "session", "Sign in; the answer sets the cookie.", (201, "Session")).body("SignIn").public(),
        op("delete", "/v1/session", "signOut", "session", "Sign out.", (204, "")),
        op("post", "/v1/session/step-up", "stepUp", "session", "Give the password again, for what needs one that was given within 5 minutes.", (200, "Session")).body("Password"),
        op("get", "/v1/catalogue", "catalogue", "description", "What keys can be permitted.", (200, "Catalogue")),
        op("get", "/v1/refusals", "refusals", "audit", "The latest refused requests of senders whose key is not known.", (200, "Refusals")),
        op("get", "/v1/audit", "audit", "audit", "Who did what, the latest first.", (200, "AuditEntries")).query(vec![
            parameter("subject_id", text(), "About this, by id."),
            parameter("action", text(), "Whose action begins with this, such as `key.`."),
            parameter("actor", text(), "Done by who has this name."),
            parameter("since", time(), "At this time or later."),
            parameter("until", time(), "Before this time."),
        ]).paged(),
    ]
}

#[rustfmt::skip]
fn keys() -> Vec<Operation> {
    let op = operation;
    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    vec![
        op("get", "/v1/keys", "listKeys", "keys", "List keys.", (200, "Keys")).query(vec![
            parameter("account", text(), "Of this account, by name."),
            parameter("state", words(&["active", "disabled", "expired"]), "In this state."),
            parameter("environment", text(), "Of this environment."),
            parameter("scope", text(), "With exactly this scope."),
            parameter("created_by", text(), "Made by who has this name."),
            parameter("expires_before", time(), "That end before this time."),
            parameter("never_expires", json!({ "type": "boolean" }), "That never end."),
            parameter("unused_since", time(), "Made before this time and not used since."),
            parameter("open_to_all", json!({ "type": "boolean" }), "With allowed addresses that restrict nothing."),
            parameter("search", text(), "With words that begin with each of these."),
            parameter("sort", words(&["newest", "name", "last_used", "expires"]), "The order."),
        ]).paged(),
        op("post", "/v1/keys", "createKey", "keys", "Make a key: four values, shown this once.", (201, "KeyWithSecrets")).body("NewKey").versioned().repeatable(),
        op("get", "/v1/keys/{key}", "showKey", "keys", "A key, without secrets.", (200, "Key")).versioned(),
        op("patch", "/v1/keys/{key}", "updateKey", "keys", "Change a key; its secrets stay.", (200, "Key")).body("KeyChange").conditional().versioned(),
        op("delete", "/v1/keys/{key}", "deleteKey", "keys", "Delete a key for good.", (204, "")).conditional(),
        op("post", "/v1/keys/{key}/rotate", "rotateKey", "keys", "New secrets; the old ones are good for some time more.", (200, "Rotated")).optional_body("Rotation").versioned().repeatable(),
        op("post", "/v1/keys/{key}/finish-rotation", "finishRotation", "keys", "End the old secrets of a rotation now.", (200, "Key")).versioned().repeatable(),
        op("post", "/v1/keys/{key}/explain", "explainKey", "keys", "Open the explain window: senders hear by which mistake a wrong signature was made.", (200, "Key")).optional_body("ExplainWindow").versioned().repeatable(),
        op("delete", "/v1/keys/{key}/explain", "finishExplaining", "keys", "Close the explain window now.", (200, "Key")).versioned(),
        op("post", "/v1/keys/{key}/regenerate", "regenerateKey", "keys", "Four new values; the old ones end now.", (200, "KeyWithSecrets")).versioned().repeatable(),
        op("post", "/v1/keys/{key}/reveal", "revealSecret", "keys", "One secret again, where the account permits it, shortly after the password was given again.", (200, "Secret")).body("Reveal"),
        op("post", "/v1/keys/{key}/check", "checkKey", "keys", "Whether a key could make a request, and what stands in the way.", (200, "Verdict")).body("Check"),
        op("get", "/v1/keys/{key}/tokens", "listTokens", "tokens", "The tokens of a key.", (200, "Tokens")).paged(),
        op("post", "/v1/keys/{key}/tokens", "createToken", "tokens", "A short-lived token.", (201, "TokenWithSecret")).optional_body("NewToken").repeatable(),
        op("delete", "/v1/keys/{key}/tokens/{token}", "revokeToken", "tokens", "Revoke a token.", (204, "")),
        op("get", "/v1/keys/{key}/refusals", "keyRefusals", "audit", "The latest refused requests of a key, with what to do.", (200, "Refusals")),
        op("get", "/v1/keys/{key}/addresses", "keyAddresses", "audit", "Where a key is used from.", (200, "Addresses")),
        op("post", "/v1/tokens", "createOwnToken", "tokens", "A short-lived token for the application that signs this with its app key alone.", (201, "TokenWithSecret")).optional_body("NewToken"),
    ]
}

#[rustfmt::skip]
fn accounts() -> Vec<Operation> {
    let op = operation;
    vec![
        op("get", "/v1/settings", "settings", "accounts", "The caller's own account.", (200, "Account")).versioned(),
        op("patch", "/v1/settings", "updateSettings", "accounts", "Change the caller's own account.", (200, "Account")).body("AccountChange").conditional().versioned(),
        op("get", "/v1/accounts", "listAccounts", "accounts", "Accounts, by name.", (200, "Accounts")),
        op("post", "/v1/accounts", "createAccount", "accounts", "Make an account.", (201, "Account")).body("NewAccount").versioned().repeatable(),
        op("get", "/v1/accounts/{account}", "showAccount", "accounts", "An account.", (200, "Account")).versioned(),
        op("patch", "/v1/accounts/{account}", "updateAccount", "accounts", "Change an account.", (200, "Account")).body("AccountChange").conditional().versioned(),
        op("put", "/v1/accounts/{account}/assignments/{scope}", "assign", "accounts", "Give a privilege that needs an assignment.", (200, "Account")).versioned(),
        op("delete", "/v1/accounts/{account}/assignments/{scope}", "unassign", "accounts", "Take such a privilege away.", (200, "Account")).versioned(),
        op("get", "/v1/basic-credentials", "listBasicCredentials", "basic", "Basic credentials, by name.", (200, "BasicCredentials")).paged(),
        op("post", "/v1/basic-credentials", "createBasicCredential", "basic", "Make a Basic credential; a password that was made is shown this once.", (201, "BasicCredentialWithPassword")).body("NewBasicCredential").versioned().repeatable(),
        op("get", "/v1/basic-credentials/{name}", "showBasicCredential", "basic", "A Basic credential.", (200, "BasicCredential")).versioned(),
        op("patch", "/v1/basic-credentials/{name}", "updateBasicCredential", "basic", "Enable or disable a Basic credential.", (200, "BasicCredential")).body("BasicCredentialChange").conditional().versioned(),
        op("delete", "/v1/basic-credentials/{name}", "deleteBasicCredential", "basic", "Delete a Basic credential.", (204, "")).conditional(),
        op("post", "/v1/basic-credentials/{name}/password", "setBasicPassword", "basic", "Another password; the old one ends now.", (200, "BasicCredentialWithPassword")).optional_body("OptionalPassword").versioned().repeatable(),
    ]
}

#[rustfmt::skip]
fn people() -> Vec<Operation> {
    let op = operation;
    vec![
        op("get", "/v1/people", "listPeople", "people", "People, by name.", (200, "People")).paged(),
        op("post", "/v1/people", "createPerson", "people", "Make a person.", (201, "Person")).body("NewPerson").versioned().repeatable(),
        op("get", "/v1/people/{person}", "showPerson", "people", "A person.", (200, "Person")).versioned(),
        op("patch", "/v1/people/{person}", "updatePerson", "people", "Change a person; who is disabled is signed out.", (200, "Person")).body("PersonChange").conditional().versioned(),
        op("delete", "/v1/people/{person}", "deletePerson", "people", "Delete a person.", (204, "")).conditional(),
        op("put", "/v1/people/{person}/password", "setPassword", "people", "Another password; all of the person's sessions end. For oneself, shortly after the old one was given.", (204, "")).body("Password"),
        op("get", "/v1/roles", "listRoles", "roles", "Roles, built-in ones first.", (200, "Roles")),
        op("post", "/v1/roles", "createRole", "roles", "Make a role.", (201, "Role")).body("NewRole").versioned().repeatable(),
        op("get", "/v1/roles/{role}", "showRole", "roles", "A role.", (200, "Role")).versioned(),
        op("patch", "/v1/roles/{role}", "updateRole", "roles", "Change a role that is not built in.", (200, "Role")).body("RoleChange").conditional().versioned(),
        op("delete", "/v1/roles/{role}", "deleteRole", "roles", "Delete a role that nobody has.", (204, "")).conditional(),
    ]
}
