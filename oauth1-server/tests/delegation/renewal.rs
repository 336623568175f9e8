//! Tokens that end, and are renewed by their session handle.

use std::sync::Arc;

use oauth1_core::TokenCredentials;
use oauth1_server::endpoints::Times;

use crate::{
    desk::{Answer, Desk, TOKEN, client, system},
    on_both,
};

on_both! {
    a_token_is_renewed_and_the_old_one_ends,
    a_token_that_has_ended_is_renewed,
    a_handle_is_good_for_its_own_token,
    what_is_revoked_is_not_renewed,
    of_many_renewals_each_token_is_one_that_works,
    what_can_be_renewed_is_kept,
}

const TIMES: Times = Times { temporary: 600, token: Some(3_600), authorization: Some(86_400) };

async fn begun(desk: Desk) -> (Desk, Answer) {
    let desk = desk.with(TIMES, |endpoints| endpoints);
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let answer = desk.grant(&cookie).await;
    (desk, answer)
}

async fn renew(desk: &Desk, token: &TokenCredentials, handle: &str) -> Answer {
    let signer = client(&desk.key).with_token(token.clone()).with_session_handle(handle);
    desk.post(&signer, TOKEN, &[]).await
}

/// Moves the clock of a token on, as far as the database is concerned.
async fn set_end(desk: &Desk, token: &TokenCredentials, end: &str) {
    let id = token.identifier();
    let sql = format!("UPDATE token SET expires_at = {end} WHERE identifier = '{id}'");
    desk.fixture.execute(&sql).await;
    // Whatever is changed of a key makes caches forget it.
    desk.management.keys().set_enabled(&system(), "printer", true).await.unwrap();
}

async fn a_token_is_renewed_and_the_old_one_ends(desk: Desk) {
    let (desk, granted) = begun(desk).await;
    let form = granted.form();
    let seconds = |form: &std::collections::BTreeMap<String, String>, name: &str| {
        form[name].parse::<i64>().unwrap()
    };
    assert!((3_590..=3_600).contains(&seconds(&form, "oauth_expires_in")), "{form:?}");
    assert!(seconds(&form, "oauth_authorization_expires_in") > 86_000, "{form:?}");
    let handle = &form["oauth_session_handle"];
    assert_eq!(handle.len(), 22);
    let renewed = renew(&desk, &granted.token(), handle).await;
    assert_eq!(&renewed.form()["oauth_session_handle"], handle);
    let token = renewed.token();
    assert_ne!(token.identifier(), granted.token().identifier());
    assert_eq!(desk.call(&token, "GET", "/photos").await.status, 200);
    // An answer may have been lost: for a minute the old one is good, also for another renewal.
    assert_eq!(desk.call(&granted.token(), "GET", "/photos").await.status, 200);
    let again = renew(&desk, &granted.token(), handle).await.token();
    assert_eq!(desk.call(&again, "GET", "/photos").await.status, 200);
    set_end(&desk, &granted.token(), "1").await;
    desk.call(&granted.token(), "GET", "/photos").await.is(401, "token_expired");
    renew(&desk, &granted.token(), handle).await.is(401, "token_used");
}

async fn a_token_that_has_ended_is_renewed(desk: Desk) {
    let (desk, granted) = begun(desk).await;
    set_end(&desk, &granted.token(), "1").await;
    desk.call(&granted.token(), "GET", "/photos").await.is(401, "token_expired");
    let handle = &granted.form()["oauth_session_handle"];
    let token = renew(&desk, &granted.token(), handle).await.token();
    assert_eq!(desk.call(&token, "GET", "/photos").await.status, 200);
}

async fn a_handle_is_good_for_its_own_token(desk: Desk) {
    let (desk, granted) = begun(desk).await;
    let cookie = desk.sign_in("ada").await;
    let other = desk.grant(&cookie).await;
    let handle = &other.form()["oauth_session_handle"];
    renew(&desk, &granted.token(), handle).await.is(401, "token_rejected");
    renew(&desk, &granted.token(), "guessed").await.is(401, "token_rejected");
    let own = desk.key.credentials.token.clone();
    renew(&desk, &own, handle).await.is(401, "token_rejected");
    let wrong = TokenCredentials::new(other.token().identifier(), "wrong");
    renew(&desk, &wrong, handle).await.is(401, "signature_invalid");
    renew(&desk, &other.token(), handle).await.token();
}

async fn what_is_revoked_is_not_renewed(desk: Desk) {
    let (desk, granted) = begun(desk).await;
    let handle = &granted.form()["oauth_session_handle"];
    let (old, token) = (granted.token(), renew(&desk, &granted.token(), handle).await.token());
    desk.management.keys().revoke(&system(), "printer", token.identifier()).await.unwrap();
    renew(&desk, &token, handle).await.is(401, "token_revoked");
    // The one before is good for its minute still, and no longer renewed.
    renew(&desk, &old, handle).await.is(401, "token_rejected");
    let cookie = desk.sign_in("ada").await;
    let ended = desk.grant(&cookie).await;
    desk.fixture.execute("UPDATE delegation SET expires_at = 1").await;
    let handle = &ended.form()["oauth_session_handle"];
    renew(&desk, &ended.token(), handle).await.is(401, "token_rejected");
}

async fn of_many_renewals_each_token_is_one_that_works(desk: Desk) {
    let (desk, granted) = begun(desk).await;
    let desk = Arc::new(desk);
    let handle = granted.form()["oauth_session_handle"].clone();
    let tries = (0..16).map(|_| {
        let (desk, token, handle) = (desk.clone(), granted.token(), handle.clone());
        tokio::spawn(async move { renew(&desk, &token, &handle).await })
    });
    let mut tokens = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        tokens.push(one.await.unwrap().token());
    }
    for token in &tokens {
        assert_eq!(desk.call(token, "GET", "/photos").await.status, 200);
    }
    // One of them lasts, the others end within their minute.
    let lasting = "SELECT count(*) FROM token t JOIN delegation d ON d.token_id = t.id
                   WHERE t.expires_at > t.created_at + 3000000";
    assert_eq!(desk.fixture.number(lasting).await, 1);
    let ending = "SELECT count(*) FROM token WHERE delegation_id IS NOT NULL
                  AND expires_at <= created_at + 61000 + 60000";
    assert_eq!(desk.fixture.number(ending).await, 16);
}

async fn what_can_be_renewed_is_kept(desk: Desk) {
    let (desk, granted) = begun(desk).await;
    let cookie = desk.sign_in("ada").await;
    let other = desk.grant(&cookie).await;
    let handle = granted.form()["oauth_session_handle"].clone();
    let token = renew(&desk, &granted.token(), &handle).await.token();
    desk.fixture.execute("UPDATE token SET expires_at = 1 WHERE delegation_id IS NOT NULL").await;
    let ended = format!(
        "UPDATE delegation SET revoked_at = 1 WHERE token_id =
         (SELECT id FROM token WHERE identifier = '{}')",
        other.token().identifier()
    );
    desk.fixture.execute(&ended).await;
    let tidied = desk.management.tidy(std::time::Duration::from_secs(1)).await.unwrap();
    // The one that was replaced, and the one that was revoked.
    assert_eq!(tidied.tokens, 2);
    assert_eq!(desk.fixture.number("SELECT count(*) FROM delegation").await, 1);
    let token = renew(&desk, &token, &handle).await.token();
    assert_eq!(desk.call(&token, "GET", "/photos").await.status, 200);
}
