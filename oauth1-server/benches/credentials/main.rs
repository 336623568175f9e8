//! The same work among 1,000 and among 1,000,000 keys: looking one up, opening the store, making
//! one, listing, searching and verifying.
//!
//! `cargo bench -p oauth1-server --features sqlite,postgres --bench credentials`
//!
//! The keys that are looked up are real ones, and are read and unsealed; the others have secrets of
//! the same size that open nowhere. PostgreSQL is measured if it is installed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fill;
mod manage;

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use oauth1_server::{
    CredentialStore,
    credentials::sql::{SqlCredentialStore, StoreSettings, open_credentials},
    management::{AccountChange, Caller, CreatedKey, Management, NewKey},
};
use torture::services::Postgres;

/// Real keys among them.
pub(crate) const REAL: usize = 500;

/// How much is done; little when it is only to be seen that all of it runs.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    sizes: [u64; 2],
    lookups: usize,
    pub(crate) rounds: usize,
}

impl Scale {
    fn chosen() -> Self {
        if std::env::args().any(|argument| argument == "--test") {
            Self { sizes: [1_000, 2_000], lookups: 500, rounds: 5 }
        } else {
            Self { sizes: [1_000, 1_000_000], lookups: 20_000, rounds: 300 }
        }
    }
}

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
    let scale = Scale::chosen();
    println!("| store | keys | open | read p50 | read p99 | cached p50 | cached p99 |");
    println!("|---|---|---|---|---|---|---|");
    let mut managed = Vec::new();
    for size in scale.sizes {
        let directory = Directory::new(&format!("sqlite-{size}"));
        let settings = StoreSettings::embedded(&directory.0);
        let real = real_keys(&settings).await;
        fill::sqlite(&directory.0, size - REAL as u64).await;
        measure("SQLite", size, scale, &settings, &real).await;
        managed.push(("SQLite", size, manage::measure(scale, &settings, &real).await));
    }
    match Postgres::start() {
        Err(missing) => missing.skip(),
        Ok(server) => {
            for size in scale.sizes {
                let directory = Directory::new(&format!("postgres-{size}"));
                fs::create_dir(&directory.0).unwrap();
                let settings = fill::postgres_settings(&server, &directory.0, size).await;
                let real = real_keys(&settings).await;
                fill::postgres(&server, size).await;
                measure("PostgreSQL", size, scale, &settings, &real).await;
                managed.push(("PostgreSQL", size, manage::measure(scale, &settings, &real).await));
            }
        }
    }
    manage::print(&managed);
}

async fn real_keys(settings: &StoreSettings) -> Vec<CreatedKey> {
    let store = SqlCredentialStore::open(settings).await.unwrap();
    let (management, caller) = (Management::new(store.clone()), Caller::system("bench"));
    let any = AccountChange { max_keys: Some(0), ..AccountChange::default() };
    management.update_account(&caller, None, &any, None).await.unwrap();
    let keys = management.keys();
    let mut real = Vec::new();
    for _ in 0..REAL {
        real.push(keys.create(&caller, &NewKey::default()).await.unwrap());
    }
    store.close().await;
    real
}

async fn measure(
    name: &str,
    size: u64,
    scale: Scale,
    settings: &StoreSettings,
    real: &[CreatedKey],
) {
    let start = Instant::now();
    let opened = open_credentials(settings).await.unwrap();
    opened.cached.ready().await.unwrap();
    let open = start.elapsed();
    // One lookup is a client and its token, as for each request.
    let time = async |store: &dyn CredentialStore| {
        let identifiers = |key: &CreatedKey| {
            let own = &key.credentials;
            (own.client.identifier().to_owned(), own.token.identifier().to_owned())
        };
        let real: Vec<_> = real.iter().map(identifiers).collect();
        for (client, token) in &real {
            assert!(store.client(client).await.unwrap().is_some());
            assert!(store.token(token).await.unwrap().is_some());
        }
        let mut times = Vec::with_capacity(scale.lookups);
        for n in 0..scale.lookups {
            // A stride, so that neighbours are not read one after another.
            let (client, token) = &real[n * 7919 % real.len()];
            let start = Instant::now();
            assert!(store.client(client).await.unwrap().is_some());
            assert!(store.token(token).await.unwrap().is_some());
            times.push(start.elapsed());
        }
        times.sort();
        [times[scale.lookups / 2], times[scale.lookups * 99 / 100]]
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
