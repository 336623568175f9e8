//! Another master key, beside running servers, and interrupted wherever it can be.

use oauth1_server::{
    credentials::{
        seal::{MasterKeySource, MasterKeys, SealError},
        sql::{NewMasterKey, OpenError, SqlCredentialStore, StoreSettings},
    },
    management::CreatedKey,
};

use crate::fixture::{Fixture, Kind, create, now, verdict, write_key};

/// More than two batches of secrets.
const KEYS: usize = 120;

async fn seeded(fixture: &Fixture) -> (SqlCredentialStore, Vec<CreatedKey>) {
    let store = fixture.open().await;
    fixture.execute("UPDATE account SET max_keys = 0").await;
    let mut keys = Vec::new();
    for _ in 0..KEYS {
        keys.push(create(&store).await);
    }
    (store, keys)
}

async fn all_verify(store: &SqlCredentialStore, keys: &[CreatedKey]) {
    for key in keys {
        assert_eq!(verdict(store.clone(), &key.credentials, now()).await, "ok");
    }
}

fn ids(fixture: &Fixture) -> Vec<String> {
    let text = std::fs::read_to_string(fixture.key_file()).unwrap();
    MasterKeys::parse(&text).unwrap().ids().map(str::to_owned).collect()
}

async fn interrupted_at_every_batch_it_goes_on(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let (server, keys) = seeded(&fixture).await;
    let before = ids(&fixture);
    let mut runs = 0;
    let rekeyed = loop {
        // A process of its own each time, which stops after one batch.
        let process = fixture.open().await;
        let rekeyed = process.rekey(NewMasterKey::Random, |_| false).await.unwrap();
        process.close().await;
        runs += 1;
        // The server knew only the old key when it started.
        all_verify(&server, &keys).await;
        all_verify(&fixture.open().await, &keys[..1]).await;
        if let Some(rekeyed) = rekeyed {
            break rekeyed;
        }
        assert_eq!(ids(&fixture).len(), 2, "the old key stays until the end");
    };
    assert!(runs > 2, "{runs} runs");
    assert!(rekeyed.resumed && rekeyed.file_written);
    assert_eq!(rekeyed.dropped.iter().map(|id| id.to_string()).collect::<Vec<_>>(), before);
    assert_eq!(ids(&fixture), [rekeyed.active.to_string()]);
    let others = format!("SELECT count(*) FROM secret WHERE key_id <> '{}'", rekeyed.active);
    assert_eq!(fixture.number(&others).await, 0);
    assert_eq!(fixture.number("SELECT count(*) FROM secret").await, 2 * KEYS as i64);
    all_verify(&server, &keys).await;
    // And new secrets of the running server are sealed with the new key.
    create(&server).await;
    assert_eq!(fixture.number(&others).await, 0);
}

async fn servers_write_while_it_runs(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let (server, mut keys) = seeded(&fixture).await;
    let process = fixture.open().await;
    let writing = tokio::spawn({
        let server = server.clone();
        async move {
            let mut made = Vec::new();
            for _ in 0..40 {
                made.push(create(&server).await);
            }
            made
        }
    });
    let rekeyed = process.rekey(NewMasterKey::Random, |_| true).await.unwrap().unwrap();
    assert!(!rekeyed.resumed);
    keys.extend(writing.await.unwrap());
    let others = format!("SELECT count(*) FROM secret WHERE key_id <> '{}'", rekeyed.active);
    assert_eq!(fixture.number(&others).await, 0);
    assert_eq!(ids(&fixture).len(), 1);
    all_verify(&server, &keys).await;
    all_verify(&fixture.open().await, &keys).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_interrupted() {
    interrupted_at_every_batch_it_goes_on(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_interrupted() {
    interrupted_at_every_batch_it_goes_on(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_written() {
    servers_write_while_it_runs(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_written() {
    servers_write_while_it_runs(Kind::Postgres).await;
}

#[tokio::test]
async fn stopped_before_the_database_names_the_new_key() {
    let fixture = Fixture::new(Kind::Sqlite).await.unwrap();
    let store = fixture.open().await;
    let key = create(&store).await;
    // The new key is in the file, and nothing else has happened.
    let old = std::fs::read_to_string(fixture.key_file()).unwrap();
    let new = MasterKeys::random().unwrap();
    write_key(&fixture.key_file(), &format!("{}{old}", *new.to_text()));
    // Writers still seal with the key that the database names.
    let process = fixture.open().await;
    create(&process).await;
    let named = format!("SELECT count(*) FROM secret WHERE key_id = '{}'", new.active_id());
    assert_eq!(fixture.number(&named).await, 0);
    let rekeyed = process.rekey(NewMasterKey::Random, |_| true).await.unwrap().unwrap();
    assert!(rekeyed.resumed);
    assert_eq!((&*rekeyed.active, rekeyed.secrets), (new.active_id(), 4));
    assert_eq!(fixture.number(&named).await, 4);
    assert_eq!(verdict(store, &key.credentials, now()).await, "ok");
}

#[tokio::test]
async fn a_given_key_and_keys_that_are_in_no_file() {
    let fixture = Fixture::new(Kind::Sqlite).await.unwrap();
    let store = fixture.open().await;
    let key = create(&store).await;
    let given = MasterKeys::random().unwrap();
    let text = given.to_text();
    let rekeyed = store.rekey(NewMasterKey::Given(given), |_| true).await.unwrap().unwrap();
    assert_eq!(ids(&fixture), [rekeyed.active.to_string()]);
    store.close().await;

    let with_text = |text: &str| StoreSettings {
        master_key: MasterKeySource::Text(text.to_owned().into()),
        ..fixture.settings.clone()
    };
    // One key that is in no file cannot be replaced; two mean that the first is to be the only one.
    let store = SqlCredentialStore::open(&with_text(&text)).await.unwrap();
    let error = store.rekey(NewMasterKey::Random, |_| true).await.unwrap_err();
    assert!(matches!(error, OpenError::Seal(SealError::NoSecondKey)), "{error}");
    let next = MasterKeys::random().unwrap();
    let both = format!("{}{}", *next.to_text(), *text);
    let store = SqlCredentialStore::open(&with_text(&both)).await.unwrap();
    let rekeyed = store.rekey(NewMasterKey::Random, |_| true).await.unwrap().unwrap();
    assert!(!rekeyed.file_written);
    assert_eq!(&*rekeyed.active, next.active_id());
    let store = SqlCredentialStore::open(&with_text(&next.to_text())).await.unwrap();
    assert_eq!(verdict(store, &key.credentials, now()).await, "ok");
}
