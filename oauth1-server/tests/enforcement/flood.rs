//! T-MEM-1: whatever senders invent, what is kept of their refused requests has bounded room.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use http::{Method, Request};
use oauth1_core::{ClientCredentials, Timestamp};
use oauth1_server::{
    ClientRecord, Judgement, MemoryCredentialStore, MemoryNonceStore, PublicOrigin,
    RequestVerifier, usage::Usage,
};

use crate::{
    fixture::{Kind, now},
    world::{HOST, World, both},
};

#[tokio::test(flavor = "multi_thread")]
async fn t_mem_1_a_hundred_thousand_invented_requests_leave_few_rows() {
    both(flood).await;
}

async fn flood(world: World) {
    let known = world.id().to_owned();
    let credentials = MemoryCredentialStore::new();
    let client = ClientCredentials::new(known.as_str(), "secret");
    credentials.insert_client(ClientRecord::new(&client));
    let (usage, writer) = Usage::start(world.opened.store.clone(), Duration::from_millis(50));
    // What metrics have labels of.
    let labels = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = labels.clone();
    let verifier = RequestVerifier::new(
        PublicOrigin::new(&format!("https://{HOST}")).unwrap(),
        Arc::new(credentials),
        Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap()),
    );
    let time = now();
    let verifier = verifier
        .with_clock(move || Timestamp::from_seconds(time))
        .with_observer(usage.clone())
        .with_observer(move |judgement: &Judgement<'_>| {
            let name = judgement.outcome.map_or_else(oauth1_server::Refusal::name, |_| "ok");
            let method = judgement.signature_method.map_or("none", |method| method.as_str());
            let location = judgement.location.map_or("none", |location| location.as_str());
            seen.lock().unwrap().insert((name, method, location));
        });

    let mut of_the_first = None;
    for n in 0..REQUESTS {
        let refused = verifier.verify(invented(n, &known, time)).await;
        assert!(refused.is_err(), "{n}");
        if n % 10_000 != 9_999 {
            continue;
        }
        let statistics = usage.statistics();
        assert!(statistics.remembered == 0 && statistics.refusals <= 500, "{statistics:?}");
        rows_are_few(&world).await;
        let count = labels.lock().unwrap().len();
        assert_eq!(*of_the_first.get_or_insert(count), count, "labels came anew");
    }
    let statistics = usage.statistics();
    writer.finish(Duration::from_secs(30)).await;
    assert_eq!(statistics.failures, 0);
    assert!(statistics.dropped > u64::from(REQUESTS) / 2, "{statistics:?}");
    let names: BTreeSet<_> = labels.lock().unwrap().iter().map(|(name, ..)| *name).collect();
    for name in ["consumer_key_unknown", "signature_invalid", "token_rejected"] {
        assert!(names.contains(name), "{name} in {names:?}");
    }
    assert!(names.len() >= 5, "{names:?}");
    // The flood did get as far as the tables.
    let (without, with) = rows_are_few(&world).await;
    assert_eq!((without, with), (200, 50));
}

/// The rows without a key and with it; all of them are short.
async fn rows_are_few(world: &World) -> (i64, i64) {
    let number = async |sql: &str| world.fixture.number(sql).await;
    let without = number("SELECT count(*) FROM refusal WHERE client_id IS NULL").await;
    let with = number("SELECT count(*) FROM refusal WHERE client_id IS NOT NULL").await;
    assert!(without <= 200 && with <= 50, "{without} {with}");
    // Octets in one of the databases, characters in the other: they are all ASCII.
    let longest = match world.fixture.kind {
        Kind::Sqlite => "SELECT coalesce(max(length(method) + length(path) + length(detail)), 0)",
        Kind::Postgres => {
            "SELECT coalesce(max(length(method) + length(path) + length(detail)), 0)::bigint"
        }
    };
    let longest = number(&format!("{longest} FROM refusal")).await;
    assert!(longest < 24 * 1024, "{longest}");
    (without, with)
}

/// Refused for one reason or another; what is invented has 4 KiB, and is another each time.
fn invented(n: u32, known: &str, time: u64) -> Request<Body> {
    let long = |letter: char| format!("{letter}{n:08}").repeat(4096 / 9 + 1);
    let mut method = Method::GET;
    let mut uri = format!("https://{HOST}/v1/a");
    let mut client = format!("invented-{n}");
    let (mut token, mut nonce) = (format!("token-{n}"), format!("nonce-{n}"));
    let (mut signed_with, mut timestamp) = ("HMAC-SHA1".to_owned(), time);
    match n % 8 {
        0 => (client, token, nonce, signed_with) = (long('c'), long('t'), long('n'), long('s')),
        1 => client = long('c'),
        2 => nonce = long('n'),
        3 => (client, token) = (known.to_owned(), long('t')),
        4 => method = Method::from_bytes(long('M').as_bytes()).unwrap(),
        5 => timestamp -= 100_000,
        6 => {
            client = known.to_owned();
            uri +=
                &if n % 16 < 8 { format!("/{}", long('p')) } else { format!("?{}=1", long('q')) };
        }
        _ => (client, signed_with) = (known.to_owned(), long('s')),
    }
    // One kind without a token, so that a signature is compared.
    let token = if n % 8 == 6 { String::new() } else { format!("oauth_token=\"{token}\", ") };
    let header = format!(
        "OAuth oauth_consumer_key=\"{client}\", {token}oauth_nonce=\"{nonce}\", \
         oauth_timestamp=\"{timestamp}\", oauth_signature_method=\"{signed_with}\", \
         oauth_signature=\"{n:027}%3D\""
    );
    let request = Request::builder().method(method).uri(uri).header("host", HOST);
    request.header("authorization", header).body(Body::empty()).unwrap()
}

const REQUESTS: u32 = 100_000;
