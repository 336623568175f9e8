//! Keys: paging, filters, versions, limits, accounts.

use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, Kind, text};

crate::on_both!(
    a_key_from_making_to_deleting,
    callbacks_are_kept_as_they_are_written,
    lists_come_in_pages,
    changes_need_the_version_that_was_read,
    the_hundred_and_first_key_is_refused,
    what_belongs_to_another_account_is_not_there,
    roles_decide_what_may_be_done,
    assignments_are_given_by_super_administrators,
    basic_credentials_work_without_secrets_in_lists,
    a_key_is_explained_for_an_hour_at_most,
);

async fn a_key_from_making_to_deleting(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "admin", None).await;
    let call = |method: &str, path: &str| fixture.call_as(&ada, method, path);
    let new = json!({
        "display_name": "Billing Bot", "developer_name": "Ada", "description": "invoices",
        "environment": "production", "expires_at": "2099-01-31", "scopes": ["target-groups:view"],
        "presets": ["Bot login"], "attributes": { "till": "T42" }, "token_lifetime": 600,
        "ip_allow": ["192.0.2.0/24"],
    });
    let made = call("POST", "/v1/keys").json(&new).send().await.expect(201);
    assert_eq!(made.header("etag"), "\"1\"");
    let key = &made.json;
    assert_eq!(made.header("location"), format!("/v1/keys/{}", text(key, "id")));
    assert_eq!(
        (text(key, "name"), text(key, "expires_at")),
        ("billing-bot", "2099-02-01T00:00:00.000Z")
    );
    assert_eq!(key["created_by"], "person:ada");
    let secrets = [text(key, "app_secret"), text(key, "token_secret")];
    assert!(secrets.iter().all(|secret| secret.len() > 40));

    // By id, name and app key; never with a secret.
    for name in ["id", "name", "app_key"] {
        let path = format!("/v1/keys/{}", text(key, name));
        let shown = call("GET", &path).send().await.expect(200);
        assert!(secrets.iter().all(|secret| !shown.text.contains(secret)));
        assert_eq!(shown.json["access_token"], key["access_token"]);
    }
    let listed = call("GET", "/v1/keys?search=billing").send().await.expect(200);
    assert!(secrets.iter().all(|secret| !listed.text.contains(secret)));
    assert_eq!(listed.json["items"].as_array().unwrap().len(), 1);

    let rotated = call("POST", "/v1/keys/billing-bot/rotate").send().await.expect(200).json;
    assert_ne!(rotated["app_secret"], key["app_secret"]);
    assert_eq!(rotated["app_key"], key["app_key"]);
    let one = json!({ "only": "token_secret", "grace": 0 });
    let one = call("POST", "/v1/keys/billing-bot/rotate").json(&one).send().await.expect(200).json;
    assert!(one["app_secret"].is_null() && one["token_secret"].is_string());
    let bad = json!({ "grace": -1 });
    call("POST", "/v1/keys/billing-bot/rotate")
        .json(&bad)
        .send()
        .await
        .problem(422, "invalid_field");
    let all = call("POST", "/v1/keys/billing-bot/regenerate").send().await.expect(200).json;
    assert_ne!(all["app_key"], key["app_key"]);

    let token = call("POST", "/v1/keys/billing-bot/tokens").json(&json!({ "lifetime": 60 }));
    let token = token.send().await.expect(201).json;
    let path = format!("/v1/keys/billing-bot/tokens/{}", text(&token, "access_token"));
    call("DELETE", &path).send().await.expect(204);
    call("DELETE", &path).send().await.problem(404, "not_found");
    let tokens = call("GET", "/v1/keys/billing-bot/tokens").send().await.expect(200);
    assert!(!tokens.text.contains(text(&token, "token_secret")));

    let check = |method: &str, path: &str| {
        let body = json!({ "method": method, "path": path, "address": "192.0.2.9" });
        call("POST", "/v1/keys/billing-bot/check").json(&body).send()
    };
    let verdict = check("GET", "/no/such/rule/%2F").await.expect(200).json;
    assert_eq!(verdict["allowed"], false);
    call("GET", "/v1/keys/billing-bot/addresses").send().await.expect(200);
    call("GET", "/v1/keys/billing-bot/refusals").send().await.expect(200);

    let off = call("PATCH", "/v1/keys/billing-bot").json(&json!({ "enabled": false }));
    assert_eq!(off.send().await.expect(200).json["state"], "disabled");
    let never = call("PATCH", "/v1/keys/billing-bot").json(&json!({ "expires_at": null }));
    assert!(never.send().await.expect(200).json["expires_at"].is_null());
    call("DELETE", "/v1/keys/billing-bot").send().await.expect(204);
    call("GET", "/v1/keys/billing-bot").send().await.problem(404, "not_found");

    let audit = call("GET", "/v1/audit?action=key.").send().await.expect(200);
    assert_eq!(audit.json["items"][0]["action"], "key.delete");
    assert!(secrets.iter().all(|secret| !audit.text.contains(secret)));
}

