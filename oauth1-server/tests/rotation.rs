//! Two active secrets of a client and of a token, while one replaces the other.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::{Arc, Mutex};

use oauth1_core::{ClientCredentials, SharedSecret, TokenCredentials};
use oauth1_server::{ClientRecord, Judgement, MemoryCredentialStore, TokenRecord};
use support::{CLIENT, CLIENT_SECRET, Location, Server, Setup, TOKEN, TOKEN_SECRET, Wire};

fn signed_with(client: &str, token: &str) -> Wire {
    Wire { secrets: (client.into(), token.into()), ..Wire::new(Location::Header) }
}

#[tokio::test]
async fn each_pair_of_active_secrets_is_good_and_no_other() {
    let credentials = Arc::new(MemoryCredentialStore::new());
    let client = ClientRecord::new(&ClientCredentials::new(CLIENT, CLIENT_SECRET));
    let token = TokenRecord::new(&TokenCredentials::new(TOKEN, TOKEN_SECRET), CLIENT);
    let rotating = client.clone().with_other_secret(SharedSecret::new("client-2"));
    let rotating_token = token.clone().with_other_secret(SharedSecret::new("token-2"));
    let setup = Setup { credentials: credentials.clone(), ..Setup::default() };
    let server = Server::with(setup).await;
    let pairs = [
        (CLIENT_SECRET, TOKEN_SECRET),
        ("client-2", TOKEN_SECRET),
        (CLIENT_SECRET, "token-2"),
        ("client-2", "token-2"),
    ];
    // Records are replaced between requests; the keyed states of those before must not be used.
    for (client, token, good) in [
        (&client, &token, &pairs[..1]),
        (&rotating, &token, &pairs[..2]),
        (&rotating, &rotating_token, &pairs[..]),
        (&client, &rotating_token, &[pairs[0], pairs[2]]),
        (&client, &token, &pairs[..1]),
    ] {
        credentials.insert_client(client.clone());
        credentials.insert_token(token.clone());
        for _ in 0..2 {
            for pair in pairs {
                let wire = signed_with(pair.0, pair.1);
                if good.contains(&pair) {
                    server.accepts(&wire).await;
                } else {
                    server.refuses(&wire, 401, "signature_invalid").await;
                }
            }
            let wire = signed_with("client-2", "neither");
            server.refuses(&wire, 401, "signature_invalid").await;
        }
    }
}

#[tokio::test]
async fn the_observer_is_told_of_every_request() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    fn observe(judgement: &Judgement<'_>) {
        let outcome = judgement.outcome.map_or_else(|refusal| refusal.name(), |_| "ok");
        let method = judgement.signature_method.map(|method| method.as_str());
        let location = judgement.location.map(|location| location.to_string());
        SEEN.lock().unwrap().push(format!("{outcome} {method:?} {location:?}"));
    }
    let setup = Setup { configure: |verifier| verifier.with_observer(observe), ..Setup::default() };
    let server = Server::with(setup).await;
    let wire = Wire::new(Location::Query).signed();
    server.accepts(&wire).await;
    server.refuses(&wire, 401, "nonce_used").await;
    server.refuses(&signed_with("wrong", TOKEN_SECRET), 401, "signature_invalid").await;
    server.refuses(&Wire::with_authorization("OAuth x"), 400, "parameter_rejected").await;
    server.refuses(&Wire::unsigned(), 401, "").await;
    let seen = SEEN.lock().unwrap().clone();
    let method = r#"Some("HMAC-SHA1")"#;
    let expected = [
        format!(r#"ok {method} Some("query")"#),
        format!(r#"nonce_used {method} Some("query")"#),
        format!(r#"signature_invalid {method} Some("header")"#),
        "parameter_rejected None None".to_owned(),
        "ok None None".to_owned(),
    ];
    assert_eq!(seen, expected);
}
