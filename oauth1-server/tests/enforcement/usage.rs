//! Last uses, addresses and refusals: in the tables soon, never on the request's path, and in
//! bounded room.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use oauth1_core::{ClientCredentials, SignatureMethod, Signer, Timestamp};
use oauth1_server::{
    ClientRecord, MemoryCredentialStore, MemoryNonceStore, PublicOrigin, RequestVerifier,
    SignatureMethods,
    management::{KeyService, Rotation},
    usage::{Usage, UsageWriter},
};
use sha2::Digest;

use crate::{
    fixture::{CANARIES, Kind, caller, create_canary},
    world::{World, both, from},
};

/// The world with a writer that writes when it is told to end.
fn watched(mut world: World) -> (World, Usage, UsageWriter) {
    let (usage, writer) = Usage::start(world.opened.store.clone(), Duration::from_secs(3600));
    world.verifier = world.verifier.clone().with_observer(usage.clone());
    (world, usage, writer)
}

async fn finish(writer: UsageWriter) {
    writer.finish(Duration::from_secs(30)).await;
}

#[tokio::test]
async fn last_used_is_noted_by_the_minute_and_never_goes_back() {
    both(async |world| {
        let (world, usage, writer) = watched(world);
        let start = world.now() / 60 * 60;
        for (seconds, address) in [(61, "192.0.2.1"), (62, "192.0.2.2"), (119, "::ffff:192.0.2.1")]
        {
            world.set_clock(start + seconds);
            assert_eq!(world.send(from(world.signed("GET", "/a"), address)).await.status, 200);
        }
        assert_eq!(usage.statistics().remembered, 2);
        let number = async |sql: &str| world.fixture.number(sql).await;
        assert_eq!(number("SELECT count(*) FROM client WHERE last_used_at IS NULL").await, 1);
        finish(writer).await;
        let minute = i64::try_from((start + 60) * 1000).unwrap();
        for table in ["client", "token"] {
            let sql =
                format!("SELECT last_used_at FROM {table} WHERE last_used_address = '192.0.2.1'");
            assert_eq!(number(&sql).await, minute, "{table}");
        }
        assert_eq!(number("SELECT count(*) FROM client_address").await, 2);

        // A later one is in the table already: from another node, or by a clock that went back.
        let later = minute + 600_000;
        world.execute(&format!("UPDATE client SET last_used_at = {later}")).await;
        let (world, _, writer) = watched(world);
        assert_eq!(world.send(from(world.signed("GET", "/a"), "192.0.2.3")).await.status, 200);
        finish(writer).await;
        let number = async |sql: &str| world.fixture.number(sql).await;
        assert_eq!(number("SELECT last_used_at FROM client").await, later);
        let sql = "SELECT count(*) FROM client WHERE last_used_address = '192.0.2.1'";
        assert_eq!(number(sql).await, 1);
        assert_eq!(number("SELECT count(*) FROM client_address").await, 3);
    })
    .await;
}

#[tokio::test]
async fn c14_the_latest_16_addresses_of_a_key_are_kept() {
    both(async |world| {
        let start = world.now();
        let mut world = world;
        for round in 0..2u8 {
            let (next, _, writer) = watched(world);
            world = next;
            for n in 0..12u8 {
                world.set_clock(start + u64::from(round * 12 + n) * 60);
                let address = format!("192.0.2.{}", round * 12 + n);
                assert_eq!(world.send(from(world.signed("GET", "/a"), &address)).await.status, 200);
            }
            finish(writer).await;
        }
        let number = async |sql: &str| world.fixture.number(sql).await;
        assert_eq!(number("SELECT count(*) FROM client_address").await, 16);
        let oldest = "SELECT count(*) FROM client_address WHERE address = '192.0.2.7'";
        assert_eq!(number(oldest).await, 0);
        let sql =
            "SELECT count(*) FROM client_address WHERE address IN ('192.0.2.8', '192.0.2.23')";
        assert_eq!(number(sql).await, 2);
    })
    .await;
}

#[tokio::test]
async fn the_use_of_a_secret_that_is_being_replaced_is_noted() {
    both(async |world| {
        let (world, _, writer) = watched(world);
        let keys = KeyService::new(world.opened.store.clone());
        let grace = Duration::from_secs(3600);
        let rotated = keys.rotate(&caller(), world.id(), Rotation::AppSecret, grace).await.unwrap();
        world.opened.cached.forget_all();
        let new = ClientCredentials::with_secret(world.id(), rotated.app_secret.unwrap());
        let request = world.sign(world.request("GET", "/a"), &new, Some(&world.key.token));
        assert_eq!(world.send(request).await.json()["old_secret"], false);
        assert_eq!(world.get("/a").await.json()["old_secret"], true);
        finish(writer).await;
        let sql = "SELECT count(*) FROM client WHERE old_secret_used_at = last_used_at";
        assert_eq!(world.fixture.number(sql).await, 1);
    })
    .await;
}

