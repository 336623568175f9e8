//! The embedded default: its directory, its files, and what happens when they are damaged.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::{FileExt, PermissionsExt},
    time::Duration,
};

use oauth1_server::{
    CredentialStore,
    credentials::{
        seal::{MasterKeySource, MasterKeys, SealError},
        sql::{OpenError, SqlCredentialStore, StoreSettings},
    },
    management::{KeyService, NewKey},
};

use crate::fixture::{Fixture, Kind, caller, create, now, verdict, write_key};

async fn fixture() -> Fixture {
    Fixture::new(Kind::Sqlite).await.unwrap()
}

#[tokio::test]
async fn the_first_start_makes_files_for_one_user_alone() {
    let fixture = fixture().await;
    assert!(!fixture.dir.exists());
    let store = fixture.open().await;
    create(&store).await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&fixture.dir), 0o700);
    let mut names = Vec::new();
    for entry in fs::read_dir(&fixture.dir).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(mode(&entry.path()), 0o600, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    let expected = [
        "credentials.lock",
        "credentials.sqlite3",
        "credentials.sqlite3-shm",
        "credentials.sqlite3-wal",
        "master.key",
    ];
    assert_eq!(names, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn first_starts_at_once_make_one_store() {
    let fixture = fixture().await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let settings = fixture.settings.clone();
        tasks.spawn(async move { SqlCredentialStore::open(&settings).await.unwrap() });
    }
    let stores = tasks.join_all().await;
    let key = create(&stores[0]).await;
    for store in stores {
        assert_eq!(verdict(store, &key.credentials, now()).await, "ok");
    }
}

#[tokio::test]
async fn a_master_key_that_others_can_read_is_refused_with_the_fix() {
    let fixture = fixture().await;
    fixture.open().await.close().await;
    for mode in [0o644, 0o640, 0o604, 0o660] {
        fs::set_permissions(fixture.key_file(), Permissions::from_mode(mode)).unwrap();
        let error = SqlCredentialStore::open(&fixture.settings).await.unwrap_err();
        assert!(matches!(error, OpenError::Seal(SealError::Exposed { .. })), "{error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    // systemd shows its list of rights as those of a group.
    fs::set_permissions(fixture.key_file(), Permissions::from_mode(0o440)).unwrap();
    let settings = StoreSettings {
        master_key: MasterKeySource::SystemdCredential(fixture.key_file()),
        ..fixture.settings.clone()
    };
    SqlCredentialStore::open(&settings).await.unwrap();
    fs::set_permissions(fixture.key_file(), Permissions::from_mode(0o400)).unwrap();
    fixture.open().await;
}

#[tokio::test]
async fn the_master_key_can_be_a_text() {
    let fixture = fixture().await;
    let text = MasterKeys::random().unwrap().to_text();
    let settings = StoreSettings {
        master_key: MasterKeySource::Text(text.clone()),
        ..fixture.settings.clone()
    };
    let store = SqlCredentialStore::open(&settings).await.unwrap();
    let key = create(&store).await;
    assert_eq!(verdict(store, &key.credentials, now()).await, "ok");
    assert!(!fixture.key_file().exists());
    assert!(!format!("{settings:?}").contains(text.trim()));
}

#[tokio::test]
async fn what_is_no_master_key_is_refused() {
    let fixture = fixture().await;
    fs::create_dir(&fixture.dir).unwrap();
    for text in ["", "# none\n", "canary", "AAAA", "\u{0}\u{1}", &"A".repeat(70_000)] {
        write_key(&fixture.key_file(), text);
        let error = SqlCredentialStore::open(&fixture.settings).await.unwrap_err();
        assert!(matches!(error, OpenError::Seal(_)), "{text:?}: {error}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let fixture = fixture().await;
    let store = fixture.open().await;
    for _ in 0..30 {
        create(&store).await;
    }
    store.close().await;
    let path = fixture.dir.join("credentials.sqlite3");
    let good = fs::read(&path).unwrap();
    let refused = async |what: &str| {
        let error = SqlCredentialStore::open(&fixture.settings).await.unwrap_err();
        assert!(matches!(error, OpenError::Damaged { .. }), "{what}: {error}");
        assert!(error.to_string().contains("backup"), "{error}");
    };
    // The header of each page in turn, of which SQLite sees that it cannot be.
    let file = File::options().write(true).open(&path).unwrap();
    let pages = good.len() / 4096;
    assert!(pages > 20);
    for page in 1..pages {
        let at = page * 4096;
        file.write_all_at(&[0xff; 64], at as u64).unwrap();
        refused(&format!("page {page}")).await;
        file.write_all_at(&good[at..at + 64], at as u64).unwrap();
    }
    fs::write(&path, "this is not a database, but long enough to be read as one".repeat(100))
        .unwrap();
    refused("no database").await;
    fs::write(&path, &good[..good.len() / 2]).unwrap();
    refused("half a database").await;
    fs::write(&path, &good).unwrap();
    fixture.open().await;
}

#[tokio::test]
async fn a_locked_database_is_read_and_not_written() {
    let fixture = fixture().await;
    let store = fixture.open().await;
    let key = create(&store).await;
    let pool = sqlx::SqlitePool::connect(&fixture.url()).await.unwrap();
    let lock = pool.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    assert_eq!(verdict(store.clone(), &key.credentials, now()).await, "ok");
    store.ready().await.unwrap();
    let keys = KeyService::new(store.clone());
    let caller = caller();
    let new = NewKey::default();
    let create = keys.create(&caller, &new);
    let outcome = tokio::time::timeout(Duration::from_secs(30), create).await;
    assert!(outcome.expect("it ends").is_err());
    lock.rollback().await.unwrap();
    keys.create(&caller, &new).await.unwrap();
}

#[tokio::test]
async fn urls() {
    let fixture = fixture().await;
    let other = fixture.dir.join("other.sqlite3");
    fs::create_dir(&fixture.dir).unwrap();
    let settings = StoreSettings {
        database: Some(format!("sqlite:{}", other.display()).parse().unwrap()),
        ..fixture.settings.clone()
    };
    let error = SqlCredentialStore::open(&settings).await.unwrap_err();
    assert!(matches!(error, OpenError::SchemaAbsent), "{error}");
    SqlCredentialStore::migrate(&settings).await.unwrap();
    let error = SqlCredentialStore::open(&settings).await.unwrap_err();
    assert!(matches!(error, OpenError::MasterKeyAbsent), "{error}");
    write_key(&fixture.key_file(), &MasterKeys::random().unwrap().to_text());
    SqlCredentialStore::open(&settings).await.unwrap();
    for bad in ["", "mysql://x", "/tmp/x", "http://canary"] {
        let error = bad.parse::<oauth1_server::credentials::sql::DatabaseUrl>().unwrap_err();
        assert!(matches!(error, OpenError::Url) && !error.to_string().contains("canary"));
    }
    let settings = StoreSettings {
        database: Some("postgres://user:canary@[bad/x".parse().unwrap()),
        ..fixture.settings.clone()
    };
    let error = SqlCredentialStore::open(&settings).await.unwrap_err();
    let printed = format!("{error} {error:?} {settings:?}");
    assert!(!printed.contains("canary"), "{printed}");
}
