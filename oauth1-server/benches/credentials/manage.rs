//! What people and requests do with a store, whatever its size.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::Request;
use http_body_util::Full;
use oauth1_core::Signer;
use oauth1_server::{
    MemoryNonceStore, PublicOrigin, RequestVerifier,
    credentials::sql::{StoreSettings, open_credentials},
    management::{Caller, CreatedKey, KeyFilter, KeyOrder, KeyService, Management, NewKey},
};

use crate::{REAL, Scale, show};

/// Each kind of work and its median.
pub(crate) type Times = Vec<(&'static str, Duration)>;

pub(crate) async fn measure(scale: Scale, settings: &StoreSettings, real: &[CreatedKey]) -> Times {
    let opened = open_credentials(settings).await.unwrap();
    let keys = Management::new(opened.store.clone()).keys();
    let caller = Caller::system("bench");
    let mut times = Vec::new();

    let mut made = Vec::new();
    for _ in 0..scale.rounds {
        let start = Instant::now();
        keys.create(&caller, &NewKey::default()).await.unwrap();
        made.push(start.elapsed());
    }
    times.push(("create a key", median(made)));

    let order = |order| KeyFilter { order, ..KeyFilter::default() };
    let search = |text: &str| KeyFilter { search: Some(text.into()), ..KeyFilter::default() };
    let unique = real[REAL / 2].key.name.replace("key-", "");
    let account = |filter| KeyFilter { account: Some("default".into()), ..filter };
    for (name, filter) in [
        ("list the newest 50", KeyFilter::default()),
        ("list 50 of an account", account(KeyFilter::default())),
        ("list 50 by name", order(KeyOrder::Name)),
        ("list 50 by last use", order(KeyOrder::LastUsed)),
        ("list 50 by expiry", order(KeyOrder::Expires)),
        ("search a word that all keys have", search("fil")),
        ("search a word that one key has", search(&unique)),
        ("search two words", search(&format!("key {unique}"))),
    ] {
        let (first, second) = pages(scale, &keys, &caller, &filter).await;
        times.push((name, first));
        if let Some(second) = second.filter(|_| name == "list the newest 50") {
            times.push(("the page after it", second));
        }
    }
    for (name, filter) in [
        ("count what never ends", KeyFilter { never_expires: true, ..KeyFilter::default() }),
        ("count what is open to all", KeyFilter { open_to_all: true, ..KeyFilter::default() }),
        ("count what was idle", KeyFilter { unused_since: Some(1), ..KeyFilter::default() }),
        ("count what ends soon", KeyFilter { expires_before: Some(1), ..KeyFilter::default() }),
    ] {
        let filter = account(filter);
        let mut counted = Vec::new();
        for _ in 0..scale.rounds {
            let start = Instant::now();
            keys.count(&caller, &filter, 1000).await.unwrap();
            counted.push(start.elapsed());
        }
        times.push((name, median(counted)));
    }
    times.push(("show a key", show_one(scale, &keys, &caller, real).await));
    times.push(("verify a request", verify(scale, opened.cached.clone(), real).await));
    times.push((
        "verify, the key not cached",
        verify(scale, Arc::new(opened.store.clone()), real).await,
    ));
    opened.store.close().await;
    times
}

/// The first page, and the one after it.
async fn pages(
    scale: Scale,
    keys: &KeyService,
    caller: &Caller,
    filter: &KeyFilter,
) -> (Duration, Option<Duration>) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        let start = Instant::now();
        let page = keys.list(caller, filter, None, 50).await.unwrap();
        first.push(start.elapsed());
        assert!(!page.keys.is_empty());
        if let Some(next) = page.next {
            let start = Instant::now();
            let page = keys.list(caller, filter, Some(&next), 50).await.unwrap();
            second.push(start.elapsed());
            assert!(!page.keys.is_empty());
        }
    }
    (median(first), (!second.is_empty()).then(|| median(second)))
}

async fn show_one(
    scale: Scale,
    keys: &KeyService,
    caller: &Caller,
    real: &[CreatedKey],
) -> Duration {
    let mut times = Vec::new();
    for n in 0..scale.rounds {
        let key = &real[n * 7919 % REAL].key.name;
        let start = Instant::now();
        assert_eq!(keys.show(caller, key).await.unwrap().tokens.len(), 1);
        times.push(start.elapsed());
    }
    median(times)
}

/// Requests that are signed and verified, nonce and all.
async fn verify(
    scale: Scale,
    store: Arc<dyn oauth1_server::CredentialStore>,
    real: &[CreatedKey],
) -> Duration {
    let nonces = MemoryNonceStore::builder().first_start(true).build().unwrap();
    let origin = PublicOrigin::new("https://api.example.com").unwrap();
    let verifier = RequestVerifier::new(origin, store, Arc::new(nonces));
    let mut times = Vec::new();
    for n in 0..scale.rounds * 10 {
        let own = &real[n * 7919 % REAL].credentials;
        let signer = Signer::new(own.client.clone()).with_token(own.token.clone());
        let mut request = Request::get("https://api.example.com/1/me").body("").unwrap();
        signer.sign(&mut request).unwrap();
        request.headers_mut().insert("host", "api.example.com".parse().unwrap());
        let request = request.map(|_| Full::new(bytes::Bytes::new()));
        let start = Instant::now();
        let (_, verified) = verifier.verify(request).await.unwrap();
        times.push(start.elapsed());
        assert!(verified.is_some());
    }
    // The first ones fill the cache.
    median(times.split_off(scale.rounds * 2))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// One line for each kind of work, with the ratio of the two sizes.
pub(crate) fn print(managed: &[(&str, u64, Times)]) {
    println!();
    println!("| store | work | {} keys | {} keys | ratio |", managed[0].1, managed[1].1);
    println!("|---|---|---|---|---|");
    for pair in managed.chunks_exact(2) {
        for ((work, small), (_, large)) in pair[0].2.iter().zip(&pair[1].2) {
            let ratio = large.as_secs_f64() / small.as_secs_f64();
            println!(
                "| {} | {work} | {} | {} | {ratio:.2} |",
                pair[0].0,
                show(*small),
                show(*large)
            );
        }
    }
}