async fn callbacks_are_kept_as_they_are_written(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "admin", None).await;
    let call = |method: &str, path: &str| fixture.call_as(&ada, method, path);
    let made = call("POST", "/v1/keys").json(&json!({ "name": "none" })).send().await.expect(201);
    assert_eq!(made.json["callbacks"], json!([]));
    let callbacks = json!(["https://app.example.com/cb?x=1,2", "oob", "com.example.app:/back"]);
    let new = json!({ "name": "bot", "callbacks": callbacks });
    let made = call("POST", "/v1/keys").json(&new).send().await.expect(201);
    assert_eq!(made.json["callbacks"], callbacks);
    // Another change leaves them.
    let change = json!({ "description": "x" });
    let changed = call("PATCH", "/v1/keys/bot").json(&change).send().await.expect(200);
    assert_eq!(changed.json["callbacks"], callbacks);
    for (bad, what) in [
        (json!(["https://app.example.com"]), "write https://app.example.com/"),
        (json!(["oob", "oob"]), "twice"),
        (json!(["OOB"]), "lower case"),
        (json!(["https://a.example/ https://b.example/"]), "percent-encode"),
        (json!(["https://a.example/?oauth_token=x"]), "oauth_"),
    ] {
        let reply = call("PATCH", "/v1/keys/bot").json(&json!({ "callbacks": bad })).send().await;
        let reply = reply.problem(422, "invalid_field");
        assert_eq!(reply.json["errors"][0]["field"], "callbacks");
        let problem = text(&reply.json["errors"][0], "problem");
        assert!(problem.contains(what), "{bad}: {problem}");
    }
    let shown = call("GET", "/v1/keys/bot").send().await.expect(200);
    assert_eq!(shown.json["callbacks"], callbacks);
    let fewer = call("PATCH", "/v1/keys/bot").json(&json!({ "callbacks": [] })).send().await;
    assert_eq!(fewer.expect(200).json["callbacks"], json!([]));
    let audit = call("GET", "/v1/audit?action=key.update").send().await.expect(200);
    let entry = &audit.json["items"][0];
    assert_eq!(text(&entry["after"], "callbacks"), "");
    assert!(text(&entry["before"], "callbacks").ends_with(" oob com.example.app:/back"));
}

async fn lists_come_in_pages(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "admin", None).await;
    for n in 0..7 {
        let new = json!({ "name": format!("bot-{n}") });
        fixture.call_as(&ada, "POST", "/v1/keys").json(&new).send().await.expect(201);
    }
    for sort in ["newest", "name", "last_used", "expires"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/keys?limit=3&sort={sort}{after}");
            let page = fixture.call_as(&ada, "GET", &path).send().await.expect(200).json;
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 3);
            seen.extend(items.iter().map(|key| text(key, "name").to_owned()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        seen.sort();
        let names: Vec<_> = (0..7).map(|n| format!("bot-{n}")).collect();
        assert_eq!(seen, names, "{sort}");
    }
    for (path, wrong) in [
        ("/v1/keys?limit=0", "limit"),
        ("/v1/keys?limit=201", "limit"),
        ("/v1/keys?sort=color", "sort"),
        ("/v1/keys?expires_before=soon", "expires_before"),
    ] {
        let reply =
            fixture.call_as(&ada, "GET", path).send().await.problem(400, "invalid_parameter");
        assert_eq!(reply.json["errors"][0]["field"], wrong);
    }
    fixture
        .call_as(&ada, "GET", "/v1/keys?after=%FF")
        .send()
        .await
        .problem(400, "malformed_request");
    fixture.call_as(&ada, "GET", "/v1/keys?after=x").send().await.problem(422, "invalid_field");
}

