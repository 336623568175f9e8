//! Ratios measured side by side in one run: how far signing and verifying are from the floor, the
//! HMAC-SHA1 of the finished base string with the key already set up.
//!
//! Rounds are interleaved and each contender keeps its median, so that a noisy machine disturbs
//! all of them alike. `cargo bench -p oauth1-core`
#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, time::Instant};

use hmac::{Hmac, KeyInit, Mac};
use oauth1_core::{
    ClientCredentials, Limits, Nonce, PresentedRequest, SharedSecret, SignableBody,
    SignableRequest, SignatureMethod, Signer, Stamp, Timestamp, TokenCredentials, VerificationKey,
};
use oauth1_request as peer;
use sha1::Sha1;

// The request of X's page "creating a signature".
const URL: &str = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true";
const FORM: &str = "status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21";
const CLIENT: (&str, &str) =
    ("xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw");
const TOKEN: (&str, &str) = (
    "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
);
const NONCE: &str = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg";
const TIME: u64 = 1_318_622_958;
const FORM_TYPE: Option<&str> = Some("application/x-www-form-urlencoded");

fn main() {
    // `cargo test --benches` runs this too: prove that it works, without measuring.
    let measuring = std::env::args().any(|arg| arg == "--bench");
    let rounds = if measuring { 301 } else { 1 };
    headline(rounds);
    growth(rounds.min(31));
}

fn headline(rounds: usize) {
    let signer = Signer::new(ClientCredentials::new(CLIENT.0, CLIENT.1))
        .with_token(TokenCredentials::new(TOKEN.0, TOKEN.1));
    let request = || {
        SignableRequest::new("POST", black_box(URL))
            .unwrap()
            .with_body(SignableBody::of(FORM_TYPE, FORM.as_bytes()))
    };
    let stamp = Stamp::new(Nonce::new(NONCE).unwrap(), Timestamp::from_seconds(TIME).unwrap());
    let explanation = signer.explain(&request(), &stamp).unwrap();
    let base_string = explanation.base_string().as_str().to_owned();
    assert_eq!(base_string.len(), 452);
    let header = signer.authorize_at(&request(), &stamp).unwrap().into_string();

    let key = format!("{}&{}", CLIENT.1, TOKEN.1);
    let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
    let prepared = signer.prepare(&request()).unwrap();
    let secret = SharedSecret::new;
    let verification_key = VerificationKey::shared(
        SignatureMethod::HmacSha1,
        &secret(CLIENT.1),
        Some(&secret(TOKEN.1)),
    )
    .unwrap();

    // oauth1-request is handed sorted, separate parameters and a URL without query, as it demands.
    let peer_token = peer::Token::from_parts(CLIENT.0, CLIENT.1, TOKEN.0, TOKEN.1);
    let peer_parameters = peer::ParameterList::new([
        ("include_entities", "true"),
        ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
    ]);
    let bare_url = URL.split('?').next().unwrap();
    let peer_sign = || {
        let mut builder = peer::Builder::<_, _>::with_token(peer_token, peer::HMAC_SHA1);
        builder.nonce(NONCE).timestamp(std::num::NonZeroU64::new(TIME).unwrap()).version(true);
        builder.post(bare_url, &peer_parameters)
    };
    let signature = |header: &str| {
        let from = header.find("oauth_signature=\"").unwrap();
        header[from..].split('"').nth(1).unwrap().to_owned()
    };
    assert_eq!(signature(&peer_sign()), signature(&header), "the peer signs the same request");

    let viewed = request();
    let verify = || {
        let request = black_box(viewed);
        let headers = [black_box(header.as_bytes())];
        let presented = PresentedRequest::parse(&request, &headers, Limits::default());
        presented.unwrap().unwrap().verify_signature(&verification_key).unwrap()
    };
    let results = interleaved(
        rounds,
        2000,
        &[
            ("floor: HMAC-SHA1 of the finished base string", &|| {
                let mut mac = mac.clone();
                mac.update(black_box(base_string.as_bytes()));
                black_box(mac.finalize());
            }),
            ("sign to finished header", &|| {
                black_box(signer.authorize_at(black_box(&viewed), black_box(&stamp)).unwrap());
            }),
            ("sign to finished header, URL text parsed first", &|| {
                black_box(signer.authorize_at(&request(), black_box(&stamp)).unwrap());
            }),
            ("sign with a prepared signer", &|| {
                black_box(prepared.authorize_at(black_box(&stamp)).unwrap());
            }),
            ("verify from header text to SignatureVerified", &|| {
                let _ = black_box(verify());
            }),
            ("oauth1-request 0.6: sign to finished header", &|| {
                black_box(peer_sign());
            }),
        ],
    );
    report("X's request, base string of 452 octets", &results);
}

