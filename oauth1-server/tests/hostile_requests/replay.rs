//! Rows 45 to 51: nonces (section 3.3) and replay (section 3.2).

use std::sync::Arc;

use oauth1_core::percent_encoding::encode;
use oauth1_server::MemoryNonceStore;

use crate::support::{
    CLIENT_SECRET, Location, NOW, OTHER_CLIENT, Server, Setup, Sign, TOKEN_SECRET, Wire, send,
};

#[tokio::test]
async fn row_45_sent_twice() {
    let server = Server::start().await;
    for location in Location::ALL {
        let wire = Wire::new(location);
        server.accepts(&wire).await;
        for later in [0, 1, 300] {
            server.set_clock(NOW + later);
            server.refuses(&wire, 401, "nonce_used").await;
        }
        server.set_clock(NOW + 301);
        server.refuses(&wire, 401, "timestamp_refused").await;
        server.set_clock(NOW);
        server.refuses(&wire, 401, "nonce_used").await;
    }
}

#[tokio::test]
async fn row_46_the_nonce_in_another_spelling() {
    let server = Server::start().await;
    for location in Location::ALL {
        let wire = Wire::new(location).set("oauth_nonce", format!("n1-{location:?}"));
        server.accepts(&wire).await;
        for alias in ["n%31-", "%6E1-", "%6e%31%2D", "n1%2d"] {
            let alias = format!("{alias}{location:?}");
            server.refuses(&wire.clone().set("oauth_nonce", alias), 401, "nonce_used").await;
        }
    }
}

#[tokio::test]
async fn row_47_t_realm_the_same_request_in_another_form() {
    let server = Server::start().await;
    let wire = Wire::new(Location::Header).set("oauth_nonce", "row-47");
    server.accepts(&wire).await;
    let realm = Wire { prefix: "OAuth realm=\"elsewhere\", ".into(), ..wire.clone() };
    let mut reversed = wire.clone();
    reversed.protocol.reverse();
    let spaced = Wire { separator: " ,\t".into(), ..wire.clone() };
    let query = Wire { location: Location::Query, ..wire.clone() };
    let signature = encode(&wire.signature()).replace("%2B", "%2b").replace("%3D", "%3d");
    let lower_case_escapes = wire.clone().sign(Sign::As(signature));
    for wire in [realm, reversed, spaced, query, lower_case_escapes] {
        server.refuses(&wire, 401, "nonce_used").await;
    }
    // The method is signed, so a body needs a POST to start from.
    let header = Wire { method: "POST".into(), ..Wire::new(Location::Header) };
    server.accepts(&header).await;
    let form = Some(vec![]);
    let body = Wire { location: Location::Form, form, ..header };
    server.refuses(&body, 401, "nonce_used").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn row_48_64_copies_in_parallel() {
    let server = Server::start().await;
    for location in Location::ALL {
        let octets = Arc::new(Wire::new(location).render());
        let barrier = Arc::new(tokio::sync::Barrier::new(64));
        let mut copies = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let (octets, barrier, address) = (octets.clone(), barrier.clone(), server.address);
            copies.spawn(async move {
                barrier.wait().await;
                send(address, &octets).await
            });
        }
        let answers = copies.join_all().await;
        let accepted = answers.iter().filter(|answer| answer.status == 200).count();
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.is_refusal(401, "nonce_used", "one of 64 copies");
        }
        assert_eq!((answers.len(), accepted), (64, 1), "{location:?}");
    }
}

#[tokio::test]
async fn row_49_t_burn_a_forged_copy_first() {
    let server = Server::start().await;
    for location in Location::ALL {
        let wire = Wire::new(location);
        let forged = wire.clone().with_secrets(CLIENT_SECRET, "guessed");
        server.refuses(&forged, 401, "signature_invalid").await;
        server.accepts(&wire).await;
        server.refuses(&wire, 401, "nonce_used").await;
    }
}

