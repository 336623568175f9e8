//! A fresh store for each test, and requests that are verified against it.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use http::Request;
use http_body_util::Full;
use oauth1_core::{ClientCredentials, Nonce, Signer, Stamp, Timestamp, TokenCredentials};
use oauth1_server::{
    CredentialStore, IssuedCredentials, MemoryNonceStore, PublicOrigin, Refusal, RequestVerifier,
    credentials::{
        seal::{MasterKeySource, MasterKeys},
        sql::{SqlCredentialStore, StoreSettings},
    },
    management::{Caller, CreatedKey, KeyService, NewKey},
};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use torture::services::Postgres;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A data directory, and a database that is in it or on a server.
pub struct Fixture {
    pub kind: Kind,
    pub settings: StoreSettings,
    pub dir: PathBuf,
}

impl Fixture {
    /// An empty database with its tables; `None` if there is no PostgreSQL here.
    pub async fn new(kind: Kind) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("oauth1_credentials_{}_{number}", std::process::id());
        let dir = std::env::temp_dir().join(&name);
        let mut settings = StoreSettings::embedded(&dir);
        if kind == Kind::Postgres {
            let server = postgres()?;
            fs::create_dir(&dir).unwrap();
            let mut admin = PgConnection::connect(&server.url()).await.unwrap();
            let sql = format!("CREATE DATABASE {name}");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
            let url = format!("postgres://postgres@{}/{name}", server.address());
            settings.database = Some(url.parse().unwrap());
            settings.master_key = MasterKeySource::File(dir.join("master.key"));
            write_key(&dir.join("master.key"), &MasterKeys::random().unwrap().to_text());
            SqlCredentialStore::migrate(&settings).await.unwrap();
        }
        Some(Self { kind, settings, dir })
    }

    pub async fn open(&self) -> SqlCredentialStore {
        SqlCredentialStore::open(&self.settings).await.unwrap()
    }

    pub fn key_file(&self) -> PathBuf {
        self.dir.join("master.key")
    }

    /// Runs a statement behind the store's back.
    pub async fn execute(&self, sql: &str) -> u64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.kind {
            Kind::Sqlite => {
                let mut c = SqliteConnection::connect(&self.url()).await.unwrap();
                let done = sqlx::query(sql).execute(&mut c).await.unwrap().rows_affected();
                c.close().await.unwrap();
                done
            }
            Kind::Postgres => {
                let mut c = PgConnection::connect(&self.url()).await.unwrap();
                sqlx::query(sql).execute(&mut c).await.unwrap().rows_affected()
            }
        }
    }

    /// The first column of the first row, a number.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.kind {
            Kind::Sqlite => {
                let mut c = SqliteConnection::connect(&self.url()).await.unwrap();
                sqlx::query(sql).fetch_one(&mut c).await.unwrap().get(0)
            }
            Kind::Postgres => {
                let mut c = PgConnection::connect(&self.url()).await.unwrap();
                sqlx::query(sql).fetch_one(&mut c).await.unwrap().get(0)
            }
        }
    }

    pub fn url(&self) -> String {
        match self.kind {
            Kind::Sqlite => format!("sqlite:{}", self.dir.join("credentials.sqlite3").display()),
            Kind::Postgres => {
                let name = self.dir.file_name().unwrap().to_str().unwrap();
                format!("postgres://postgres@{}/{name}", postgres().unwrap().address())
            }
        }
    }

    /// Everything that is at rest: the files of the database, or all of its rows.
    pub async fn at_rest(&self) -> Vec<u8> {
        let mut all = Vec::new();
        match self.kind {
            Kind::Sqlite => {
                for entry in fs::read_dir(&self.dir).unwrap() {
                    let path = entry.unwrap().path();
                    if path != self.key_file() {
                        all.extend(fs::read(path).unwrap());
                    }
                }
            }
            Kind::Postgres => {
                let mut c = PgConnection::connect(&self.url()).await.unwrap();
                let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
                for table in sqlx::query(tables).fetch_all(&mut c).await.unwrap() {
                    let table: String = table.get(0);
                    let sql = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
                    for row in sqlx::query(sql).fetch_all(&mut c).await.unwrap() {
                        all.extend(row.get::<String, _>(0).into_bytes());
                    }
                }
                // As they are in the rows, and not in hexadecimal.
                for sql in [
                    "SELECT sealed FROM secret",
                    "SELECT sealed FROM idempotency WHERE sealed IS NOT NULL",
                ] {
                    for row in sqlx::query(sql).fetch_all(&mut c).await.unwrap() {
                        all.extend(row.get::<Vec<u8>, _>(0));
                    }
                }
            }
        }
        all
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// One server for all tests of this program.
fn postgres() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
    let start = || match Postgres::start() {
        Ok(server) => Some(server),
        Err(missing) => {
            missing.skip();
            None
        }
    };
    SERVER.get_or_init(start).as_ref()
}

pub fn write_key(path: &std::path::Path, text: &str) {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

pub fn caller() -> Caller {
    Caller { address: Some("192.0.2.1".into()), ..Caller::system("test") }
}

pub async fn create(store: &SqlCredentialStore) -> CreatedKey {
    KeyService::new(store.clone()).create(&caller(), &NewKey::default()).await.unwrap()
}

/// A key with secrets that can be looked for.
pub async fn create_canary(store: &SqlCredentialStore) -> CreatedKey {
    let imported = (
        ClientCredentials::new("canary-client", CANARIES[0]),
        TokenCredentials::new("canary-token", CANARIES[1]),
    );
    let new = NewKey { imported: Some(imported), ..NewKey::default() };
    KeyService::new(store.clone()).create(&caller(), &new).await.unwrap()
}

pub const CANARIES: [&str; 2] = ["app+secret/canary=1&", "token secret canary é2"];

pub fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// The name of the refusal, or `"ok"`, of a request that is signed with these credentials at a time.
pub async fn verdict(
    store: impl CredentialStore + 'static,
    credentials: &IssuedCredentials,
    at: u64,
) -> &'static str {
    let verifier = RequestVerifier::new(
        PublicOrigin::new("https://api.example.com").unwrap(),
        Arc::new(store),
        Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap()),
    );
    let verifier = verifier.with_clock(move || Timestamp::from_seconds(at));
    let signer = Signer::new(credentials.client.clone()).with_token(credentials.token.clone());
    let mut request = Request::get("https://api.example.com/echo").body("").unwrap();
    let stamp = Stamp::new(Nonce::random().unwrap(), Timestamp::from_seconds(at).unwrap());
    signer.sign_at(&mut request, &stamp).unwrap();
    request.headers_mut().insert("host", "api.example.com".parse().unwrap());
    let request = request.map(|body| Full::new(bytes::Bytes::from_static(body.as_bytes())));
    match verifier.verify(request).await {
        Ok((_, Some(_))) => "ok",
        Ok((_, None)) => "unsigned",
        Err(Refusal::Explained(_)) => "explained",
        Err(refusal) => refusal.name(),
    }
}
