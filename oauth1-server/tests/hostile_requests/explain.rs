//! The explain window: its owner's developers hear the mistake, and nobody hears more than that.

use std::sync::{Arc, Mutex};

use oauth1_core::{ClientCredentials, Timestamp, TokenCredentials};
use oauth1_server::{
    AnswerProfile, ClientRecord, IdentityError, Judgement, MemoryCredentialStore, Refusal,
    TokenRecord,
};

use crate::support::{
    CLIENT_SECRET, Location, NOW, SECRETS, Server, Setup, Sign, TOKEN, TOKEN_SECRET, Wire,
    credentials, spellings,
};

/// Its window is open at [`NOW`] and no second longer.
const OPEN: &str = "ck-open";
const OPEN_TOKEN: &str = "tk-open";
const MINUTE: u64 = 60;

fn store() -> MemoryCredentialStore {
    let store = credentials();
    let client = ClientRecord::new(&ClientCredentials::new(OPEN, CLIENT_SECRET));
    let last = Timestamp::from_seconds(NOW + MINUTE).unwrap();
    store.insert_client(client.with_explanations_until(last));
    let token = TokenCredentials::new(OPEN_TOKEN, TOKEN_SECRET);
    store.insert_token(TokenRecord::new(&token, OPEN));
    store
}

async fn server(profile: AnswerProfile) -> Server {
    Server::with(Setup { profile, credentials: Arc::new(store()), ..Setup::default() }).await
}

/// A request of the client whose window is open.
fn open(location: Location) -> Wire {
    Wire::new(location).set("oauth_consumer_key", OPEN).set("oauth_token", OPEN_TOKEN)
}

/// Signed with another scheme than it is sent with.
fn other_scheme(wire: Wire) -> Wire {
    let origin = wire.origin.clone();
    let signed = Wire { origin: origin.replace("http:", "https:"), ..wire }.signed();
    Wire { origin, ..signed }
}

/// Signed with another scheme and without the query.
fn two_mistakes(wire: Wire) -> Wire {
    let query = wire.query.clone();
    let without = Wire { query: Vec::new(), ..wire };
    Wire { query, ..other_scheme(without) }
}

