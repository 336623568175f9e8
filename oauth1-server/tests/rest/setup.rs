//! The first person, and the code for it.

use serde_json::json;

use crate::fixture::{Fixture, Kind, PASSWORD};

crate::on_both!(the_first_person_is_made_once, wrong_codes_are_throttled);

async fn the_first_person_is_made_once(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    assert_eq!(fixture.call("GET", "/v1/setup").send().await.expect(200).json["open"], true);
    let old = fixture.management.setup().new_code().await.unwrap().unwrap();
    assert!(fixture.management.setup().first_code().await.unwrap().is_none());
    let code = fixture.management.setup().new_code().await.unwrap().unwrap();
    let body = |code: &str, name: &str| json!({ "code": code, "name": name, "password": PASSWORD });
    let send = |body| fixture.call("POST", "/v1/setup").json(&body).send();
    send(body(&old, "ada")).await.problem(403, "setup_code_wrong");
    send(body(&code, "A da")).await.problem(422, "invalid_field");
    let short = json!({ "code": *code, "name": "ada", "password": "short" });
    send(short).await.problem(422, "invalid_field");

    // All at once, with the code as people type it.
    let typed = code.to_uppercase().replace('-', " ");
    let tries = (0..64).map(|n| {
        let call = fixture.call("POST", "/v1/setup").json(&body(&typed, &format!("ada{n}")));
        tokio::spawn(call.send())
    });
    let tries: Vec<_> = tries.collect();
    let mut made = 0;
    for tried in tries {
        let reply = tried.await.unwrap();
        match reply.status.as_u16() {
            201 => {
                made += 1;
                assert_eq!(reply.json["role"], "super_admin");
                assert!(reply.json["account"].is_null());
                assert!(!reply.text.contains(PASSWORD) && !reply.text.contains(code.as_str()));
            }
            409 => drop(reply.problem(409, "setup_done")),
            // Its code was used up between the two looks at it.
            403 => drop(reply.problem(403, "setup_code_wrong")),
            _ => drop(reply.problem(429, "too_many_tries")),
        }
    }
    assert_eq!(made, 1);
    assert_eq!(fixture.database.number("SELECT count(*) FROM person").await, 1);
    assert_eq!(fixture.call("GET", "/v1/setup").send().await.expect(200).json["open"], false);
    assert!(fixture.management.setup().new_code().await.unwrap().is_none());
    send(body(&code, "eve")).await.problem(409, "setup_done");
}

async fn wrong_codes_are_throttled(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let code = fixture.management.setup().new_code().await.unwrap().unwrap();
    let send = |code: &str| {
        let body = json!({ "code": code, "name": "ada", "password": PASSWORD });
        fixture.call("POST", "/v1/setup").json(&body).send()
    };
    for _ in 0..5 {
        send("aaaaa-bbbbb").await.problem(403, "setup_code_wrong");
    }
    // The right one has to wait as well.
    let reply = send(&code).await.problem(429, "too_many_tries");
    assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(fixture.database.number("SELECT count(*) FROM person").await, 0);
}