async fn changes_need_the_version_that_was_read(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "super_admin", None).await;
    let call = |method: &str, path: &str| fixture.call_as(&ada, method, path);
    for (list, path, new, change) in [
        ("/v1/keys", "/v1/keys/bot", json!({ "name": "bot" }), json!({ "description": "x" })),
        (
            "/v1/people",
            "/v1/people/eve",
            json!({ "name": "eve", "role": "auditor" }),
            json!({ "display_name": "Eve" }),
        ),
        (
            "/v1/roles",
            "/v1/roles/ops",
            json!({ "name": "ops", "permissions": ["keys.read"] }),
            json!({ "display_name": "Operators" }),
        ),
        (
            "/v1/basic-credentials",
            "/v1/basic-credentials/till",
            json!({ "name": "till" }),
            json!({ "enabled": false }),
        ),
    ] {
        let made = call("POST", list).json(&new).send().await.expect(201);
        let first = made.header("etag").to_owned();
        let patch = |tag: &str| call("PATCH", path).header("if-match", tag).json(&change);
        for wrong in ["\"999\"", "W/\"1\"", "1", "\"x\"", ""] {
            patch(wrong).send().await.problem(412, "version_mismatch");
        }
        let second = patch(&first).send().await.expect(200).header("etag").to_owned();
        assert_ne!(first, second);
        patch(&first).send().await.problem(412, "version_mismatch");
        let delete = |tag: &str| call("DELETE", path).header("if-match", tag).send();
        delete(&first).await.problem(412, "version_mismatch");
        assert_eq!(call("GET", path).send().await.expect(200).header("etag"), second);
        let third = patch("*").send().await.expect(200).header("etag").to_owned();
        delete(&third).await.expect(204);
        call("GET", path).send().await.problem(404, "not_found");
    }
    let settings = call("GET", "/v1/settings").send().await.expect(200);
    let change = json!({ "max_keys": 5 });
    let patch = |tag: &str| call("PATCH", "/v1/settings").header("if-match", tag).json(&change);
    let changed = patch(settings.header("etag")).send().await.expect(200);
    assert_eq!(changed.json["max_keys"], 5);
    patch(settings.header("etag")).send().await.problem(412, "version_mismatch");
}

async fn the_hundred_and_first_key_is_refused(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "admin", None).await;
    let call = |method: &str, path: &str| fixture.call_as(&ada, method, path);
    call("PATCH", "/v1/settings").json(&json!({ "max_keys": 2 })).send().await.expect(200);
    for name in ["a", "b"] {
        call("POST", "/v1/keys").json(&json!({ "name": name })).send().await.expect(201);
    }
    let third = call("POST", "/v1/keys").json(&json!({ "name": "c" }));
    third.send().await.problem(409, "key_limit_reached");
    call("DELETE", "/v1/keys/b").send().await.expect(204);
    let taken = call("POST", "/v1/keys").json(&json!({ "name": "a" }));
    taken.send().await.problem(409, "name_taken");
}

