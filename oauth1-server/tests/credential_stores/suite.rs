//! What both databases promise.

use std::time::Duration;

use oauth1_core::{ClientCredentials, TokenCredentials};
use oauth1_server::{
    CredentialStore, IssuedCredentials,
    credentials::sql::{OpenError, SchemaVersion, SqlCredentialStore},
    management::{KeyFilter, KeyService, KeyState, ManagementError, NewKey, Rotation},
};

use crate::fixture::{Fixture, Kind, caller, create, create_canary, now, verdict, write_key};

macro_rules! suite {
    ($($test:ident)*) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let fixture = super::Fixture::new(super::Kind::Sqlite).await.unwrap();
                    super::$test(&fixture).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let fixture = super::Fixture::new(super::Kind::Postgres).await;
                    if let Some(fixture) = fixture {
                        super::$test(&fixture).await;
                    }
                }
            )*
        }
    };
}

suite! {
    a_created_key_verifies_until_it_is_disabled_expired_or_deleted
    everything_that_was_given_is_shown_and_nothing_secret
    names_and_identifiers_are_unique
    values_that_cannot_be_used_are_refused
    pages_have_each_key_once_newest_first
    rotation_leaves_the_old_secret_good_for_its_grace_and_never_three
    parallel_rotations_leave_two_secrets_of_which_one_is_current
    parallel_creations_of_one_name_make_one
    changed_moved_or_swapped_secrets_do_not_open
    another_master_key_refuses_to_start
    schemas_of_other_versions_are_refused
    hostile_identifiers_are_unknown
    every_change_is_audited
    an_account_has_no_more_keys_than_it_may
}

async fn a_created_key_verifies_until_it_is_disabled_expired_or_deleted(fixture: &Fixture) {
    let store = fixture.open().await;
    let keys = KeyService::new(store.clone());
    let key = create(&store).await;
    let (credentials, name) = (&key.credentials, &key.key.name);
    assert_eq!(verdict(store.clone(), credentials, now()).await, "ok");
    keys.set_enabled(&caller(), name, false).await.unwrap();
    assert_eq!(verdict(store.clone(), credentials, now()).await, "consumer_key_refused");
    assert_eq!(keys.show(&caller(), name).await.unwrap().state(), KeyState::Disabled);
    keys.set_enabled(&caller(), &key.key.app_key, true).await.unwrap();
    assert_eq!(verdict(store.clone(), credentials, now()).await, "ok");
    // Another process sees the same.
    let other = fixture.open().await;
    assert_eq!(verdict(other, credentials, now()).await, "ok");

    let deleted = keys.delete(&caller(), name, None).await.unwrap();
    assert_eq!(deleted.app_key, credentials.client.identifier());
    assert_eq!(verdict(store.clone(), credentials, now()).await, "consumer_key_unknown");
    assert!(matches!(keys.show(&caller(), name).await, Err(ManagementError::Unknown { .. })));
    assert_eq!(fixture.number("SELECT count(*) FROM secret").await, 0);
    assert_eq!(fixture.number("SELECT count(*) FROM client").await, 1);

    let end = now() + 3600;
    let new = NewKey { expires_at: Some(i64::try_from(end * 1000).unwrap()), ..NewKey::default() };
    let key = keys.create(&caller(), &new).await.unwrap();
    assert_eq!(verdict(store.clone(), &key.credentials, end - 1).await, "ok");
    assert_eq!(verdict(store.clone(), &key.credentials, end).await, "consumer_key_rejected");
    fixture.execute("UPDATE token SET revoked_at = 1 WHERE deleted_at IS NULL").await;
    assert_eq!(verdict(store.clone(), &key.credentials, now()).await, "token_revoked");
    fixture.execute("UPDATE token SET revoked_at = NULL, expires_at = 1000").await;
    assert_eq!(verdict(store.clone(), &key.credentials, now()).await, "token_expired");
}

