//! Requests that are sent again with the same `Idempotency-Key`.

use serde_json::{Value as Json, json};

use crate::fixture::{Fixture, Kind, text};

crate::on_both!(
    a_repeated_request_gets_the_same_answer,
    many_at_once_make_one,
    answers_of_old_master_keys_are_given_up,
);

async fn a_repeated_request_gets_the_same_answer(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "admin", None).await;
    let bob = fixture.person("bob", "admin", None).await;
    let send = |who: &str, key: &str, body: Json| {
        let call = fixture.call_as(who, "POST", "/v1/keys").header("idempotency-key", key);
        call.json(&body).send()
    };
    let first = send(&ada, "k1", json!({ "name": "bot" })).await.expect(201);
    let again = send(&ada, "k1", json!({ "name": "bot" })).await.expect(201);
    assert_eq!((&first.text, first.header("etag")), (&again.text, again.header("etag")));
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        ("", "true")
    );
    assert_eq!(fixture.database.number("SELECT count(*) FROM client").await, 1);
    // The kept answer is not to be read in the database.
    let secret = text(&first.json, "app_secret");
    let plain =
        format!("SELECT count(*) FROM idempotency WHERE CAST(sealed AS TEXT) LIKE '%{secret}%'");
    assert_eq!(fixture.database.number(&plain).await, 0);
    assert_eq!(
        fixture.database.number("SELECT count(*) FROM idempotency WHERE sealed IS NOT NULL").await,
        1
    );

    send(&ada, "k1", json!({ "name": "other" })).await.problem(422, "idempotency_key_reused");
    // Of somebody else, the same key is another; problems are kept as well.
    let taken = send(&bob, "k1", json!({ "name": "bot" })).await.problem(409, "name_taken");
    let again = send(&bob, "k1", json!({ "name": "bot" })).await.problem(409, "name_taken");
    assert_eq!(taken.text, again.text);
    for bad in ["", "a b", "a\tb"] {
        send(&ada, bad, json!({ "name": "x" })).await.problem(400, "malformed_request");
    }
    send(&ada, &"k".repeat(256), json!({ "name": "x" })).await.problem(400, "malformed_request");

    fixture
        .database
        .execute("UPDATE idempotency SET status = NULL, sealed = NULL, key_id = NULL")
        .await;
    send(&ada, "k1", json!({ "name": "bot" })).await.problem(409, "still_running");
    fixture.database.execute("UPDATE idempotency SET created_at = created_at - 3600001").await;
    send(&ada, "k1", json!({ "name": "bot" })).await.problem(409, "name_taken");
    assert_eq!(fixture.database.number("SELECT count(*) FROM idempotency").await, 1);
    // What was refused before anybody was known is not kept.
    let nobody = fixture.call("POST", "/v1/keys").header("idempotency-key", "k2");
    nobody.json(&json!({})).send().await.problem(401, "unauthenticated");
    assert_eq!(fixture.database.number("SELECT count(*) FROM idempotency").await, 1);
}

async fn many_at_once_make_one(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "admin", None).await;
    let sent: Vec<_> = (0..32)
        .map(|_| {
            let call = fixture.call_as(&ada, "POST", "/v1/keys").header("idempotency-key", "same");
            tokio::spawn(call.json(&json!({ "display_name": "Bot" })).send())
        })
        .collect();
    let mut made = Vec::new();
    for reply in sent {
        let reply = reply.await.unwrap();
        match reply.status.as_u16() {
            201 => made.push(reply.text),
            _ => drop(reply.problem(409, "still_running")),
        }
    }
    assert!(!made.is_empty() && made.iter().all(|text| *text == made[0]));
    assert_eq!(fixture.database.number("SELECT count(*) FROM client").await, 1);
}

async fn answers_of_old_master_keys_are_given_up(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let ada = fixture.person("ada", "admin", None).await;
    let send = || {
        let call = fixture.call_as(&ada, "POST", "/v1/keys").header("idempotency-key", "k");
        call.json(&json!({ "name": "bot" })).send()
    };
    send().await.expect(201);
    fixture.rekey().await;
    send().await.problem(409, "answer_lost");
    assert_eq!(fixture.database.number("SELECT count(*) FROM client").await, 1);
}
