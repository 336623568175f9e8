//! Tables of an earlier version, with what people had in them.

use std::borrow::Cow;

use oauth1_server::{
    credentials::sql::{OpenError, SchemaVersion, SqlCredentialStore},
    management::{KeyFilter, Management},
};
use sqlx::{
    Connection, PgConnection, SqlSafeStr, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::SqliteConnectOptions,
};

use crate::fixture::{Fixture, Kind, caller};

fn first(sql: &'static str) -> Migrator {
    let migration = Migration::new(
        1,
        Cow::Borrowed("credentials"),
        MigrationType::Simple,
        sql.into_sql_str(),
        false,
    );
    let mut migrator = Migrator::with_migrations(vec![migration]);
    migrator.dangerous_set_table_name("oauth1_migration");
    migrator
}

/// The tables as the first version made them.
async fn make(fixture: &Fixture) {
    match fixture.kind {
        Kind::Sqlite => {
            std::fs::create_dir_all(&fixture.dir).unwrap();
            let path = fixture.dir.join("credentials.sqlite3");
            let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
            let mut c = SqliteConnection::connect_with(&options).await.unwrap();
            let sql = include_str!("../../migrations/sqlite/0001_credentials.sql");
            first(sql).run(&mut c).await.unwrap();
            c.close().await.unwrap();
        }
        Kind::Postgres => {
            let mut c = PgConnection::connect(&fixture.url()).await.unwrap();
            let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
            sqlx::raw_sql(empty).execute(&mut c).await.unwrap();
            let sql = include_str!("../../migrations/postgres/0001_credentials.sql");
            first(sql).run(&mut c).await.unwrap();
        }
    }
}

async fn an_older_version_is_brought_up_with_all_that_is_in_it(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    make(&fixture).await;
    let settings = &fixture.settings;
    let version = SqlCredentialStore::schema_version(settings).await.unwrap();
    assert_eq!(version, SchemaVersion::Older { found: 1 });
    let error = SqlCredentialStore::open(settings).await.unwrap_err();
    assert!(
        matches!(error, OpenError::SchemaOlder { found: 1, needed: SchemaVersion::NEEDED }),
        "{error}"
    );
    let account = "00000000-0000-7000-8000-000000000000";
    let end = 9_000_000_000_000_i64;
    let nothing = if kind == Kind::Sqlite { "x''" } else { "''" };
    for sql in [
        format!(
            "INSERT INTO client (id, account_id, identifier, name, display_name, created_at,
                 created_by, changed_at)
             VALUES ('c1', '{account}', 'key-1', 'Old-Bot', 'Old bot', 1, 'x', 1),
                    ('c2', '{account}', 'key-2', 'other', 'Other', 1, 'x', 1)"
        ),
        "INSERT INTO token (id, client_id, identifier, own, created_at, changed_at)
         VALUES ('t1', 'c1', 'token-1', TRUE, 1, 1)"
            .to_owned(),
        format!(
            "INSERT INTO secret (id, client_id, token_id, key_id, sealed, created_at, expires_at)
             VALUES ('s1', 'c1', NULL, 'k', {nothing}, 1, 8000),
                    ('s2', NULL, 't1', 'k', {nothing}, 1, {end})"
        ),
    ] {
        fixture.execute(&sql).await;
    }
    SqlCredentialStore::migrate(settings).await.unwrap();

    assert_eq!(fixture.number("SELECT max_keys FROM account").await, 100);
    let management = Management::new(fixture.open().await);
    let keys = management.keys();
    let search = KeyFilter { search: Some("old bot".into()), ..KeyFilter::default() };
    assert!(keys.list(&caller(), &search, None, 5).await.unwrap().keys.is_empty());
    for _ in 0..2 {
        management.begin().await.unwrap();
        assert_eq!(keys.list(&caller(), &search, None, 5).await.unwrap().keys.len(), 1);
    }
    let page = keys.list(&caller(), &KeyFilter::default(), None, 5).await.unwrap();
    let ends: Vec<_> =
        page.keys.iter().map(|key| (&*key.name, key.old_secret_expires_at)).collect();
    assert_eq!(ends, [("other", None), ("Old-Bot", Some(end))]);
    assert!(page.keys.iter().all(|key| !key.two_legged && key.attribute_methods == "POST"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    an_older_version_is_brought_up_with_all_that_is_in_it(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    an_older_version_is_brought_up_with_all_that_is_in_it(Kind::Postgres).await;
}