async fn everything_that_was_given_is_shown_and_nothing_secret(fixture: &Fixture) {
    let store = fixture.open().await;
    let keys = KeyService::new(store.clone());
    let new = NewKey {
        display_name: Some("Billing Bot".into()),
        developer_name: Some("Ada".into()),
        description: "Sends bills; é".into(),
        environment: "production".into(),
        signature_methods: Some("HMAC-SHA256".into()),
        body_hash_required: true,
        scopes: vec!["orders:view".into(), "bills:modify".into(), "orders:view".into()],
        attributes: [("till".to_owned(), "T42 \"é".to_owned())].into(),
        ..NewKey::default()
    };
    let created = keys.create(&caller(), &new).await.unwrap();
    let shown = keys.show(&caller(), "billing-bot").await.unwrap();
    assert_eq!(shown, created.key);
    assert_eq!((&*shown.display_name, &*shown.developer_name), ("Billing Bot", "Ada"));
    assert_eq!((&*shown.description, &*shown.environment), ("Sends bills; é", "production"));
    assert_eq!((&*shown.scopes, &*shown.created_by), ("bills:modify orders:view", "test"));
    assert!(shown.enabled && shown.body_hash_required && !shown.rsa);
    assert_eq!(shown.tokens.len(), 1);
    assert_eq!(shown.tokens[0].access_token, created.credentials.token.identifier());

    let record = store.client(&shown.app_key).await.unwrap().unwrap();
    assert_eq!(record.attribute("till"), Some("T42 \"é"));
    assert_eq!(record.attribute("scope"), Some("bills:modify orders:view"));
    assert_eq!(record.attribute("name"), Some("billing-bot"));
    let token = store.token(&shown.tokens[0].access_token).await.unwrap().unwrap();
    assert_eq!(token.client_identifier(), shown.app_key);
    assert_eq!(token.attribute("scope"), Some("bills:modify orders:view"));
    // It is pinned to another method than the one that requests are signed with here.
    let refused = verdict(store.clone(), &created.credentials, now()).await;
    assert_eq!(refused, "signature_method_rejected");

    let secrets = [created.credentials.client.secret(), created.credentials.token.secret()];
    let printed = format!("{created:?} {shown:?} {record:?} {token:?} {store:?} {keys:?}");
    assert!(secrets.iter().all(|secret| !printed.contains(secret.expose())), "{printed}");
}

async fn names_and_identifiers_are_unique(fixture: &Fixture) {
    let store = fixture.open().await;
    let keys = KeyService::new(store.clone());
    let named = NewKey { name: Some("bot".into()), ..NewKey::default() };
    keys.create(&caller(), &named).await.unwrap();
    let error = keys.create(&caller(), &named).await.unwrap_err();
    assert!(matches!(error, ManagementError::NameTaken(_)), "{error}");
    keys.delete(&caller(), "bot", None).await.unwrap();
    // The name is free again; an identifier never is.
    keys.create(&caller(), &named).await.unwrap();
    create_canary(&store).await;
    keys.delete(&caller(), "canary-client", None).await.unwrap();
    let imported = |client, token| {
        let client = ClientCredentials::new(client, "x");
        NewKey { imported: Some((client, TokenCredentials::new(token, "y"))), ..NewKey::default() }
    };
    for new in [imported("canary-client", "new"), imported("new", "canary-token")] {
        let error = keys.create(&caller(), &new).await.unwrap_err();
        assert!(matches!(error, ManagementError::Invalid(_)), "{error}");
    }
}

