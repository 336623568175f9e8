//! Looking up one of 1,000 and one of 1,000,000 keys, and opening such a store.
//!
//! `cargo bench -p oauth1-server --features sqlite,postgres --bench credentials`
//!
//! The keys that are looked up are real ones, and are read and unsealed; the others have secrets of
//! the same size that open nowhere. PostgreSQL is measured if it is installed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use oauth1_server::{
    CredentialStore,
    credentials::{
        seal::{MasterKeySource, MasterKeys},
        sql::{SqlCredentialStore, StoreSettings, open_credentials},
    },
    management::{Actor, KeyService, NewKey},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use torture::services::Postgres;

const SIZES: [u64; 2] = [1_000, 1_000_000];
/// Real keys among them.
const REAL: usize = 500;
const LOOKUPS: usize = 20_000;

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("oauth1-bench-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::main]
async fn main() {
    println!("| store | keys | open | read p50 | read p99 | cached p50 | cached p99 |");
    println!("|---|---|---|---|---|---|---|");
    for size in SIZES {
        let directory = Directory::new(&format!("sqlite-{size}"));
        let settings = StoreSettings::embedded(&directory.0);
        let real = real_keys(&settings).await;
        fill_sqlite(&directory.0, size - REAL as u64).await;
        measure("SQLite", size, &settings, &real).await;
    }
    match Postgres::start() {
        Err(missing) => missing.skip(),
        Ok(server) => {
            for size in SIZES {
                let directory = Directory::new(&format!("postgres-{size}"));
                fs::create_dir(&directory.0).unwrap();
                let settings = postgres_settings(&server, &directory.0, size).await;
                let real = real_keys(&settings).await;
                fill_postgres(&server, size).await;
                measure("PostgreSQL", size, &settings, &real).await;
            }
        }
    }
}

async fn real_keys(settings: &StoreSettings) -> Vec<(String, String)> {
    let store = SqlCredentialStore::open(settings).await.unwrap();
    let keys = KeyService::new(store.clone());
    let actor = Actor { name: "bench".into(), address: None };
    let mut real = Vec::new();
    for _ in 0..REAL {
        let created = keys.create(&actor, &NewKey::default()).await.unwrap();
        let token = created.credentials.token.identifier().to_owned();
        real.push((created.key.app_key, token));
    }
    store.close().await;
    real
}

async fn measure(name: &str, size: u64, settings: &StoreSettings, real: &[(String, String)]) {
    let start = Instant::now();
    let opened = open_credentials(settings).await.unwrap();
    opened.cached.ready().await.unwrap();
    let open = start.elapsed();
    // One lookup is a client and its token, as for each request.
    let time = async |store: &dyn CredentialStore| {
        for (client, token) in real {
            assert!(store.client(client).await.unwrap().is_some());
            assert!(store.token(token).await.unwrap().is_some());
        }
        let mut times = Vec::with_capacity(LOOKUPS);
        for n in 0..LOOKUPS {
            // A stride, so that neighbours are not read one after another.
            let (client, token) = &real[n * 7919 % real.len()];
            let start = Instant::now();
            assert!(store.client(client).await.unwrap().is_some());
            assert!(store.token(token).await.unwrap().is_some());
            times.push(start.elapsed());
        }
        times.sort();
        [times[LOOKUPS / 2], times[LOOKUPS * 99 / 100]]
    };
    let [read, read_99] = time(&opened.store).await;
    let [cached, cached_99] = time(&*opened.cached).await;
    println!(
        "| {name} | {size} | {} | {} | {} | {} | {} |",
        show(open),
        show(read),
        show(read_99),
        show(cached),
        show(cached_99)
    );
    opened.store.close().await;
}

fn show(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

async fn fill_sqlite(directory: &Path, count: u64) {
    let url = format!("sqlite:{}", directory.join("credentials.sqlite3").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let sql = format!(
        "DROP TRIGGER client_created; DROP TRIGGER token_created; DROP TRIGGER secret_created;
         BEGIN;
         CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS
             (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n;
         INSERT INTO client (id, account_id, identifier, name, display_name, created_at,
                 created_by, changed_at)
             SELECT printf('1%035x', i), '{ACCOUNT}', lower(hex(randomblob(16))),
                 printf('filler-%d', i), 'Filler', 1, 'bench', 1 FROM n;
         INSERT INTO token (id, client_id, identifier, own, created_at, changed_at)
             SELECT printf('2%035x', i), printf('1%035x', i), lower(hex(randomblob(16))), 1, 1, 1
             FROM n;
         INSERT INTO secret (id, client_id, key_id, sealed, created_at)
             SELECT printf('3%035x', i), printf('1%035x', i), '0123456789abcdef',
                 randomblob(67), 1 FROM n;
         INSERT INTO secret (id, token_id, key_id, sealed, created_at)
             SELECT printf('4%035x', i), printf('2%035x', i), '0123456789abcdef',
                 randomblob(67), 1 FROM n;
         COMMIT;"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn postgres_settings(server: &Postgres, directory: &Path, size: u64) -> StoreSettings {
    let mut admin = PgConnection::connect(&server.url()).await.unwrap();
    let sql = format!("CREATE DATABASE bench_{size}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
    let text = MasterKeys::random().unwrap().to_text();
    let settings = StoreSettings {
        database: Some(url(server, size).parse().unwrap()),
        master_key: MasterKeySource::Text(text),
        ..StoreSettings::embedded(directory)
    };
    SqlCredentialStore::migrate(&settings).await.unwrap();
    settings
}

async fn fill_postgres(server: &Postgres, size: u64) {
    let mut connection = PgConnection::connect(&url(server, size)).await.unwrap();
    let count = size - REAL as u64;
    let id = |kind: u8| format!("'{kind}' || lpad(to_hex(i), 35, '0')");
    let (client, token, secret, other) = (id(1), id(2), id(3), id(4));
    let sealed = "decode(repeat(md5(i::text), 4) || 'abcdef', 'hex')";
    let sql = format!(
        "SET session_replication_role = replica;
         INSERT INTO client (id, account_id, identifier, name, display_name, created_at,
                 created_by, changed_at)
             SELECT {client}, '{ACCOUNT}', md5('c' || i), 'filler-' || i, 'Filler', 1, 'bench', 1
             FROM generate_series(1, {count}) AS i;
         INSERT INTO token (id, client_id, identifier, own, created_at, changed_at)
             SELECT {token}, {client}, md5('t' || i), TRUE, 1, 1
             FROM generate_series(1, {count}) AS i;
         INSERT INTO secret (id, client_id, key_id, sealed, created_at)
             SELECT {secret}, {client}, '0123456789abcdef', {sealed}, 1
             FROM generate_series(1, {count}) AS i;
         INSERT INTO secret (id, token_id, key_id, sealed, created_at)
             SELECT {other}, {token}, '0123456789abcdef', {sealed}, 1
             FROM generate_series(1, {count}) AS i;
         ANALYZE;"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

fn url(server: &Postgres, size: u64) -> String {
    format!("postgres://postgres@{}/bench_{size}", server.address())
}

const ACCOUNT: &str = "00000000-0000-7000-8000-000000000000";