#[tokio::test]
async fn row_50_long_nonces() {
    let server = Server::start().await;
    for length in [257, 4 * 1024] {
        for wire in Wire::everywhere(|wire| wire.set("oauth_nonce", "n".repeat(length))) {
            let answer = server.refuses(&wire, 400, "parameter_rejected").await;
            let rejected = answer.problem().unwrap();
            assert_eq!(rejected.detail("oauth_parameters_rejected"), Some("oauth_nonce"));
        }
    }
    for location in Location::ALL {
        let nonce = format!("{:n<256}", format!("{location:?}"));
        server.accepts(&Wire::new(location).set("oauth_nonce", nonce)).await;
    }
}

#[tokio::test]
async fn row_51_t_nul_control_characters() {
    let server = Server::start().await;
    for control in ["%00", "%0d%0a", "a%00b", "a%0D%0ASet-Cookie%3A%20x", "%7F", "%1b[2J", "%C2%85"]
    {
        for name in ["oauth_nonce", "oauth_consumer_key", "oauth_token", "oauth_callback"] {
            for wire in Wire::everywhere(|wire| wire.set(name, control)) {
                server.refuses(&wire, 400, "parameter_rejected").await;
            }
        }
    }
    assert_eq!(server.verifier.signatures_computed(), 0);
}

#[tokio::test]
async fn t_scope_n_a_nonce_is_used_by_one_client_token_and_timestamp() {
    let server = Server::start().await;
    let wire =
        |change: fn(Wire) -> Wire| change(Wire::new(Location::Header).set("oauth_nonce", "n"));
    let other_client: fn(Wire) -> Wire = |wire| {
        let wire = wire.set("oauth_consumer_key", OTHER_CLIENT);
        wire.without("oauth_token").with_secrets(CLIENT_SECRET, "")
    };
    let no_token: fn(Wire) -> Wire =
        |wire| wire.without("oauth_token").with_secrets(CLIENT_SECRET, "");
    let later: fn(Wire) -> Wire = |wire| wire.set("oauth_timestamp", (NOW + 1).to_string());
    for change in [|wire| wire, other_client, no_token, later] {
        server.accepts(&wire(change)).await;
        server.refuses(&wire(change), 401, "nonce_used").await;
    }
}

#[tokio::test]
async fn t_mem_1_unsigned_requests_record_nothing() {
    let nonces = Arc::new(MemoryNonceStore::builder().first_start(true).build().unwrap());
    let server = Server::with(Setup { nonces: nonces.clone(), ..Setup::default() }).await;
    let unique = |i: usize, length: usize| format!("{i}-{}", "x".repeat(length));
    for i in 0..200 {
        for location in Location::ALL {
            let wire = Wire::new(location).with_secrets("guessed", "guessed");
            let wrong = server.send(&wire.clone().set("oauth_nonce", unique(i, 200))).await;
            assert_eq!(wrong.status, 401);
            for name in ["oauth_signature_method", "oauth_consumer_key", "oauth_token"] {
                let answer = server.send(&wire.clone().set(name, unique(i, 3_000))).await;
                assert!(matches!(answer.status, 400 | 401), "{answer:?}");
            }
        }
    }
    assert_eq!(nonces.len(), 0);
    server.accepts(&Wire::new(Location::Header)).await;
    assert_eq!(nonces.len(), 1);
}

#[tokio::test]
async fn t_retry_a_nonce_stays_used_when_the_handler_is_not_reached() {
    let policy = oauth1_server::Policy::new();
    let configure: fn(_) -> _ = |verifier: oauth1_server::RequestVerifier| {
        verifier.with_authorizer(|_: &http::request::Parts, _: &oauth1_server::VerifiedRequest| {
            oauth1_server::Permission::Denied
        })
    };
    let server = Server::with(Setup { policy, configure, ..Setup::default() }).await;
    let wire = Wire::new(Location::Header).with_secrets(CLIENT_SECRET, TOKEN_SECRET);
    server.refuses(&wire, 403, "permission_denied").await;
    server.refuses(&wire, 401, "nonce_used").await;
}