async fn values_that_cannot_be_used_are_refused(fixture: &Fixture) {
    let keys = KeyService::new(fixture.open().await);
    let name = |name: &str| NewKey { name: Some(name.into()), ..NewKey::default() };
    for (new, field) in [
        (name("two words"), "name"),
        (name("Ä"), "name"),
        (NewKey { display_name: Some(String::new()), ..NewKey::default() }, "display_name"),
        (NewKey { description: "x".repeat(281), ..NewKey::default() }, "description"),
        (NewKey { developer_name: Some("a\0b".into()), ..NewKey::default() }, "developer_name"),
        (NewKey { expires_at: Some(1), ..NewKey::default() }, "expires_at"),
        (NewKey { scopes: vec!["a b".into()], ..NewKey::default() }, "scopes"),
        (
            NewKey { attributes: [("name".into(), "x".into())].into(), ..NewKey::default() },
            "attributes",
        ),
        (
            NewKey { signature_methods: Some("HMAC-MD5".into()), ..NewKey::default() },
            "signature_methods",
        ),
    ] {
        match keys.create(&caller(), &new).await {
            Err(ManagementError::Invalid(invalid)) => assert_eq!(invalid.field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    assert_eq!(fixture.number("SELECT count(*) FROM client").await, 0);
}

async fn pages_have_each_key_once_newest_first(fixture: &Fixture) {
    let store = fixture.open().await;
    let keys = KeyService::new(store.clone());
    let mut made = Vec::new();
    for _ in 0..7 {
        // Ids are in the order of milliseconds.
        tokio::time::sleep(Duration::from_millis(2)).await;
        made.push(create(&store).await.key.app_key);
    }
    made.reverse();
    for limit in [1, 3, 7, 100] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page =
                keys.list(&caller(), &KeyFilter::default(), after.as_deref(), limit).await.unwrap();
            assert!(page.keys.len() <= usize::from(limit));
            seen.extend(page.keys.into_iter().map(|key| key.app_key));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, made, "{limit} per page");
    }
}

async fn rotation_leaves_the_old_secret_good_for_its_grace_and_never_three(fixture: &Fixture) {
    let store = fixture.open().await;
    let keys = KeyService::new(store.clone());
    let created = create(&store).await;
    let (key, first) = (created.key.app_key, created.credentials);
    let hour = Duration::from_secs(3600);
    let start = now();
    let mix = |client: &IssuedCredentials, token: &IssuedCredentials| IssuedCredentials {
        client: client.client.clone(),
        token: token.token.clone(),
    };
    let renewed = async |rotation, grace| {
        let rotated = keys.rotate(&caller(), &key, rotation, grace).await.unwrap();
        let (app, token) = (rotated.app_secret, rotated.token_secret);
        IssuedCredentials {
            client: ClientCredentials::with_secret(key.clone(), app.unwrap()),
            token: TokenCredentials::with_secret(first.token.identifier(), token.unwrap()),
        }
    };
    let second = renewed(Rotation::Both, hour).await;
    let (mixed, mixed_again) = (mix(&first, &second), mix(&second, &first));
    for good in [&first, &second, &mixed, &mixed_again] {
        assert_eq!(verdict(store.clone(), good, start).await, "ok");
    }
    for (credentials, after) in [(&second, "ok"), (&first, "signature_invalid")] {
        assert_eq!(verdict(store.clone(), credentials, start + 3610).await, after);
        assert_eq!(verdict(store.clone(), &mixed, start + 3610).await, "signature_invalid");
    }
    // Whoever opens the store leaves what has just ended, and erases what ended long ago.
    let replaced = "SELECT count(*) FROM secret WHERE expires_at IS NOT NULL";
    for (end, left) in [(now() * 1000 - 5_000, 2), (1, 0)] {
        let restore = fixture.number("SELECT max(expires_at) FROM secret").await;
        let kept = format!("CREATE TABLE kept_{left} AS SELECT * FROM secret");
        fixture.execute(&kept).await;
        let sql = format!("UPDATE secret SET expires_at = {end} WHERE expires_at IS NOT NULL");
        fixture.execute(&sql).await;
        fixture.open().await.close().await;
        assert_eq!(fixture.number(replaced).await, left);
        fixture.execute("DELETE FROM secret").await;
        fixture.execute(&format!("INSERT INTO secret SELECT * FROM kept_{left}")).await;
        assert_eq!(fixture.number("SELECT max(expires_at) FROM secret").await, restore);
    }
    // A second rotation within the grace: the first secrets end at once.
    let third = renewed(Rotation::Both, hour).await;
    assert_eq!(verdict(store.clone(), &first, start).await, "signature_invalid");
    for good in [&second, &third] {
        assert_eq!(verdict(store.clone(), good, start).await, "ok");
    }
    assert_eq!(fixture.number("SELECT count(*) FROM secret").await, 4);
    // Without grace, the old ones end now, and are gone.
    let fourth = renewed(Rotation::Both, Duration::ZERO).await;
    assert_eq!(verdict(store.clone(), &third, start).await, "signature_invalid");
    assert_eq!(verdict(store.clone(), &fourth, start).await, "ok");
    assert_eq!(fixture.number("SELECT count(*) FROM secret").await, 2);
    // One of both.
    let rotated =
        keys.rotate(&caller(), &key, Rotation::TokenSecret, Duration::ZERO).await.unwrap();
    assert!(rotated.app_secret.is_none() && rotated.token_secret.is_some());
    assert_eq!(verdict(store.clone(), &fourth, start).await, "signature_invalid");
    let month = Duration::from_secs(31 * 24 * 3600);
    let error = keys.rotate(&caller(), &key, Rotation::Both, month).await.unwrap_err();
    assert!(matches!(error, ManagementError::Invalid(_)), "{error}");
}

async fn parallel_rotations_leave_two_secrets_of_which_one_is_current(fixture: &Fixture) {
    let store = fixture.open().await;
    let created = create(&store).await;
    let app_key = created.key.app_key.clone();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (keys, app_key) = (KeyService::new(store.clone()), app_key.clone());
        tasks.spawn(async move {
            let hour = Duration::from_secs(3600);
            keys.rotate(&caller(), &app_key, Rotation::AppSecret, hour).await.unwrap()
        });
    }
    let rotated = tasks.join_all().await;
    let mut good = 0;
    for rotated in &rotated {
        let secret = rotated.app_secret.clone().unwrap();
        let credentials = IssuedCredentials {
            client: ClientCredentials::with_secret(app_key.clone(), secret),
            token: created.credentials.token.clone(),
        };
        good += usize::from(verdict(store.clone(), &credentials, now()).await == "ok");
    }
    assert_eq!(good, 2);
    let current = "SELECT count(*) FROM secret WHERE client_id IS NOT NULL AND expires_at IS NULL";
    assert_eq!(fixture.number(current).await, 1);
    let audited = "SELECT count(*) FROM audit WHERE action = 'key.rotate_app_secret'";
    assert_eq!(fixture.number(audited).await, 8);
}

