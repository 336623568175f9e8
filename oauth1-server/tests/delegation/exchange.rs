//! Temporary credentials for token credentials (section 2.3): corpus row 63 and its neighbours.

use axum::body::Body;
use http::Request;
use oauth1_core::TemporaryCredentials;

use crate::{
    desk::{AUTHORIZE, Answer, CALLBACK, Desk, INITIATE, TOKEN, client, exchanger, signed, to},
    on_both,
};

on_both! {
    the_whole_flow,
    t_fix_1_an_approval_is_of_no_use_to_who_began_the_flow,
    t_verif_five_wrong_codes_are_enough,
    t_xchg_race_of_many_exchanges_one_succeeds,
    row_63_what_is_wrong_is_told,
    temporary_credentials_are_good_nowhere_else,
    temporary_credentials_are_their_clients,
    a_replay_is_refused_at_both_endpoints,
    codes_may_be_typed_with_spaces,
    a_code_is_good_for_its_own_credentials,
    temporary_credentials_end,
    a_store_that_is_down_is_503,
}

async fn the_whole_flow(desk: Desk) {
    desk.person("ada", None).await;
    let temporary = desk.initiate(CALLBACK).await;
    let cookie = desk.sign_in("ada").await;
    let code = desk.allow(&cookie, &temporary).await;
    let answer = desk.exchange(&temporary, &code).await;
    assert_eq!(answer.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let names: Vec<_> = answer.form().into_keys().collect();
    assert_eq!(names, ["oauth_token", "oauth_token_secret"]);
    let token = answer.token();
    let echo = desk.call(&token, "GET", "/photos").await;
    assert_eq!(echo.status, 200, "{echo:?}");
    assert!(echo.body.contains(r#""resource_owner":"ada""#), "{echo:?}");
    assert_eq!(desk.call(&token, "POST", "/photos").await.status, 200);
    desk.call(&token, "POST", "/prints").await.is(403, "permission_denied");
    let actions =
        "SELECT count(*) FROM audit WHERE action IN ('delegation.allow', 'delegation.grant')";
    assert_eq!(desk.fixture.number(actions).await, 2);
}

/// The attack on OAuth Core 1.0: who has begun a flow lets somebody else approve it.
async fn t_fix_1_an_approval_is_of_no_use_to_who_began_the_flow(desk: Desk) {
    desk.person("victim", None).await;
    let temporary = desk.initiate(CALLBACK).await;
    let cookie = desk.sign_in("victim").await;
    let code = desk.allow(&cookie, &temporary).await;
    // The attacker has everything but the code, which went to the callback.
    let token = oauth1_core::TokenCredentials::with_secret(
        temporary.identifier(),
        temporary.secret().clone(),
    );
    let without = client(&desk.key).with_token(token);
    let answer = desk.post(&without, TOKEN, &[]).await;
    answer.is(400, "parameter_absent");
    assert!(answer.body.contains("oauth_parameters_absent=oauth_verifier"), "{answer:?}");
    desk.exchange(&temporary, "").await.is(400, "parameter_absent");
    desk.exchange(&temporary, "guess").await.is(401, "verifier_invalid");
    // Nor does asking anew with another callback, or the same token, change what was bound.
    let signer = client(&desk.key).with_callback(to("https://evil.example/"));
    desk.post(&signer, INITIATE, &[]).await.is(400, "parameter_rejected");
    desk.exchange(&temporary, &code).await.token();
}

async fn t_verif_five_wrong_codes_are_enough(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    for callback in [CALLBACK, "oob"] {
        let temporary = desk.initiate(callback).await;
        let code = desk.allow(&cookie, &temporary).await;
        match callback {
            "oob" => assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit())),
            _ => assert!(code.len() == 22 && code.bytes().all(|b| b.is_ascii_alphanumeric())),
        }
        let mut wrong = code.clone().into_bytes();
        wrong[3] = if wrong[3] == b'1' { b'2' } else { b'1' };
        let wrong = String::from_utf8(wrong).unwrap();
        for _ in 0..5 {
            desk.exchange(&temporary, &wrong).await.is(401, "verifier_invalid");
        }
        desk.exchange(&temporary, &code).await.is(401, "token_rejected");
    }
    // Four are not.
    let temporary = desk.initiate("oob").await;
    let code = desk.allow(&cookie, &temporary).await;
    for _ in 0..4 {
        desk.exchange(&temporary, "").await.is(400, "parameter_absent");
        desk.exchange(&temporary, "x").await.is(401, "verifier_invalid");
    }
    desk.exchange(&temporary, &code).await.token();
}

async fn t_xchg_race_of_many_exchanges_one_succeeds(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let temporary = desk.initiate("oob").await;
    let code = desk.allow(&cookie, &temporary).await;
    let desk = std::sync::Arc::new(desk);
    let tries = (0..64).map(|_| {
        let (desk, temporary, code) = (desk.clone(), temporary.clone(), code.clone());
        tokio::spawn(async move { desk.exchange(&temporary, &code).await })
    });
    let mut answers = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        answers.push(one.await.unwrap());
    }
    let (good, bad): (Vec<Answer>, Vec<Answer>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(good.len(), 1);
    bad.iter().for_each(|answer| answer.is(401, "token_used"));
    let tokens = "SELECT count(*) FROM token WHERE delegation_id IS NOT NULL";
    assert_eq!(desk.fixture.number(tokens).await, 1);
    let token = good[0].token();
    assert_eq!(desk.call(&token, "GET", "/photos").await.status, 200);
}

async fn row_63_what_is_wrong_is_told(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let temporary = desk.initiate("oob").await;
    desk.exchange(&temporary, "12345678").await.is(401, "permission_unknown");
    desk.exchange(&temporary, "").await.is(400, "parameter_absent");
    let code = desk.allow(&cookie, &temporary).await;
    desk.exchange(&temporary, "12345678x").await.is(401, "verifier_invalid");
    desk.exchange(&temporary, &code).await.token();
    desk.exchange(&temporary, &code).await.is(401, "token_used");
    let denied = desk.initiate("oob").await;
    let answer = desk.decide(&cookie, denied.identifier(), "deny").await;
    assert!(answer.status == 200 && answer.body.contains("does not get access"), "{answer:?}");
    desk.exchange(&denied, "12345678").await.is(401, "user_refused");
    let denied = desk.initiate(CALLBACK).await;
    let answer = desk.decide(&cookie, denied.identifier(), "deny").await;
    let expected =
        format!("{CALLBACK}&oauth_token={}&oauth_problem=user_refused", denied.identifier());
    assert_eq!((answer.status, answer.location()), (303, &*expected));
    desk.exchange(&denied, "12345678").await.is(401, "user_refused");
    let stranger = TemporaryCredentials::new("rt_of_nobody", "secret");
    desk.exchange(&stranger, "12345678").await.is(401, "token_rejected");
    let wrong = TemporaryCredentials::new(temporary.identifier(), "secret");
    desk.exchange(&wrong, "12345678").await.is(401, "signature_invalid");
    // The operator hears of each, once.
    let heard = desk.heard();
    for name in ["permission_unknown", "verifier_invalid", "token_used", "user_refused"] {
        let times = if name == "user_refused" { 2 } else { 1 };
        assert_eq!(heard.iter().filter(|heard| *heard == name).count(), times, "{heard:?}");
    }
    assert_eq!(heard.iter().filter(|name| *name == "ok").count(), 4, "{heard:?}");
}

async fn temporary_credentials_are_good_nowhere_else(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let temporary = desk.initiate("oob").await;
    let as_token = oauth1_core::TokenCredentials::with_secret(
        temporary.identifier(),
        temporary.secret().clone(),
    );
    desk.call(&as_token, "GET", "/photos").await.is(401, "token_rejected");
    let signer = client(&desk.key).with_callback(to("oob")).with_token(as_token.clone());
    desk.post(&signer, INITIATE, &[]).await.is(401, "token_rejected");
    let code = desk.allow(&cookie, &temporary).await;
    desk.call(&as_token, "GET", "/photos").await.is(401, "token_rejected");
    let token = desk.exchange(&temporary, &code).await.token();
    desk.call(&as_token, "GET", "/photos").await.is(401, "token_rejected");
    // Token credentials are none of the kind that is exchanged.
    let as_temporary =
        TemporaryCredentials::with_secret(token.identifier(), token.secret().clone());
    desk.exchange(&as_temporary, &code).await.is(401, "token_rejected");
}

async fn temporary_credentials_are_their_clients(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let other = desk.another_key("other", &["oob"]).await;
    let temporary = desk.initiate("oob").await;
    let code = desk.allow(&cookie, &temporary).await;
    desk.exchange_for(&other, &temporary, &code).await.is(401, "token_rejected");
    let token = desk.exchange(&temporary, &code).await.token();
    let signer = client(&other).with_token(token);
    desk.send(signed(&signer, "GET", "/photos", &[])).await.is(401, "token_rejected");
}

async fn a_replay_is_refused_at_both_endpoints(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let twice = async |signer: &oauth1_core::Signer, path: &str| {
        let (parts, _) = signed(signer, "POST", path, &[]).into_parts();
        let copy = || Request::from_parts(parts.clone(), Body::empty());
        let first = desk.send(copy()).await;
        desk.send(copy()).await.is(401, "nonce_used");
        first
    };
    let answer = twice(&client(&desk.key).with_callback(to("oob")), INITIATE).await;
    let form = answer.form();
    let temporary = TemporaryCredentials::new(&*form["oauth_token"], &*form["oauth_token_secret"]);
    let code = desk.allow(&cookie, &temporary).await;
    twice(&exchanger(&desk.key, &temporary, &code), TOKEN).await.token();
}

async fn codes_may_be_typed_with_spaces(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    for between in [" ", "-"] {
        let temporary = desk.initiate("oob").await;
        let code = desk.allow(&cookie, &temporary).await;
        let typed = format!("{}{between}{}", &code[..4], &code[4..]);
        desk.exchange(&temporary, &typed).await.token();
    }
}

async fn a_code_is_good_for_its_own_credentials(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let (one, other) = (desk.initiate(CALLBACK).await, desk.initiate(CALLBACK).await);
    let code = desk.allow(&cookie, &one).await;
    let other_code = desk.allow(&cookie, &other).await;
    desk.exchange(&one, &other_code).await.is(401, "verifier_invalid");
    desk.exchange(&other, &code).await.is(401, "verifier_invalid");
    desk.exchange(&one, &code).await.token();
}

async fn temporary_credentials_end(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let over = "UPDATE temporary SET expires_at = created_at";
    let temporary = desk.initiate("oob").await;
    desk.fixture.execute(over).await;
    let page =
        desk.page(&cookie, &format!("{AUTHORIZE}?oauth_token={}", temporary.identifier())).await;
    assert!(page.status == 409 && page.body.contains("too long ago"), "{page:?}");
    let answer = desk.decide(&cookie, temporary.identifier(), "allow").await;
    assert_eq!(answer.status, 409);
    desk.exchange(&temporary, "12345678").await.is(401, "token_expired");
    let temporary = desk.initiate("oob").await;
    let code = desk.allow(&cookie, &temporary).await;
    desk.fixture.execute(over).await;
    desk.exchange(&temporary, &code).await.is(401, "token_expired");
    // They are gone after a day, and what is left says so.
    desk.fixture.execute("UPDATE temporary SET expires_at = 1").await;
    let tidied = desk.management.tidy(std::time::Duration::from_secs(1)).await.unwrap();
    assert_eq!(tidied.temporary, 2);
    desk.exchange(&temporary, &code).await.is(401, "token_rejected");
}

async fn a_store_that_is_down_is_503(desk: Desk) {
    let temporary = desk.initiate("oob").await;
    // The table is away; the clients are still in the cache.
    desk.fixture.execute("ALTER TABLE temporary RENAME TO away").await;
    let signer = client(&desk.key).with_callback(to("oob"));
    for answer in
        [desk.post(&signer, INITIATE, &[]).await, desk.exchange(&temporary, "12345678").await]
    {
        answer.is(503, "");
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
        assert!(!answer.body.contains("temporary"), "{answer:?}");
    }
    desk.fixture.execute("ALTER TABLE away RENAME TO temporary").await;
    desk.exchange(&temporary, "12345678").await.is(401, "permission_unknown");
}