/// The advice, if the answer is otherwise that of a wrong signature.
async fn advice(server: &Server, wire: &Wire) -> Option<String> {
    let answer = server.send(wire).await;
    assert_eq!(answer.status, 401, "{wire}\n{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let report = answer.problem().unwrap();
    assert_eq!(report.problem().as_str(), "signature_invalid");
    let shown = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
    let right = [CLIENT_SECRET, TOKEN_SECRET];
    let right = Wire { sign: Sign::Correctly, ..wire.clone() }.with_secrets(right[0], right[1]);
    let secrets = SECRETS.iter().flat_map(|secret| spellings(secret));
    for hidden in secrets.chain(spellings(&right.signature())).filter(|text| text.len() > 1) {
        assert!(!shown.contains(&hidden), "{hidden}: {shown}");
    }
    report.detail("oauth_problem_advice").map(str::to_owned)
}

#[tokio::test]
async fn while_it_is_open_the_sender_hears_the_mistake_in_both_profiles() {
    for profile in [AnswerProfile::Minimal, AnswerProfile::Full] {
        let server = server(profile).await;
        for (second, location) in Location::ALL.into_iter().enumerate() {
            server.set_clock(NOW + second as u64);
            let told = advice(&server, &other_scheme(open(location))).await.unwrap();
            assert!(told.contains("(scheme; RFC 5849 section 3.4.1.2)"), "{told}");
        }
    }
}

#[tokio::test]
async fn two_mistakes_are_both_told() {
    let server = server(AnswerProfile::Minimal).await;
    let told = advice(&server, &two_mistakes(open(Location::Header))).await.unwrap();
    assert!(told.contains("(scheme; ") && told.contains("(query-left-out; "), "{told}");
}

#[tokio::test]
async fn a_wrong_secret_is_no_mistake_and_a_large_request_is_not_searched() {
    let server = server(AnswerProfile::Minimal).await;
    let wire = open(Location::Header).with_secrets(CLIENT_SECRET, "guessed");
    let told = advice(&server, &wire).await.unwrap();
    assert!(told.starts_with("no known mistake"), "{told}");
    server.set_clock(NOW + 1);
    let form = vec![format!("c={}", "3".repeat(9_000))];
    let wire = Wire { form: Some(form), ..open(Location::Form) };
    let told = advice(&server, &other_scheme(wire)).await.unwrap();
    assert!(told.contains("too large"), "{told}");
}

#[tokio::test]
async fn one_request_in_a_second_is_explained() {
    let server = server(AnswerProfile::Minimal).await;
    let told = async || advice(&server, &other_scheme(open(Location::Header))).await.unwrap();
    assert!(told().await.contains("(scheme; "));
    for _ in 0..3 {
        assert!(told().await.contains("one request in a second"));
    }
    server.set_clock(NOW + 1);
    assert!(told().await.contains("(scheme; "));
}

#[tokio::test]
async fn a_closed_window_and_other_clients_answer_as_ever() {
    let server = server(AnswerProfile::Minimal).await;
    let before = server.send(&other_scheme(Wire::new(Location::Header))).await.without_date();
    assert!(!before.contains("advice"), "{before}");
    let unknown = other_scheme(Wire::new(Location::Header).set("oauth_consumer_key", "nobody"));
    let of_another = open(Location::Header).set("oauth_token", TOKEN);
    let no_token = open(Location::Header).set("oauth_token", "nothing");
    for wire in [unknown, of_another, no_token] {
        assert_eq!(server.send(&wire).await.without_date(), before, "{wire}");
    }
    // To the last second, and no further.
    server.set_clock(NOW + MINUTE);
    assert!(advice(&server, &other_scheme(open(Location::Header))).await.is_some());
    server.set_clock(NOW + MINUTE + 1);
    let closed = server.send(&other_scheme(open(Location::Header))).await.without_date();
    assert_eq!(closed, before);
}

#[tokio::test]
async fn what_is_refused_for_other_reasons_is_not_searched_and_good_requests_pass() {
    let server = server(AnswerProfile::Minimal).await;
    let wire = open(Location::Header);
    server.accepts(&wire).await;
    let again = server.refuses(&wire, 401, "nonce_used").await;
    assert!(again.problem().unwrap().detail("oauth_problem_advice").is_none());
}

#[tokio::test]
async fn observers_are_told_of_a_wrong_signature() {
    static SEEN: Mutex<Vec<bool>> = Mutex::new(Vec::new());
    let configure = |verifier: oauth1_server::RequestVerifier| {
        verifier.with_observer(|judgement: &Judgement<'_>| {
            let wrong =
                matches!(judgement.outcome, Err(Refusal::Identity(IdentityError::Signature)));
            SEEN.lock().unwrap().push(wrong);
        })
    };
    let credentials = Arc::new(store());
    let server = Server::with(Setup { credentials, configure, ..Setup::default() }).await;
    assert!(advice(&server, &other_scheme(open(Location::Header))).await.is_some());
    assert_eq!(*SEEN.lock().unwrap(), [true]);
}

/// Many at once: each has an answer, few a search.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_within_one_second_is_answered_and_searched_once() {
    let server = Arc::new(server(AnswerProfile::Minimal).await);
    let senders = (0..32).map(|_| {
        let server = server.clone();
        tokio::spawn(async move {
            advice(&server, &other_scheme(open(Location::Header))).await.unwrap()
        })
    });
    let mut explained = 0;
    for sender in senders.collect::<Vec<_>>() {
        explained += usize::from(sender.await.unwrap().contains("(scheme; "));
    }
    assert_eq!(explained, 1);
}