async fn parallel_creations_of_one_name_make_one(fixture: &Fixture) {
    let store = fixture.open().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let keys = KeyService::new(store.clone());
        let new = NewKey { name: Some("bot".into()), ..NewKey::default() };
        tasks.spawn(async move { keys.create(&caller(), &new).await });
    }
    let made = tasks.join_all().await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    let others = made.iter().filter_map(|made| made.as_ref().err());
    for error in others {
        assert!(matches!(error, ManagementError::NameTaken(_)), "{error}");
    }
}

async fn changed_moved_or_swapped_secrets_do_not_open(fixture: &Fixture) {
    let store = fixture.open().await;
    let (one, two) = (create(&store).await, create(&store).await);
    assert_eq!(verdict(store.clone(), &one.credentials, now()).await, "ok");
    let client = |key: &str| format!("(SELECT id FROM client WHERE identifier = '{key}')");
    let (a, b) = (client(&one.key.app_key), client(&two.key.app_key));
    // The ciphertext of another client.
    let sealed = |of: &str| format!("(SELECT s.sealed FROM secret s WHERE s.client_id = {of})");
    fixture
        .execute(&format!("CREATE TABLE kept AS SELECT * FROM secret WHERE client_id = {a}"))
        .await;
    let swap = format!("UPDATE secret SET sealed = {} WHERE client_id = {a}", sealed(&b));
    assert_eq!(fixture.execute(&swap).await, 1);
    let refused = "credential_store_unavailable";
    assert_eq!(verdict(store.clone(), &one.credentials, now()).await, refused);
    // The whole row of another client, given to this one.
    fixture.execute(&format!("DELETE FROM secret WHERE client_id = {a}")).await;
    let moved = format!("UPDATE secret SET client_id = {a} WHERE client_id = {b}");
    assert_eq!(fixture.execute(&moved).await, 1);
    assert_eq!(verdict(store.clone(), &one.credentials, now()).await, refused);
    // A client without a secret.
    assert_eq!(verdict(store.clone(), &two.credentials, now()).await, refused);
    // The right one in its place again.
    fixture.execute(&format!("DELETE FROM secret WHERE client_id = {a}")).await;
    fixture.execute("INSERT INTO secret SELECT * FROM kept").await;
    assert_eq!(verdict(store.clone(), &one.credentials, now()).await, "ok");
    // The name of a key that is not there.
    fixture.execute(&format!("UPDATE secret SET key_id = 'x' WHERE client_id = {a}")).await;
    assert_eq!(verdict(store.clone(), &one.credentials, now()).await, refused);
}

