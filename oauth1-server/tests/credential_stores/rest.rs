//! T-REST and T-LOG-1: no secret is in the database or in the log.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use oauth1_server::management::{KeyService, Rotation};

use crate::fixture::{CANARIES, Fixture, Kind, caller, create_canary, now, verdict};

#[tokio::test(flavor = "multi_thread")]
async fn t_rest_no_secret_is_at_rest() {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        if let Some(fixture) = Fixture::new(kind).await {
            search(&fixture).await;
        }
    }
}

async fn search(fixture: &Fixture) {
    let store = fixture.open().await;
    let keys = KeyService::new(store.clone());
    let created = create_canary(&store).await;
    let hour = Duration::from_secs(3600);
    let rotated = keys.rotate(&caller(), &created.key.name, Rotation::Both, hour).await.unwrap();
    let fresh = [rotated.app_secret.unwrap(), rotated.token_secret.unwrap()];
    let secrets = CANARIES.into_iter().chain(fresh.iter().map(|secret| secret.expose()));
    let at_rest = fixture.at_rest().await;
    assert!(finds(&at_rest, "canary-client"), "what is at rest was not read");
    for secret in secrets {
        for spelling in spellings(secret) {
            assert!(!finds(&at_rest, &spelling), "{spelling:?} is at rest");
        }
    }
    // Nor is the master key, in any form.
    let master = std::fs::read_to_string(fixture.key_file()).unwrap();
    assert!(!finds(&at_rest, master.trim()));
    // What was deleted left nothing that would open.
    keys.delete(&caller(), &created.key.name, None).await.unwrap();
    assert_eq!(fixture.number("SELECT count(*) FROM secret").await, 0);
}

/// With all other tests of this program, which run at the same time, in the same log.
#[tokio::test(flavor = "multi_thread")]
async fn t_log_1_no_secret_is_logged_at_trace() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    subscriber.with_writer(log.clone()).with_ansi(false).init();
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(fixture) = Fixture::new(kind).await else { continue };
        let store = fixture.open().await;
        let keys = KeyService::new(store.clone());
        let created = create_canary(&store).await;
        assert_eq!(verdict(store.clone(), &created.credentials, now()).await, "ok");
        let hour = Duration::from_secs(3600);
        let rotated = keys.rotate(&caller(), "canary-client", Rotation::Both, hour).await.unwrap();
        assert_eq!(verdict(store.clone(), &created.credentials, now()).await, "ok");
        fixture.execute("UPDATE secret SET key_id = 'lost'").await;
        let lost = verdict(store.clone(), &created.credentials, now()).await;
        assert_eq!(lost, "credential_store_unavailable");
        let fresh = [rotated.app_secret.unwrap(), rotated.token_secret.unwrap()];
        let master = std::fs::read_to_string(fixture.key_file()).unwrap();
        let secrets = CANARIES.into_iter().chain(fresh.iter().map(|secret| secret.expose()));
        let log = log.0.lock().unwrap().clone();
        assert!(finds(&log, "FROM client c"), "statements are logged at trace");
        for secret in secrets.chain([master.trim()]) {
            for spelling in spellings(secret) {
                assert!(!finds(&log, &spelling), "{spelling:?} was logged");
            }
        }
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn spellings(secret: &str) -> Vec<String> {
    use base64::Engine;
    let standard = base64::engine::general_purpose::STANDARD.encode(secret);
    let url = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(secret);
    let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let percent = oauth1_core::percent_encoding::encode(secret).to_string();
    vec![secret.to_owned(), standard, url, hex.to_uppercase(), hex, percent]
}

fn finds(octets: &[u8], text: &str) -> bool {
    octets.windows(text.len()).any(|window| window == text.as_bytes())
}