async fn what_belongs_to_another_account_is_not_there(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let root = fixture.person("root", "super_admin", None).await;
    for name in ["acme", "umbrella"] {
        let new = json!({ "name": name });
        fixture.call_as(&root, "POST", "/v1/accounts").json(&new).send().await.expect(201);
    }
    let acme = fixture.person("ada", "admin", Some("acme")).await;
    let other = fixture.person("eve", "admin", Some("umbrella")).await;
    for (list, new) in [
        ("/v1/keys", json!({ "name": "bot" })),
        ("/v1/people", json!({ "name": "clerk", "role": "auditor" })),
        ("/v1/roles", json!({ "name": "ops", "permissions": ["keys.read"] })),
        ("/v1/basic-credentials", json!({ "name": "till" })),
    ] {
        let made = fixture.call_as(&acme, "POST", list).json(&new).send().await.expect(201);
        assert_eq!(made.json["account"], "acme");
        let id = text(&made.json, "id").to_owned();
        let path = format!("{list}/{id}");
        fixture.call_as(&acme, "GET", &path).send().await.expect(200);
        fixture.call_as(&root, "GET", &path).send().await.expect(200);
        fixture.call_as(&other, "GET", &path).send().await.problem(404, "not_found");
        fixture.call_as(&other, "DELETE", &path).send().await.problem(404, "not_found");
        let listed = fixture.call_as(&other, "GET", list).send().await.expect(200);
        assert!(!listed.text.contains(&id));
        // Nor can something be put there.
        let mut there = new.clone();
        (there["account"], there["name"]) = (json!("acme"), json!("another"));
        let put = fixture.call_as(&other, "POST", list).json(&there).send().await;
        put.problem(404, "not_found");
    }
    fixture.call_as(&other, "GET", "/v1/accounts/acme").send().await.problem(404, "not_found");
    let settings = fixture.call_as(&other, "GET", "/v1/settings").send().await.expect(200);
    assert_eq!(settings.json["name"], "umbrella");
    let audit = fixture.call_as(&other, "GET", "/v1/audit").send().await.expect(200);
    assert!(!audit.text.contains("person:ada"));
    fixture.call_as(&other, "GET", "/v1/refusals").send().await.problem(403, "permission_denied");
}

async fn roles_decide_what_may_be_done(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let auditor = fixture.person("auditor", "auditor", None).await;
    let manager = fixture.person("manager", "key_manager", None).await;
    let call = |token: &str, method: &str, path: &str, body: Json| {
        fixture.call_as(token, method, path).json(&body).send()
    };
    let denied = call(&auditor, "POST", "/v1/keys", json!({ "name": "bot" })).await;
    assert!(denied.problem(403, "permission_denied").text.contains("keys.create"));
    call(&manager, "POST", "/v1/keys", json!({ "name": "bot" })).await.expect(201);
    fixture.call_as(&auditor, "GET", "/v1/keys").send().await.expect(200);
    for (method, path, body) in [
        ("DELETE", "/v1/keys/bot", Json::Null),
        ("POST", "/v1/keys/bot/reveal", json!({ "secret": "app_secret" })),
        ("PATCH", "/v1/settings", json!({ "basic_auth": true })),
        ("GET", "/v1/audit", Json::Null),
        ("GET", "/v1/people", Json::Null),
        ("GET", "/v1/roles", Json::Null),
        ("GET", "/v1/basic-credentials", Json::Null),
    ] {
        let reply = match body {
            Json::Null => fixture.call_as(&manager, method, path).send().await,
            body => call(&manager, method, path, body).await,
        };
        reply.problem(403, "permission_denied");
    }
}

async fn assignments_are_given_by_super_administrators(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let root = fixture.person("root", "super_admin", None).await;
    let ada = fixture.person("ada", "admin", Some("default")).await;
    let catalogue = fixture.call_as(&ada, "GET", "/v1/catalogue").send().await.expect(200).json;
    let scope = catalogue["groups"].as_array().unwrap().iter().find_map(|group| {
        let privileges = group["privileges"].as_array().unwrap();
        privileges.iter().find(|p| p["requires_assignment"] == true).map(|p| text(p, "scope"))
    });
    let scope = scope.unwrap();
    let path = format!("/v1/accounts/default/assignments/{scope}");
    let make = |name: &str| {
        let new = json!({ "name": name, "scopes": [scope] });
        fixture.call_as(&ada, "POST", "/v1/keys").json(&new).send()
    };
    make("one").await.problem(403, "permission_denied");
    fixture.call_as(&ada, "PUT", &path).send().await.problem(403, "permission_denied");
    let given = fixture.call_as(&root, "PUT", &path).send().await.expect(200);
    assert_eq!(given.json["assignments"], json!([scope]));
    make("two").await.expect(201);
    fixture.call_as(&root, "DELETE", &path).send().await.expect(200);
    make("three").await.problem(403, "permission_denied");
    let none = "/v1/accounts/default/assignments/nothing:known";
    fixture.call_as(&root, "PUT", none).send().await.problem(422, "invalid_field");
}