async fn another_master_key_refuses_to_start(fixture: &Fixture) {
    let store = fixture.open().await;
    create(&store).await;
    store.close().await;
    let right = std::fs::read_to_string(fixture.key_file()).unwrap();
    let wrong = oauth1_server::credentials::seal::MasterKeys::random().unwrap();
    write_key(&fixture.key_file(), &wrong.to_text());
    let error = SqlCredentialStore::open(&fixture.settings).await.unwrap_err();
    assert!(matches!(error, OpenError::MasterKeyWrong { .. }), "{error}");
    assert!(!error.to_string().contains(wrong.to_text().trim()));
    // Behind the wrong one, the right one still opens everything.
    write_key(&fixture.key_file(), &format!("{}{right}", *wrong.to_text()));
    SqlCredentialStore::open(&fixture.settings).await.unwrap();
    std::fs::remove_file(fixture.key_file()).unwrap();
    let error = SqlCredentialStore::open(&fixture.settings).await.unwrap_err();
    match fixture.kind {
        Kind::Sqlite => assert!(matches!(error, OpenError::MasterKeyLost { .. }), "{error}"),
        Kind::Postgres => assert!(matches!(error, OpenError::Seal(_)), "{error}"),
    }
    assert!(!fixture.key_file().exists(), "a key was made for a database that has one");
    write_key(&fixture.key_file(), &right);
    SqlCredentialStore::open(&fixture.settings).await.unwrap();
}

async fn schemas_of_other_versions_are_refused(fixture: &Fixture) {
    fixture.open().await.close().await;
    let settings = &fixture.settings;
    assert_eq!(SqlCredentialStore::schema_version(settings).await.unwrap(), SchemaVersion::Current);
    // Doing it again changes nothing.
    SqlCredentialStore::migrate(settings).await.unwrap();
    let needed = SchemaVersion::NEEDED;
    let newer = format!("UPDATE oauth1_migration SET version = 99 WHERE version = {needed}");
    fixture.execute(&newer).await;
    let found = SqlCredentialStore::schema_version(settings).await.unwrap();
    assert_eq!(found, SchemaVersion::Newer { found: 99 });
    for error in [
        SqlCredentialStore::open(settings).await.unwrap_err(),
        SqlCredentialStore::migrate(settings).await.unwrap_err(),
    ] {
        assert!(matches!(error, OpenError::SchemaNewer { found: 99, .. }), "{error}");
    }
    fixture.execute("DELETE FROM oauth1_migration WHERE version = 99").await;
    let error = SqlCredentialStore::open(settings).await.unwrap_err();
    assert!(
        matches!(error, OpenError::SchemaOlder { found, .. } if found == needed - 1),
        "{error}"
    );
}

async fn hostile_identifiers_are_unknown(fixture: &Fixture) {
    let store = fixture.open().await;
    create(&store).await;
    let long = "x".repeat(100_000);
    for identifier in ["", "\0", "a\0b", "' OR 1=1 --", "%", "é\u{202e}", &long] {
        assert!(store.client(identifier).await.unwrap().is_none(), "{identifier:?}");
        assert!(store.token(identifier).await.unwrap().is_none(), "{identifier:?}");
    }
    store.ready().await.unwrap();
}

async fn every_change_is_audited(fixture: &Fixture) {
    let store = fixture.open().await;
    let keys = KeyService::new(store.clone());
    let name = create(&store).await.key.name;
    keys.set_enabled(&caller(), &name, false).await.unwrap();
    keys.set_enabled(&caller(), &name, true).await.unwrap();
    keys.rotate(&caller(), &name, Rotation::Both, Duration::ZERO).await.unwrap();
    keys.delete(&caller(), &name, None).await.unwrap();
    for action in ["key.create", "key.disable", "key.enable", "key.rotate", "key.delete"] {
        let sql = format!(
            "SELECT count(*) FROM audit WHERE action = '{action}' AND actor = 'test'
             AND address = '192.0.2.1' AND detail LIKE '%\"enabled\":%'"
        );
        assert_eq!(fixture.number(&sql).await, 1, "{action}");
    }
    // What was refused is not in it.
    assert!(keys.set_enabled(&caller(), &name, true).await.is_err());
    assert_eq!(fixture.number("SELECT count(*) FROM audit").await, 5);
}

async fn an_account_has_no_more_keys_than_it_may(fixture: &Fixture) {
    let store = fixture.open().await;
    fixture.execute("UPDATE account SET max_keys = 3").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let keys = KeyService::new(store.clone());
        tasks.spawn(async move { keys.create(&caller(), &NewKey::default()).await });
    }
    let made = tasks.join_all().await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 3);
    for error in made.iter().filter_map(|made| made.as_ref().err()) {
        assert!(matches!(error, ManagementError::LimitReached(3)), "{error}");
    }
    let keys = KeyService::new(store.clone());
    let key = keys.list(&caller(), &KeyFilter::default(), None, 1).await.unwrap().keys.remove(0);
    keys.delete(&caller(), &key.app_key, None).await.unwrap();
    keys.create(&caller(), &NewKey::default()).await.unwrap();
}
