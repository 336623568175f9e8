//! What cannot be done, and how that is said.

use serde_json::json;

use crate::fixture::{Fixture, Kind};

crate::on_both!(
    what_cannot_be_read_is_a_problem,
    unknown_names_are_told_with_what_is_like_them,
    bad_input_is_never_the_servers_fault,
    a_database_that_is_down_is_503,
);

async fn what_cannot_be_read_is_a_problem(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "super_admin", None).await;
    let call = |method: &str, path: &str| fixture.call_as(&ada, method, path);
    call("GET", "/v1/nothing").send().await.problem(404, "not_found");
    call("GET", "/").send().await.problem(404, "not_found");
    let wrong = call("PUT", "/v1/keys").send().await.problem(405, "method_not_allowed");
    assert!(wrong.header("allow").contains("GET") && wrong.header("allow").contains("POST"));
    call("GET", "/v1/keys")
        .header("accept", "text/html")
        .send()
        .await
        .problem(406, "not_acceptable");
    for accept in
        ["*/*", "application/*;q=0.1", "text/html, application/json", "application/problem+json"]
    {
        call("GET", "/v1/keys").header("accept", accept).send().await.expect(200);
    }
    let long = vec![b' '; 64 * 1024 + 1];
    let long = call("POST", "/v1/keys").body("application/json", &long);
    long.send().await.problem(413, "too_large");
    let form = call("POST", "/v1/keys").body("application/x-www-form-urlencoded", b"name=bot");
    form.send().await.problem(415, "unsupported_media_type");
    for body in ["", "{", "[]", "null", "\"x\"", "{\"name\": \"a\"}}", "{\"name\": \"\\ud800\"}"] {
        let call = call("POST", "/v1/keys").body("application/json", body.as_bytes());
        call.send().await.problem(400, "malformed_request");
    }
    let call = call("GET", "/v1/keys").header("x-request-id", "my-own.id_1");
    assert_eq!(call.send().await.expect(200).header("x-request-id"), "my-own.id_1");
}

async fn unknown_names_are_told_with_what_is_like_them(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "super_admin", None).await;
    let call = |method: &str, path: &str| fixture.call_as(&ada, method, path);
    let body = json!({ "name": 7, "displayname": "x", "two_legged": "yes", "scopes": ["a", 1] });
    let reply = call("POST", "/v1/keys").json(&body).send().await.problem(422, "invalid_field");
    let errors: Vec<_> = reply.json["errors"].as_array().unwrap().iter().collect();
    let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["name", "two_legged", "scopes", "displayname"]);
    assert!(errors[3]["problem"].as_str().unwrap().contains("did you mean \"display_name\""));

    let reply = call("GET", "/v1/keys?limt=3").send().await.problem(400, "invalid_parameter");
    assert!(reply.text.contains("did you mean \\\"limit\\\""), "{}", reply.text);
    call("GET", "/v1/keys?limit=3&limit=4").send().await.problem(400, "malformed_request");
    // Every field that is wrong in itself is named as well.
    for (field, value) in [
        ("name", json!("two words")),
        ("expires_at", json!("2001-01-01")),
        ("expires_at", json!("soon")),
        ("scopes", json!(["target-groups:vew"])),
        ("presets", json!(["No such"])),
        ("token_lifetime", json!(0)),
        ("ip_allow", json!(["10.0.0.0/33"])),
        ("callbacks", json!(["javascript:alert(1)"])),
        ("attributes", json!({ "A B": "x" })),
        ("signature_methods", json!(["ROT13"])),
        ("rsa_public_key", json!("no key")),
    ] {
        let body = json!({ field: value });
        let reply = call("POST", "/v1/keys").json(&body).send().await;
        assert_eq!(reply.problem(422, "invalid_field").json["errors"][0]["field"], field);
    }
}

async fn bad_input_is_never_the_servers_fault(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "super_admin", None).await;
    let odd = ["%00", "%0A", "%FF", "%F0%9F%92%A9", "..", "%2F", "a'b", "%25", &"x".repeat(3000)];
    for name in odd {
        for (method, path) in [
            ("GET", format!("/v1/keys/{name}")),
            ("DELETE", format!("/v1/keys/{name}")),
            ("GET", format!("/v1/people/{name}")),
            ("DELETE", format!("/v1/people/{name}")),
            ("GET", format!("/v1/roles/{name}")),
            ("DELETE", format!("/v1/roles/{name}")),
            ("DELETE", format!("/v1/basic-credentials/{name}")),
            ("GET", format!("/v1/accounts/{name}")),
            ("PUT", format!("/v1/accounts/default/assignments/{name}")),
            ("GET", format!("/v1/keys?search={name}")),
            ("GET", format!("/v1/keys?after={name}")),
            ("GET", format!("/v1/people?after={name}")),
            ("GET", format!("/v1/audit?actor={name}&after={name}")),
        ] {
            let reply = fixture.call_as(&ada, method, &path).send().await;
            let status = reply.status.as_u16();
            assert!(status < 500, "{method} {path}: {}", reply.text);
            reply.expect(status);
        }
    }
    for (path, body) in [
        ("/v1/keys", json!({ "name": "a\u{0}b" })),
        ("/v1/keys", json!({ "description": "a\u{0}b" })),
        ("/v1/people", json!({ "name": "x", "role": "a\u{0}b" })),
        ("/v1/keys", json!({ "attributes": { "a\u{0}": "b" } })),
    ] {
        let reply = fixture.call_as(&ada, "POST", path).json(&body).send().await;
        reply.problem(400, "malformed_request");
    }
    let big = json!({ "token_lifetime": 9e300, "name": "x" });
    let reply = fixture.call_as(&ada, "POST", "/v1/keys").json(&big).send().await;
    reply.problem(422, "invalid_field");
    let big = json!({ "grace": i64::MAX });
    let new = fixture.call_as(&ada, "POST", "/v1/keys").json(&json!({ "name": "bot" }));
    new.send().await.expect(201);
    let reply = fixture.call_as(&ada, "POST", "/v1/keys/bot/rotate").json(&big).send().await;
    reply.problem(422, "invalid_field");
}

async fn a_database_that_is_down_is_503(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "super_admin", None).await;
    fixture.close().await;
    let reply = fixture.call_as(&ada, "GET", "/v1/keys").send().await;
    assert!(!reply.header("retry-after").is_empty());
    reply.problem(503, "unavailable");
    let body = json!({ "name": "ada", "password": "some password or other" });
    let reply = fixture.call("POST", "/v1/session").json(&body).send().await;
    reply.problem(503, "unavailable");
}
