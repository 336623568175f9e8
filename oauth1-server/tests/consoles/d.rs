//! Console D: regenerating, and short-lived tokens.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use oauth1_server::{
    PeerAddress,
    management::{
        AccountChange, Caller, KeyFilter, ManagementError, NewKey, NewToken, Right, Rotation,
        Secret,
    },
};

use crate::{
    both,
    desk::{Desk, ORIGIN, caller, forbids, limited, now, with_secret},
};

both! {
    d01_generate_and_regenerate
    d03_regenerating_breaks_and_rotating_does_not
    d03_what_a_dialog_can_tell
    d04_secrets_can_be_read_again_where_permitted
    d05_mint_a_short_lived_token
    d06_good_for_3600_seconds
    d07_regenerate_only_the_token
    d08_all_keys_by_owner
    d09_separate_rights
    d10_credentials_and_an_access_key
}

async fn d01_generate_and_regenerate(desk: &Desk) {
    let key = desk.key().await;
    let new = desk.keys.regenerate(&caller(), &key.key.id).await.unwrap();
    assert_eq!((&new.key.id, &new.key.name), (&key.key.id, &key.key.name));
    assert_ne!(new.key.app_key, key.key.app_key);
    assert_eq!(desk.call(&new, "GET", "/v1/things").await.problem(), "ok");
}

async fn d03_regenerating_breaks_and_rotating_does_not(desk: &Desk) {
    let key = desk.key().await;
    let rotated = desk.keys.rotate(&caller(), &key.key.id, Rotation::Both, DAY).await.unwrap();
    assert_eq!(rotated.key.app_key, key.key.app_key);
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok", "the old secrets");
    let client = with_secret(&key, rotated.app_secret.as_ref().unwrap());
    let token = oauth1_core::TokenCredentials::with_secret(
        key.credentials.token.identifier(),
        rotated.token_secret.unwrap(),
    );
    assert_eq!(desk.send(&client, Some(&token), "GET", "/v1/things").await.problem(), "ok");
    // Nobody needs the old ones any more.
    let finished = desk.keys.finish_rotation(&caller(), &key.key.id).await.unwrap();
    assert_eq!(finished.old_secret_expires_at, None);
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "signature_invalid");
    assert_eq!(desk.send(&client, Some(&token), "GET", "/v1/things").await.problem(), "ok");
    desk.keys.regenerate(&caller(), &key.key.id).await.unwrap();
    for (client, token) in [(&client, &token), (&key.credentials.client, &key.credentials.token)] {
        let answer = desk.send(client, Some(token), "GET", "/v1/things").await;
        assert_eq!(answer.problem(), "signature_invalid");
    }
}

async fn d03_what_a_dialog_can_tell(desk: &Desk) {
    let key = desk.key().await;
    for n in 1..=2u8 {
        let own = &key.credentials;
        let mut request = Request::get(format!("{ORIGIN}/v1/things")).body(Body::empty()).unwrap();
        request.extensions_mut().insert(PeerAddress([198, 51, 100, n].into()));
        desk.send_as(&own.client, Some(&own.token), request).await;
    }
    desk.keys.rotate(&caller(), &key.key.id, Rotation::Both, DAY).await.unwrap();
    desk.written().await;
    let shown = desk.keys.show(&caller(), &key.key.id).await.unwrap();
    assert!(shown.last_used_at.is_some() && shown.old_secret_used_at.is_none());
    assert_eq!(desk.keys.addresses(&caller(), &key.key.id).await.unwrap().last_day, 2);
    // Somebody still uses the old secret.
    desk.call(&key, "GET", "/v1/things").await;
    desk.written().await;
    let shown = desk.keys.show(&caller(), &key.key.id).await.unwrap();
    assert!(shown.old_secret_used_at.is_some());
}

async fn d04_secrets_can_be_read_again_where_permitted(desk: &Desk) {
    let key = desk.key().await;
    let now = now() as i64 * 1000;
    let who =
        |password_at| Caller { password_at, ..limited(&[Right::KeysReveal, Right::KeysRead]) };
    let fresh = who(Some(now - 4 * 60_000));
    let reveal = async |who: &Caller, secret| desk.keys.reveal(who, &key.key.id, secret).await;
    let refused = reveal(&fresh, Secret::App).await;
    assert!(matches!(refused, Err(ManagementError::RevealForbidden)));
    let change = AccountChange { secret_reveal: Some(true), ..AccountChange::default() };
    desk.management.update_account(&caller(), None, &change, None).await.unwrap();
    for (stale, secret) in [(None, Secret::App), (Some(now - 6 * 60_000), Secret::Token)] {
        assert!(matches!(reveal(&who(stale), secret).await, Err(ManagementError::StepUp)));
    }
    assert!(forbids(reveal(&limited(&[Right::KeysRead]), Secret::App).await, Right::KeysReveal));
    let revealed = "SELECT count(*) FROM audit WHERE action = 'key.reveal'";
    assert_eq!(desk.fixture.number(revealed).await, 0);
    let own = &key.credentials;
    let app = reveal(&fresh, Secret::App).await.unwrap();
    let token = reveal(&fresh, Secret::Token).await.unwrap();
    assert_eq!(app.expose(), own.client.secret().expose());
    assert_eq!(token.expose(), own.token.secret().expose());
    assert_eq!(desk.fixture.number(revealed).await, 2);
}

