//! Stores that are full of keys, made faster than keys are made one by one.

use std::path::Path;

use oauth1_server::credentials::{
    seal::{MasterKeySource, MasterKeys},
    sql::{SqlCredentialStore, StoreSettings},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use torture::services::Postgres;

use crate::REAL;

pub(crate) async fn sqlite(directory: &Path, count: u64) {
    let url = format!("sqlite:{}", directory.join("credentials.sqlite3").display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let sql = format!(
        "DROP TRIGGER client_created; DROP TRIGGER token_created; DROP TRIGGER secret_created;
         BEGIN;
         CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS
             (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n;
         INSERT INTO client (id, account_id, identifier, name, display_name, created_at,
                 created_by, changed_at, last_used_at, expires_at)
             SELECT printf('1%035x', i), '{ACCOUNT}', lower(hex(randomblob(16))),
                 printf('filler-%d', i), 'Filler', 1, 'bench', 1, i % 5000, 1800000000000 + i
             FROM n;
         INSERT INTO client_word (account_id, word, client_id)
             SELECT '{ACCOUNT}', 'filler', printf('1%035x', i) FROM n;
         INSERT INTO client_word (account_id, word, client_id)
             SELECT '{ACCOUNT}', printf('%d', i), printf('1%035x', i) FROM n;
         INSERT INTO token (id, client_id, identifier, own, created_at, changed_at)
             SELECT printf('2%035x', i), printf('1%035x', i), lower(hex(randomblob(16))), 1, 1, 1
             FROM n;
         INSERT INTO secret (id, client_id, key_id, sealed, created_at)
             SELECT printf('3%035x', i), printf('1%035x', i), '0123456789abcdef',
                 randomblob(67), 1 FROM n;
         INSERT INTO secret (id, token_id, key_id, sealed, created_at)
             SELECT printf('4%035x', i), printf('2%035x', i), '0123456789abcdef',
                 randomblob(67), 1 FROM n;
         COMMIT;
         PRAGMA wal_checkpoint(TRUNCATE);"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub(crate) async fn postgres_settings(
    server: &Postgres,
    directory: &Path,
    size: u64,
) -> StoreSettings {
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

pub(crate) async fn postgres(server: &Postgres, size: u64) {
    let mut connection = PgConnection::connect(&url(server, size)).await.unwrap();
    let count = size - REAL as u64;
    let id = |kind: u8| format!("'{kind}' || lpad(to_hex(i), 35, '0')");
    let (client, token, secret, other) = (id(1), id(2), id(3), id(4));
    let sealed = "decode(repeat(md5(i::text), 4) || 'abcdef', 'hex')";
    let sql = format!(
        "SET session_replication_role = replica;
         INSERT INTO client (id, account_id, identifier, name, display_name, created_at,
                 created_by, changed_at, last_used_at, expires_at)
             SELECT {client}, '{ACCOUNT}', md5('c' || i), 'filler-' || i, 'Filler', 1, 'bench', 1,
                 i % 5000, 1800000000000 + i FROM generate_series(1, {count}) AS i;
         INSERT INTO client_word (account_id, word, client_id)
             SELECT '{ACCOUNT}', 'filler', {client} FROM generate_series(1, {count}) AS i;
         INSERT INTO client_word (account_id, word, client_id)
             SELECT '{ACCOUNT}', i::text, {client} FROM generate_series(1, {count}) AS i;
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
