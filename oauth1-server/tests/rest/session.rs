//! Signing in and out.

use oauth1_server::management::NewPerson;
use serde_json::json;

use crate::fixture::{Fixture, Kind, PASSWORD, Reply, now, system};

crate::on_both!(
    sessions_begin_and_end,
    a_cookie_from_elsewhere_is_not_taken_over,
    names_are_throttled_and_not_told_apart,
    sessions_end_by_time_and_with_the_person,
    stepping_up_takes_the_password_again,
    everybody_changes_his_own_password,
);

async fn ada(fixture: &Fixture) -> String {
    let new = NewPerson {
        name: "ada".into(),
        role: "super_admin".into(),
        password: Some(PASSWORD.to_owned().into()),
        ..NewPerson::default()
    };
    fixture.management.people().create(&system(), &new).await.unwrap().id
}

async fn sign_in(fixture: &Fixture, name: &str, password: &str) -> Reply {
    let body = json!({ "name": name, "password": password });
    fixture.call("POST", "/v1/session").json(&body).send().await
}

/// The value of the cookie that an answer sets.
fn cookie(reply: &Reply) -> String {
    let cookie = reply.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().unwrap();
    pair.split_once('=').unwrap().1.to_owned()
}

async fn sessions_begin_and_end(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    ada(&fixture).await;
    let reply = sign_in(&fixture, "ada", PASSWORD).await.expect(201);
    let token = cookie(&reply);
    assert!(token.len() >= 43 && !reply.text.contains(&token) && !reply.text.contains(PASSWORD));
    let hash = format!("SELECT count(*) FROM session WHERE id = '{token}'");
    assert_eq!(fixture.database.number(&hash).await, 0, "the token is in the database");
    let shown = fixture.call_as(&token, "GET", "/v1/session").send().await.expect(200);
    assert_eq!(shown.json["person"]["name"], "ada");
    assert_eq!(shown.json["person"]["permissions"].as_array().unwrap().len(), 11);
    fixture.call("GET", "/v1/session").send().await.problem(401, "unauthenticated");
    fixture.call_as("other", "GET", "/v1/session").send().await.problem(401, "unauthenticated");

    let out = fixture.call_as(&token, "DELETE", "/v1/session").send().await.expect(204);
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    fixture.call_as(&token, "GET", "/v1/session").send().await.problem(401, "unauthenticated");
    for (action, count) in [("session.sign_in", 1), ("session.sign_out", 1)] {
        let sql = format!("SELECT count(*) FROM audit WHERE action = '{action}'");
        assert_eq!(fixture.database.number(&sql).await, count, "{action}");
    }
}

async fn a_cookie_from_elsewhere_is_not_taken_over(kind: Kind) {
    let Some(fixture) = Fixture::at(kind, "https://admin.example.com").await else { return };
    let id = ada(&fixture).await;
    let before = fixture.session(&id).await;
    let call = |token: &str, name: &str| {
        let body = json!({ "name": "ada", "password": PASSWORD });
        fixture
            .call("POST", "/v1/session")
            .header("cookie", &format!("{name}={token}"))
            .header("sec-fetch-site", "same-origin")
            .json(&body)
    };
    for planted in ["planted-by-somebody", &before] {
        let reply = call(planted, "__Host-oauth1-session").send().await.expect(201);
        assert!(reply.header("set-cookie").starts_with("__Host-oauth1-session="));
        assert!(reply.header("set-cookie").contains("; Secure"));
        assert_ne!(cookie(&reply), planted);
        let show = fixture.call("GET", "/v1/session");
        let show = show.header("cookie", &format!("__Host-oauth1-session={planted}"));
        show.send().await.problem(401, "unauthenticated");
    }
    // The name of plain http means nothing here.
    let token = fixture.session(&id).await;
    let show =
        fixture.call("GET", "/v1/session").header("cookie", &format!("oauth1-session={token}"));
    show.send().await.problem(401, "unauthenticated");
}

async fn names_are_throttled_and_not_told_apart(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let id = ada(&fixture).await;
    // Without a password, nobody signs in as this person.
    fixture.person("bob", "auditor", None).await;
    let mut replies = Vec::new();
    for name in ["ada", "nobody", "bob"] {
        let mut told = Vec::new();
        for _ in 0..6 {
            let reply = sign_in(&fixture, name, "wrong password, for once").await;
            let status = reply.status.as_u16();
            let reply = reply.expect(status);
            told.push((status, reply.json["detail"].clone()));
        }
        assert!(told[..5].iter().all(|(status, _)| *status == 401), "{told:?}");
        assert_eq!(told[5].0, 429);
        told.pop();
        replies.push(told);
    }
    assert!(replies[0] == replies[1] && replies[1] == replies[2]);
    // The right password waits as well, and works after that.
    fixture
        .database
        .execute(&format!("UPDATE person SET failed_at = {} WHERE id = '{id}'", now()))
        .await;
    sign_in(&fixture, "ada", PASSWORD).await.problem(429, "too_many_tries");
    fixture.database.execute(&format!("UPDATE person SET failed_at = 0 WHERE id = '{id}'")).await;
    sign_in(&fixture, "ada", PASSWORD).await.expect(201);
    assert_eq!(fixture.database.number("SELECT failures FROM person WHERE name = 'ada'").await, 0);
    let failed = "SELECT count(*) FROM audit WHERE action = 'session.sign_in_failed'";
    assert_eq!(fixture.database.number(failed).await, 10);
    // Many at once are as many tries.
    let tries: Vec<_> = (0..12)
        .map(|_| {
            let body = json!({ "name": "ada", "password": "wrong password, for once" });
            tokio::spawn(fixture.call("POST", "/v1/session").json(&body).send())
        })
        .collect();
    let mut tried = 0;
    for attempt in tries {
        tried += u32::from(attempt.await.unwrap().status == 401);
    }
    assert_eq!(tried, 5);
    // Names that nobody could have.
    for name in ["", "a\u{1}b", &"x".repeat(5000), "' OR 1=1 --"] {
        sign_in(&fixture, name, "wrong password, for once").await.problem(401, "sign_in_failed");
    }
}