async fn d05_mint_a_short_lived_token(desk: &Desk) {
    let key = desk.key().await;
    let who = limited(&[Right::KeysRotate]);
    let made = desk.keys.mint(&who, &key.key.id, &NewToken::default()).await.unwrap();
    let client = &key.credentials.client;
    let answer = desk.send(client, Some(&made.credentials), "GET", "/v1/things").await;
    assert_eq!(answer.problem(), "ok");
    let page = desk.keys.tokens(&caller(), &key.key.id, None, 10).await.unwrap();
    let listed: Vec<_> = page.tokens.iter().map(|token| &*token.access_token).collect();
    assert!(listed.contains(&made.credentials.identifier()) && listed.len() == 2);
    desk.keys.revoke(&caller(), &key.key.id, made.credentials.identifier()).await.unwrap();
    let answer = desk.send(client, Some(&made.credentials), "GET", "/v1/things").await;
    assert_eq!(answer.problem(), "token_revoked");
}

async fn d06_good_for_3600_seconds(desk: &Desk) {
    let key = desk.key().await;
    let made = desk.keys.mint(&caller(), &key.key.id, &NewToken::default()).await.unwrap();
    let client = &key.credentials.client;
    for (ahead, expected) in [(3598, "ok"), (3601, "token_expired"), (4000, "token_expired")] {
        desk.set_ahead(ahead);
        let answer = desk.send(client, Some(&made.credentials), "GET", "/v1/things").await;
        assert_eq!(answer.problem(), expected, "{ahead}");
    }
}

async fn d07_regenerate_only_the_token(desk: &Desk) {
    let key = desk.key().await;
    let client = &key.credentials.client;
    let short = NewToken { lifetime: Some(1), ..NewToken::default() };
    let first = desk.keys.mint(&caller(), &key.key.id, &short).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let answer = desk.send(client, Some(&first.credentials), "GET", "/v1/things").await;
    assert_eq!(answer.problem(), "token_expired");
    let second = desk.keys.mint(&caller(), &key.key.id, &NewToken::default()).await.unwrap();
    // Key and secret are the same.
    let answer = desk.send(client, Some(&second.credentials), "GET", "/v1/things").await;
    assert_eq!(answer.problem(), "ok");
    let shown = desk.keys.show(&caller(), &key.key.id).await.unwrap();
    assert_eq!((shown.app_key, shown.version), (key.key.app_key.clone(), key.key.version));
    // What ended long ago is forgotten.
    let long_ago = format!("UPDATE token SET expires_at = 1 WHERE id = '{}'", first.token.id);
    desk.fixture.execute(&long_ago).await;
    assert_eq!(desk.management.tidy(DAY).await.unwrap().tokens, 1);
    let page = desk.keys.tokens(&caller(), &key.key.id, None, 10).await.unwrap();
    assert_eq!(page.tokens.len(), 2);
}

async fn d08_all_keys_by_owner(desk: &Desk) {
    for (who, count) in [("person:ada", 3), ("person:bo", 2)] {
        let maker = Caller { name: who.into(), ..caller() };
        for _ in 0..count {
            desk.keys.create(&maker, &NewKey::default()).await.unwrap();
        }
    }
    for (who, count) in [("person:ada", 3), ("person:bo", 2), ("person:cy", 0)] {
        let filter = KeyFilter { created_by: Some(who.into()), ..KeyFilter::default() };
        let page = desk.keys.list(&caller(), &filter, None, 10).await.unwrap();
        assert_eq!(page.keys.len(), count, "{who}");
        assert!(page.keys.iter().all(|key| key.created_by == who));
    }
}

async fn d09_separate_rights(desk: &Desk) {
    let key = desk.key().await;
    let editor = limited(&[Right::KeysRead, Right::KeysUpdate]);
    let keeper = limited(&[Right::KeysRead, Right::KeysRotate]);
    let id = &key.key.id;
    desk.keys.set_enabled(&editor, id, true).await.unwrap();
    assert!(forbids(desk.keys.rotate(&editor, id, Rotation::Both, DAY).await, Right::KeysRotate));
    assert!(forbids(desk.keys.regenerate(&editor, id).await, Right::KeysRotate));
    desk.keys.rotate(&keeper, id, Rotation::Both, DAY).await.unwrap();
    assert!(forbids(desk.keys.set_enabled(&keeper, id, false).await, Right::KeysUpdate));
}

async fn d10_credentials_and_an_access_key(desk: &Desk) {
    let key = desk.key().await;
    let client = &key.credentials.client;
    let without = desk.send(client, None, "GET", "/v1/things").await;
    assert_eq!(without.problem(), "parameter_absent", "{}", without.body);
    assert!(without.body.contains("oauth_token"), "{}", without.body);
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok");
    let two_legged =
        NewKey { two_legged: true, scopes: vec!["all:view".into()], ..NewKey::default() };
    let key = desk.create(two_legged).await;
    let answer = desk.send(&key.credentials.client, None, "GET", "/v1/things").await;
    assert_eq!(answer.problem(), "ok");
}

const DAY: Duration = Duration::from_secs(24 * 3600);
