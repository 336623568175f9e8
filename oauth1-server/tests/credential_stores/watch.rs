//! What another process changes, and a database that goes away.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use oauth1_server::{
    CredentialStore,
    credentials::{
        cache::{CacheSettings, CachedCredentialStore},
        sql::{SqlCredentialStore, StoreSettings, open_credentials},
    },
    management::{KeyService, NewKey, Rotation},
};
use torture::services::Postgres;

use crate::fixture::{Fixture, Kind, caller, create, now, verdict, write_key};

type Cached = Arc<CachedCredentialStore<SqlCredentialStore>>;

/// A record that is only forgotten when the cache is told to.
const FOREVER: CacheSettings =
    CacheSettings { lifetime: Duration::from_secs(3600), records: 1000, unknown: 1000 };

/// A store for the verifier.
struct Shared(Cached);

impl CredentialStore for Shared {
    fn client<'a>(
        &'a self,
        identifier: &'a str,
    ) -> oauth1_server::BoxFuture<
        'a,
        Result<Option<oauth1_server::ClientRecord>, oauth1_server::StoreError>,
    > {
        self.0.client(identifier)
    }

    fn token<'a>(
        &'a self,
        identifier: &'a str,
    ) -> oauth1_server::BoxFuture<
        'a,
        Result<Option<oauth1_server::TokenRecord>, oauth1_server::StoreError>,
    > {
        self.0.token(identifier)
    }

    fn ready(&self) -> oauth1_server::BoxFuture<'_, Result<(), oauth1_server::StoreError>> {
        self.0.ready()
    }
}