#[tokio::test]
async fn refusals_are_kept_with_a_fix_and_without_secrets() {
    both(async |world| {
        let canary = create_canary(&world.opened.store).await.credentials;
        let (mut world, _, writer) = watched(world);
        let methods = SignatureMethods::hmac().with(SignatureMethod::Plaintext);
        world.verifier =
            world.verifier.clone().with_policy(oauth1_server::Policy::new().with_methods(methods));
        let path = "/v1/a?password=hunter2&page=7";
        let sent = world.sign(world.request("GET", path), &canary.client, Some(&canary.token));
        let genuine = sent.headers()["authorization"].to_str().unwrap().to_owned();
        // A wrong signature; a right one, used twice; the secrets themselves.
        let wrong = ClientCredentials::new("canary-client", "wrong");
        let forged = world.sign(world.request("GET", path), &wrong, Some(&canary.token));
        let forged_header = forged.headers()["authorization"].to_str().unwrap().to_owned();
        assert!(world.send(from(forged, "192.0.2.9")).await.is(401, "signature_invalid"));
        assert_eq!(world.send(sent).await.status, 200);
        let mut again = world.request("GET", path);
        again.headers_mut().insert("authorization", genuine.parse().unwrap());
        assert!(world.send(again).await.is(401, "nonce_used"));
        let mut plain = http::Request::get("https://api.example.com/v1/a").body("").unwrap();
        let signer = Signer::new(canary.client.clone()).with_method(SignatureMethod::Plaintext);
        signer.sign(&mut plain).unwrap();
        plain.headers_mut().insert("host", "api.example.com".parse().unwrap());
        let plain = plain.map(|_| axum::body::Body::empty());
        assert!(world.send(plain).await.is(400, "parameter_absent"), "it needs its token");
        let mut unknown = world.request("POST", "/v1/b");
        let header = genuine.replace("canary-client", "nobody");
        unknown.headers_mut().insert("authorization", header.parse().unwrap());
        assert!(world.send(unknown).await.is(401, "consumer_key_unknown"));
        finish(writer).await;

        let count = async |condition: &str| {
            let sql = "SELECT count(*) FROM refusal r LEFT JOIN client c ON c.id = r.client_id";
            world.fixture.number(&format!("{sql} WHERE {condition}")).await
        };
        assert_eq!(count("TRUE").await, 4);
        let known = "c.identifier = 'canary-client' AND r.detail LIKE '%\"fix\":%' AND reason = ";
        for (reason, more) in [
            ("signature_invalid", "address = '192.0.2.9' AND path = '/v1/a' AND method = 'GET'"),
            ("nonce_used", "address IS NULL AND detail LIKE '%password%page%'"),
            ("token_required", "detail LIKE '%PLAINTEXT%'"),
        ] {
            assert_eq!(count(&format!("{known}'{reason}' AND {more}")).await, 1, "{reason}");
        }
        assert_eq!(count("r.client_id IS NULL AND reason = 'consumer_key_unknown'").await, 1);
        assert_eq!(
            count("detail LIKE '%signature_sha256%' AND reason <> 'signature_invalid'").await,
            0
        );
        let signature = |header: &str| {
            let start = header.find("oauth_signature=\"").unwrap() + 17;
            header[start..]
                .split('"')
                .next()
                .unwrap()
                .replace("%3D", "=")
                .replace("%2B", "+")
                .replace("%2F", "/")
        };
        let presented = format!("detail LIKE '%{}%'", signature(&forged_header));
        assert_eq!(count(&presented).await, 0, "it may be right for another request");
        let hash = sha2::Sha256::digest(signature(&forged_header));
        let hash: String = hash.iter().map(|octet| format!("{octet:02x}")).collect();
        let recognized = format!("detail LIKE '%\"signature_sha256\":\"{hash}\"%'");
        assert_eq!(count(&recognized).await, 1);
        let [app, token] = CANARIES;
        for secret in [app, token, "hunter2", "app%2Bsecret", &signature(&genuine)] {
            // Not as a pattern: some of them hold a percent sign.
            let found = match world.fixture.kind {
                Kind::Sqlite => format!("instr(detail, '{secret}') > 0"),
                Kind::Postgres => format!("strpos(detail, '{secret}') > 0"),
            };
            assert_eq!(count(&found).await, 0, "{secret}");
        }
    })
    .await;
}