async fn sessions_end_by_time_and_with_the_person(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let admin = fixture.person("root", "super_admin", None).await;
    for (name, set, status) in [
        ("idle", format!("seen_at = {}", now() - 29 * 60_000), 200),
        ("too-idle", format!("seen_at = {}", now() - 31 * 60_000), 401),
        ("over", format!("expires_at = {}", now() - 1), 401),
    ] {
        let token = fixture.person(name, "auditor", None).await;
        let of = format!("person_id = (SELECT id FROM person WHERE name = '{name}')");
        fixture.database.execute(&format!("UPDATE session SET {set} WHERE {of}")).await;
        fixture.call_as(&token, "GET", "/v1/session").send().await.expect(status);
    }
    for (name, end) in [("disabled", "PATCH"), ("deleted", "DELETE"), ("changed", "PUT")] {
        let token = fixture.person(name, "auditor", None).await;
        fixture.call_as(&token, "GET", "/v1/session").send().await.expect(200);
        let path = format!("/v1/people/{name}");
        match end {
            "PATCH" => fixture
                .call_as(&admin, end, &path)
                .json(&json!({ "enabled": false }))
                .send()
                .await
                .expect(200),
            "DELETE" => fixture.call_as(&admin, end, &path).send().await.expect(204),
            _ => fixture
                .call_as(&admin, end, &format!("{path}/password"))
                .json(&json!({ "password": PASSWORD }))
                .send()
                .await
                .expect(204),
        };
        fixture.call_as(&token, "GET", "/v1/session").send().await.expect(401);
    }
}

async fn stepping_up_takes_the_password_again(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    ada(&fixture).await;
    let token = cookie(&sign_in(&fixture, "ada", PASSWORD).await.expect(201));
    let key = fixture.call_as(&token, "POST", "/v1/keys").json(&json!({ "name": "bot" }));
    let key = key.send().await.expect(201).json;
    let reveal = || {
        let body = json!({ "secret": "app_secret" });
        fixture.call_as(&token, "POST", "/v1/keys/bot/reveal").json(&body).send()
    };
    reveal().await.problem(403, "reveal_forbidden");
    let settings = json!({ "secret_reveal": "step_up" });
    fixture.call_as(&token, "PATCH", "/v1/settings").json(&settings).send().await.expect(200);
    assert_eq!(reveal().await.expect(200).json["value"], key["app_secret"]);
    let old = now() - 5 * 60_000 - 1;
    fixture.database.execute(&format!("UPDATE session SET password_at = {old}")).await;
    reveal().await.problem(403, "step_up_required");
    let step_up = |password: &str| {
        let body = json!({ "password": password });
        fixture.call_as(&token, "POST", "/v1/session/step-up").json(&body).send()
    };
    step_up("wrong password, for once").await.problem(403, "sign_in_failed");
    reveal().await.problem(403, "step_up_required");
    step_up(PASSWORD).await.expect(200);
    assert_eq!(reveal().await.expect(200).json["value"], key["app_secret"]);
    assert_eq!(
        fixture.database.number("SELECT count(*) FROM audit WHERE action = 'key.reveal'").await,
        2
    );
}

async fn everybody_changes_his_own_password(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let token = fixture.person("ada", "auditor", None).await;
    fixture.person("bob", "auditor", None).await;
    let change = |name: &str| {
        let path = format!("/v1/people/{name}/password");
        fixture.call_as(&token, "PUT", &path).json(&json!({ "password": PASSWORD })).send()
    };
    for other in ["bob", "no-such"] {
        change(other).await.problem(403, "permission_denied");
    }
    let given = |at: i64| format!("UPDATE session SET password_at = {at}");
    fixture.database.execute(&given(now() - 5 * 60_000 - 1)).await;
    change("ada").await.problem(403, "step_up_required");
    fixture.database.execute(&given(now())).await;
    change("ada").await.expect(204);
    fixture.call_as(&token, "GET", "/v1/session").send().await.problem(401, "unauthenticated");
    sign_in(&fixture, "ada", PASSWORD).await.expect(201);
}