fn growth(rounds: usize) {
    let signer = Signer::new(ClientCredentials::new("client", "secret"));
    let stamp = Stamp::new(Nonce::new("nonce").unwrap(), Timestamp::from_seconds(TIME).unwrap());
    let counts = [1, 10, 100, 1000];
    let urls = counts.map(|n| {
        // Names come in an order that has to be sorted.
        let pair = |i: usize| format!("p{:04}=value{i}", i * 7919 % 1000);
        let pairs: Vec<_> = (0..n).map(pair).collect();
        format!("https://api.example.com/path?{}", pairs.join("&"))
    });
    let sign = |url: &str| {
        let request = SignableRequest::new("GET", black_box(url)).unwrap();
        black_box(signer.authorize_at(&request, &stamp).unwrap());
    };
    let results = interleaved(
        rounds,
        20,
        &[
            ("1 parameter", &|| sign(&urls[0])),
            ("10 parameters", &|| sign(&urls[1])),
            ("100 parameters", &|| sign(&urls[2])),
            ("1,000 parameters", &|| sign(&urls[3])),
        ],
    );
    report("growth with the number of parameters", &results);

    let forms = [1, 4, 16].map(|n| format!("text={}", "a+b%2c".repeat(n * 65_536 / 6)));
    let sign = |form: &str| {
        let request = SignableRequest::new("POST", "https://api.example.com/upload")
            .unwrap()
            .with_body(SignableBody::of(FORM_TYPE, black_box(form.as_bytes())));
        black_box(signer.authorize_at(&request, &stamp).unwrap());
    };
    let results = interleaved(
        rounds,
        1,
        &[
            ("form body of 64 KiB", &|| sign(&forms[0])),
            ("form body of 256 KiB", &|| sign(&forms[1])),
            ("form body of 1 MiB", &|| sign(&forms[2])),
        ],
    );
    report("growth with the size of a form body", &results);
}

type Contender<'a> = (&'static str, &'a dyn Fn());

/// Median nanoseconds per call, the contenders taking turns in every round.
fn interleaved(
    rounds: usize,
    calls: u32,
    contenders: &[Contender<'_>],
) -> Vec<(&'static str, f64)> {
    let mut samples = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..rounds {
        for turn in 0..contenders.len() {
            let at = (turn + round) % contenders.len();
            let start = Instant::now();
            for _ in 0..calls {
                (contenders[at].1)();
            }
            samples[at].push(start.elapsed().as_nanos() as f64 / f64::from(calls));
        }
    }
    let median = |mut sample: Vec<f64>| {
        sample.sort_by(f64::total_cmp);
        sample[sample.len() / 2]
    };
    contenders.iter().zip(samples).map(|((name, _), sample)| (*name, median(sample))).collect()
}

fn report(title: &str, results: &[(&str, f64)]) {
    println!("\n{title}");
    println!("{:>12}  {:>8}", "ns per call", "ratio");
    for (name, time) in results {
        println!("{time:>12.0}  {:>7.2}×  {name}", time / results[0].1);
    }
}