#[tokio::test]
async fn t_mem_1_a_flood_of_refused_requests_fills_neither_memory_nor_tables() {
    both(async |world| {
        let (mut world, mut usage, mut writer) = watched(world);
        for round in 0..8 {
            let wrong = ClientCredentials::new(world.id(), "wrong");
            for n in 0..200 {
                let invented = ClientCredentials::new(format!("{:0>1000}", round * 1000 + n), "x");
                for client in [&wrong, &invented] {
                    let request = world.sign(world.request("GET", "/a"), client, None);
                    assert_eq!(world.send(request).await.status, 401);
                }
            }
            let statistics = usage.statistics();
            assert_eq!(statistics.remembered, 0);
            assert_eq!(statistics.refusals, 10 + 40);
            assert_eq!(statistics.dropped, 400 - 50);
            finish(writer).await;
            (world, usage, writer) = watched(world);
        }
        let number = async |sql: &str| world.fixture.number(sql).await;
        assert_eq!(number("SELECT count(*) FROM refusal WHERE client_id IS NOT NULL").await, 50);
        assert_eq!(number("SELECT count(*) FROM refusal WHERE client_id IS NULL").await, 200);
        drop(writer);
    })
    .await;
}

#[tokio::test]
async fn requests_go_on_and_nothing_is_lost_while_the_tables_cannot_be_written() {
    both(async |world| {
        let (usage, writer) = Usage::start(world.opened.store.clone(), Duration::from_millis(20));
        let mut world = world;
        world.verifier = world.verifier.clone().with_observer(usage.clone());
        world.execute("ALTER TABLE client RENAME COLUMN last_used_at TO elsewhere").await;
        // From the cache from here on.
        let mut served = 0;
        let start = Instant::now();
        while usage.statistics().failures < 3 {
            served += u32::from(world.get("/a").await.status == 200);
            // The writer is on this thread as well.
            tokio::time::sleep(Duration::from_millis(5)).await;
            assert!(start.elapsed() < Duration::from_secs(20), "no failure was counted");
        }
        assert!(served > 0);
        assert_eq!(world.get("/a").await.status, 200);
        world.execute("ALTER TABLE client RENAME COLUMN elsewhere TO last_used_at").await;
        finish(writer).await;
        let sql = "SELECT count(*) FROM client WHERE last_used_at IS NOT NULL";
        assert_eq!(world.fixture.number(sql).await, 1);
    })
    .await;
}

/// Each key is used once in each of two minutes. `--nocapture` shows how long a batch takes.
#[tokio::test]
async fn ten_thousand_keys_a_minute() {
    const KEYS: u64 = 10_000;
    both(async |world| {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
                   INSERT INTO client (id, account_id, identifier, name, display_name, created_at,
                       created_by, changed_at)
                   SELECT 'c' || i, a.id, 'k' || i, 'k' || i, 'k', 0, 'test', 0 FROM n, account a";
        world.fixture.execute(sql).await;
        // Only the identifiers matter to the writer.
        let credentials = MemoryCredentialStore::new();
        let keys: Vec<_> =
            (0..KEYS).map(|n| ClientCredentials::new(format!("k{n}"), "secret")).collect();
        for key in &keys {
            credentials.insert_client(ClientRecord::new(key));
        }
        let (mut world, usage, writer) = watched(world);
        let origin = PublicOrigin::new("https://api.example.com").unwrap();
        let nonces = MemoryNonceStore::builder().first_start(true).build().unwrap();
        let time = Arc::new(AtomicU64::new(world.now()));
        let clock = time.clone();
        world.verifier = RequestVerifier::new(origin, Arc::new(credentials), Arc::new(nonces))
            .with_observer(usage)
            .with_clock(move || Timestamp::from_seconds(clock.load(Ordering::SeqCst)));
        let mut writer = Some(writer);
        for minute in 0..2 {
            let at = world.now() + minute * 60;
            time.store(at, Ordering::SeqCst);
            world.set_clock(at);
            for (n, key) in keys.iter().enumerate() {
                let request = world.sign(world.request("GET", "/a"), key, None);
                let address = format!("192.0.{}.{}", n / 256, n % 256);
                assert_eq!(world.send(from(request, &address)).await.status, 200);
            }
            let start = Instant::now();
            finish(writer.take().unwrap()).await;
            println!(
                "{:?}: {KEYS} keys and addresses in {:?}",
                world.fixture.kind,
                start.elapsed()
            );
            let sql =
                format!("SELECT count(*) FROM client WHERE last_used_at = {}", at / 60 * 60 * 1000);
            assert_eq!(world.fixture.number(&sql).await, KEYS as i64);
            let (usage, next) = Usage::start(world.opened.store.clone(), Duration::from_secs(3600));
            world.verifier = world.verifier.clone().with_observer(usage);
            writer = Some(next);
        }
    })
    .await;
}
