//! Console B: scopes, expiry, enable and disable.

use http::StatusCode;
use jiff::{civil::Date, tz::TimeZone};
use oauth1_server::management::{
    AccountChange, KeyChange, KeyFilter, KeyState, ManagementError, NewKey, Right,
};

use crate::{
    both,
    desk::{Desk, caller, forbids, limited, now},
};

both! {
    b01_only_who_may_manages_keys
    b04_name_scope_and_expiration
    b05_key_and_secret_are_shown_once
    b06_list_shows_name_id_expiration_and_state
    b07_expiration_date
    b08_toggle_takes_effect_immediately
    b09_delete_is_permanent
}

async fn b01_only_who_may_manages_keys(desk: &Desk) {
    let reader = limited(&[Right::KeysRead]);
    let (keys, new) = (&desk.keys, NewKey::default());
    let key = desk.key().await;
    let id = &key.key.id;
    assert!(forbids(keys.create(&reader, &new).await, Right::KeysCreate));
    assert!(forbids(keys.set_enabled(&reader, id, false).await, Right::KeysUpdate));
    assert!(forbids(keys.delete(&reader, id, None).await, Right::KeysDelete));
    let nobody = limited(&[]);
    assert!(forbids(keys.show(&nobody, id).await, Right::KeysRead));
    let list = keys.list(&nobody, &KeyFilter::default(), None, 10).await;
    assert!(forbids(list, Right::KeysRead));
    // Nothing was changed, and the system that uses the key needs no account of a person.
    assert_eq!(keys.show(&reader, id).await.unwrap().version, 1);
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok");
}

async fn b04_name_scope_and_expiration(desk: &Desk) {
    let good = NewKey {
        display_name: Some("Data export".into()),
        scopes: vec!["target-groups:view".into(), "transaction:modify".into()],
        expires_at: Some((now() as i64 + 3600) * 1000),
        ..NewKey::default()
    };
    for (wrong, field) in [
        (NewKey { display_name: Some(" ".into()), ..good.clone() }, "display_name"),
        (NewKey { scopes: vec!["transactions:view".into()], ..good.clone() }, "scopes"),
        (NewKey { expires_at: Some(1000), ..good.clone() }, "expires_at"),
    ] {
        match desk.keys.create(&caller(), &wrong).await {
            Err(ManagementError::Invalid(invalid)) => assert_eq!(invalid.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    // An account may ask for an end.
    let change = AccountChange { expiry_required: Some(true), ..AccountChange::default() };
    desk.management.update_account(&caller(), None, &change, None).await.unwrap();
    let endless = NewKey { expires_at: None, ..good.clone() };
    let error = desk.keys.create(&caller(), &endless).await.unwrap_err();
    assert!(error.to_string().contains("must end"), "{error}");
    assert_eq!(desk.fixture.number("SELECT count(*) FROM client").await, 0, "nothing was made");
    assert_eq!(desk.create(good).await.key.scopes, "target-groups:view transaction:modify");
}

async fn b05_key_and_secret_are_shown_once(desk: &Desk) {
    let key = desk.key().await;
    let secrets = [key.credentials.client.secret(), key.credentials.token.secret()];
    let list = desk.keys.list(&caller(), &KeyFilter::default(), None, 10).await.unwrap();
    let after = format!("{:?} {list:?}", desk.keys.show(&caller(), &key.key.id).await.unwrap());
    assert!(after.contains(&key.key.app_key));
    assert!(secrets.iter().all(|secret| !after.contains(secret.expose())));
}

async fn b06_list_shows_name_id_expiration_and_state(desk: &Desk) {
    let end = (now() as i64 + 3600) * 1000;
    let new = NewKey {
        name: Some("export".into()),
        expires_at: Some(end),
        scopes: vec!["all:view".into()],
        ..NewKey::default()
    };
    let made = desk.create(new).await;
    desk.call(&made, "GET", "/v1/things").await;
    desk.written().await;
    let listed = desk.keys.list(&caller(), &KeyFilter::default(), None, 10).await.unwrap();
    let key = &listed.keys[0];
    assert_eq!((&*key.name, &key.app_key), ("export", &made.key.app_key));
    assert_eq!((key.expires_at, key.state()), (Some(end), KeyState::Active));
    assert_eq!((&*key.scopes, &*key.created_by), ("all:view", "test"));
    let used = key.last_used_at.unwrap() / 1000;
    assert!((used - now() as i64).abs() < 90, "{used}");
    assert_eq!(key.last_used_address.as_deref(), Some("192.0.2.1"));
}

async fn b07_expiration_date(desk: &Desk) {
    let zone = "America/New_York";
    let change = AccountChange { time_zone: Some(zone.into()), ..AccountChange::default() };
    let account = desk.management.update_account(&caller(), None, &change, None).await.unwrap();
    let tomorrow = jiff::Timestamp::now().to_zoned(TimeZone::get(zone).unwrap());
    let day: Date = tomorrow.date().tomorrow().unwrap();
    let end = account.expiry(&day.to_string()).unwrap().unwrap();
    let expected = day.tomorrow().unwrap().to_zoned(TimeZone::get(zone).unwrap()).unwrap();
    assert_eq!(end, expected.timestamp().as_millisecond());
    let new =
        NewKey { expires_at: Some(end), scopes: vec!["all:view".into()], ..NewKey::default() };
    let key = desk.create(new).await;
    // 23:59:59 of that day is the last good second.
    let left = end / 1000 - now() as i64;
    for (ahead, expected) in [(left - 1, "ok"), (left, "signature_invalid")] {
        desk.set_ahead(ahead);
        assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), expected, "{ahead}");
    }
}

async fn b08_toggle_takes_effect_immediately(desk: &Desk) {
    let key = desk.key().await;
    for _ in 0..10 {
        assert_eq!(desk.call(&key, "GET", "/v1/things").await.status, StatusCode::OK);
        desk.keys.set_enabled(&caller(), &key.key.id, false).await.unwrap();
        assert_eq!(desk.call(&key, "GET", "/v1/things").await.status, StatusCode::UNAUTHORIZED);
        desk.keys.set_enabled(&caller(), &key.key.id, true).await.unwrap();
    }
}

async fn b09_delete_is_permanent(desk: &Desk) {
    let key = desk.key().await;
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.problem(), "ok");
    desk.keys.delete(&caller(), &key.key.id, None).await.unwrap();
    assert_eq!(desk.call(&key, "GET", "/v1/things").await.status, StatusCode::UNAUTHORIZED);
    let again = desk.keys.set_enabled(&caller(), &key.key.id, true).await;
    assert!(matches!(again, Err(ManagementError::Unknown { .. })));
    let change = KeyChange { name: Some("back".into()), ..KeyChange::default() };
    let again = desk.keys.update(&caller(), &key.key.app_key, &change, None).await;
    assert!(matches!(again, Err(ManagementError::Unknown { .. })));
    assert_eq!(desk.fixture.number("SELECT count(*) FROM secret").await, 0);
}