async fn basic_credentials_work_without_secrets_in_lists(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "admin", None).await;
    let call = |method: &str, path: &str| fixture.call_as(&ada, method, path);
    let made = call("POST", "/v1/basic-credentials").json(&json!({ "name": "Till.42@shop" }));
    let made = made.send().await.expect(201).json;
    let password = text(&made, "password").to_owned();
    let path = "/v1/basic-credentials/Till.42@shop";
    for shown in [call("GET", path), call("GET", "/v1/basic-credentials")] {
        assert!(!shown.send().await.expect(200).text.contains(&password));
    }
    let again = call("POST", &format!("{path}/password")).send().await.expect(200).json;
    assert_ne!(text(&again, "password"), password);
    let given = json!({ "password": "a password of our own" });
    let given = call("POST", &format!("{path}/password")).json(&given).send().await.expect(200);
    assert!(given.json["password"].is_null());
    let off = call("PATCH", path).json(&json!({ "enabled": false })).send().await.expect(200);
    assert_eq!(off.json["enabled"], false);
    let taken = call("POST", "/v1/basic-credentials").json(&json!({ "name": "Till.42@shop" }));
    taken.send().await.problem(409, "name_taken");
    call("DELETE", path).send().await.expect(204);
    for name in ["", " ", "-a", "a b", "a:b", &"x".repeat(64)] {
        let new = call("POST", "/v1/basic-credentials").json(&json!({ "name": name }));
        new.send().await.problem(422, "invalid_field");
    }
}

async fn a_key_is_explained_for_an_hour_at_most(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "admin", None).await;
    let call = |method: &str, path: &str| fixture.call_as(&ada, method, path);
    let key = call("POST", "/v1/keys").json(&json!({ "name": "bot", "role": "admin" }));
    let key = key.send().await.expect(201).json;
    // The query is not signed.
    let refused = async || {
        let signed = fixture.signed(&key, "GET", "/v1/keys");
        let header = signed.request.headers_ref().unwrap()["authorization"].to_str().unwrap();
        let sent = fixture.call("GET", "/v1/keys?limit=1").header("authorization", header);
        sent.send().await.problem(401, "signature_refused").text
    };
    assert!(!refused().await.contains("query-left-out"));
    let opened = call("POST", "/v1/keys/bot/explain").send().await.expect(200);
    let end: jiff::Timestamp = text(&opened.json, "explain_until").parse().unwrap();
    let left = end.as_millisecond() - crate::fixture::now();
    assert!((3_500_000..=3_600_000).contains(&left), "{left}");
    assert_eq!(opened.header("etag"), "\"2\"");
    let told = refused().await;
    assert!(told.contains("query-left-out") && told.contains("RFC 5849 section"), "{told}");
    let closed = call("DELETE", "/v1/keys/bot/explain").send().await.expect(200);
    assert!(closed.json["explain_until"].is_null());
    assert!(!refused().await.contains("query-left-out"));
    for wrong in [json!({ "seconds": 3601 }), json!({ "seconds": 0 }), json!({ "seconds": -1 })] {
        let refused = call("POST", "/v1/keys/bot/explain").json(&wrong).send().await;
        refused.problem(422, "invalid_field");
    }
    let short = call("POST", "/v1/keys/bot/explain").json(&json!({ "seconds": 1 }));
    short.send().await.expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;
    assert!(!refused().await.contains("query-left-out"), "it closes by itself");
    assert!(call("GET", "/v1/keys/bot").send().await.expect(200).json["explain_until"].is_null());
    let eve = fixture.person("eve", "auditor", None).await;
    for method in ["POST", "DELETE"] {
        let refused = fixture.call_as(&eve, method, "/v1/keys/bot/explain").send().await;
        refused.problem(403, "permission_denied");
    }
    let audit = call("GET", "/v1/audit?limit=10").send().await.expect(200).text;
    assert!(audit.contains("key.explain") && audit.contains("key.finish_explaining"));
}