async fn eventually(what: &str, check: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < Duration::from_secs(5), "not within 5 s: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn every_change_of_another_process_is_seen(kind: Kind) {
    let Some(mut fixture) = Fixture::new(kind).await else { return };
    fixture.settings.cache = FOREVER;
    let server = open_credentials(&fixture.settings).await.unwrap();
    let cached = &server.cached;
    let verdict = async |credentials: &_| verdict(Shared(cached.clone()), credentials, now()).await;
    let becomes = async |credentials: &_, what: &'static str| {
        eventually(what, async || verdict(credentials).await == what).await;
    };
    let process = fixture.open().await;
    let keys = KeyService::new(process.clone());

    let key = create(&process).await;
    let (name, credentials) = (key.key.name.clone(), key.credentials);
    becomes(&credentials, "ok").await;
    // The creation itself was told in the meantime.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(verdict(&credentials).await, "ok");
    // Nothing else has changed: all further lookups are answered from the cache.
    let reads = || cached.statistics().map(|statistics| statistics.reads);
    let before = reads();
    fixture.execute("UPDATE client SET last_used_at = 5, last_used_address = 'x'").await;
    for _ in 0..20 {
        assert_eq!(verdict(&credentials).await, "ok");
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    assert_eq!(reads(), before);

    keys.set_enabled(&caller(), &name, false).await.unwrap();
    becomes(&credentials, "consumer_key_refused").await;
    keys.set_enabled(&caller(), &name, true).await.unwrap();
    becomes(&credentials, "ok").await;
    let secret = oauth1_core::ClientCredentials::new(&key.key.app_key, "another");
    let wrong =
        oauth1_server::IssuedCredentials { client: secret, token: credentials.token.clone() };
    becomes(&wrong, "signature_invalid").await;
    keys.open_explain_window(&caller(), &name, Duration::from_secs(3600)).await.unwrap();
    becomes(&wrong, "explained").await;
    keys.close_explain_window(&caller(), &name).await.unwrap();
    becomes(&wrong, "signature_invalid").await;
    // By hand, behind all services.
    fixture.execute("UPDATE token SET revoked_at = 1").await;
    becomes(&credentials, "token_revoked").await;
    fixture.execute("UPDATE token SET revoked_at = NULL").await;
    becomes(&credentials, "ok").await;
    keys.rotate(&caller(), &name, Rotation::Both, Duration::ZERO).await.unwrap();
    becomes(&credentials, "signature_invalid").await;
    keys.delete(&caller(), &name, None).await.unwrap();
    becomes(&credentials, "consumer_key_unknown").await;

    // What was unknown and is cached as such.
    let client = oauth1_core::ClientCredentials::new("later", "a");
    let token = oauth1_core::TokenCredentials::new("later-token", "b");
    let issued = oauth1_server::IssuedCredentials { client, token };
    assert_eq!(verdict(&issued).await, "consumer_key_unknown");
    let imported = Some((issued.client.clone(), issued.token.clone()));
    keys.create(&caller(), &NewKey { imported, ..NewKey::default() }).await.unwrap();
    becomes(&issued, "ok").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    every_change_of_another_process_is_seen(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    every_change_of_another_process_is_seen(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_nobody_listened_is_seen_after_the_reconnect() {
    let Some(mut fixture) = Fixture::new(Kind::Postgres).await else { return };
    fixture.settings.cache = FOREVER;
    let server = open_credentials(&fixture.settings).await.unwrap();
    let process = fixture.open().await;
    let key = create(&process).await;
    let verdict = async || verdict(Shared(server.cached.clone()), &key.credentials, now()).await;
    eventually("ok", async || verdict().await == "ok").await;
    // In one statement, so that nobody hears of it.
    let ended = fixture
        .number(
            "WITH ended AS MATERIALIZED (
                 SELECT count(pg_terminate_backend(pid, 1000)) AS n FROM pg_stat_activity
                 WHERE query ILIKE 'LISTEN%' AND datname = current_database()
             ), changed AS (
                 UPDATE client SET enabled = FALSE FROM ended WHERE ended.n >= 0 RETURNING 1
             ) SELECT ended.n FROM ended, changed",
        )
        .await;
    assert_eq!(ended, 1);
    let refused = async || verdict().await == "consumer_key_refused";
    eventually("consumer_key_refused", refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_down_is_503_after_the_lifetime_and_never_401() {
    let mut database = match Postgres::start() {
        Ok(database) => database,
        Err(missing) => return missing.skip(),
    };
    let dir = std::env::temp_dir().join(format!("oauth1_credentials_down_{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("master.key");
    let random = oauth1_server::credentials::seal::MasterKeys::random().unwrap();
    write_key(&file, &random.to_text());
    let lifetime = Duration::from_secs(2);
    let settings = StoreSettings {
        database: Some(database.url().parse().unwrap()),
        master_key: oauth1_server::credentials::seal::MasterKeySource::File(file),
        max_connections: 4,
        cache: CacheSettings { lifetime, ..CacheSettings::default() },
        ..StoreSettings::embedded(&dir)
    };
    SqlCredentialStore::migrate(&settings).await.unwrap();
    let server = open_credentials(&settings).await.unwrap();
    let key = create(&server.store).await;
    let verdict = async || verdict(Shared(server.cached.clone()), &key.credentials, now()).await;
    let down = "credential_store_unavailable";
    for hang in [false, true] {
        eventually("ok", async || verdict().await == "ok").await;
        if hang {
            database.freeze().unwrap()
        } else {
            database.kill().unwrap()
        };
        let start = Instant::now();
        // From the cache for as long as it may, then 503: nothing else, and soon.
        loop {
            let asked = Instant::now();
            let verdict = verdict().await;
            assert!(asked.elapsed() < Duration::from_secs(10), "503 takes {:?}", asked.elapsed());
            match verdict {
                "ok" => assert!(asked.duration_since(start) <= lifetime, "served too long"),
                verdict => {
                    assert_eq!(verdict, down);
                    break;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(server.cached.ready().await.is_err());
        if hang {
            database.thaw().unwrap()
        } else {
            database.resume().unwrap()
        };
        eventually("ok", async || verdict().await == "ok").await;
        server.cached.ready().await.unwrap();
    }
    drop(server);
    let _ = std::fs::remove_dir_all(dir);
}
