//! The rows marked † look alike in the minimal profile, octet for octet.

use oauth1_server::AnswerProfile;

use crate::support::{
    CLIENT_SECRET, Location, OTHER_TOKEN, REVOKED, SUSPENDED, Server, Setup, Sign, Wire,
};

fn identity_rows(location: Location) -> Vec<Wire> {
    let base = || Wire::new(location);
    let without_token = |wire: Wire| wire.without("oauth_token").with_secrets(CLIENT_SECRET, "");
    vec![
        base().with_secrets(CLIENT_SECRET, "guessed"),
        base().set("oauth_consumer_key", "nobody"),
        without_token(base().set("oauth_consumer_key", "nobody")),
        base().set("oauth_consumer_key", SUSPENDED),
        without_token(base().set("oauth_consumer_key", SUSPENDED)),
        base().set("oauth_token", "nothing"),
        base().set("oauth_token", "nothing").with_secrets("guessed", "guessed"),
        base().set("oauth_token", OTHER_TOKEN),
        base().set("oauth_token", REVOKED).with_secrets(CLIENT_SECRET, "guessed"),
        base().set("oauth_signature_method", "HMAC-SHA512").set("oauth_consumer_key", "nobody"),
        base().set("oauth_signature_method", "HMAC-SHA512").with_secrets("guessed", ""),
        base().sign(Sign::As("AAAA".into())),
        base().sign(Sign::Changed(|s| s.trim_end_matches('=').into())),
        Wire { query: vec!["a=2".into()], ..base().signed() },
    ]
}

#[tokio::test]
async fn minimal_answers_to_identity_rows_are_the_same_octets() {
    let profile = AnswerProfile::Minimal;
    let server = Server::with(Setup { profile, ..Setup::default() }).await;
    let mut answers = std::collections::BTreeSet::new();
    for wire in Location::ALL.into_iter().flat_map(identity_rows) {
        let answer = server.refuses(&wire, 401, "signature_invalid").await;
        answers.insert(answer.without_date());
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
    let rows = 3 * identity_rows(Location::Header).len() as u64;
    assert_eq!(server.verifier.signatures_computed(), rows);
}

#[tokio::test]
async fn full_answers_to_identity_rows_differ() {
    let server = Server::start().await;
    let mut problems = std::collections::BTreeSet::new();
    for wire in identity_rows(Location::Header) {
        let answer = server.send(&wire).await;
        problems.insert(answer.problem().unwrap().problem().as_str());
    }
    let expected =
        ["consumer_key_refused", "consumer_key_unknown", "signature_invalid", "token_rejected"];
    assert_eq!(problems.into_iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn minimal_answers_to_other_rows_keep_their_codes() {
    let profile = AnswerProfile::Minimal;
    let server = Server::with(Setup { profile, ..Setup::default() }).await;
    for location in Location::ALL {
        let base = || Wire::new(location);
        server.refuses(&base().without("oauth_nonce"), 400, "parameter_absent").await;
        server.refuses(&base().set("oauth_version", "2.0"), 400, "version_rejected").await;
        server.refuses(&base().set("oauth_timestamp", "1"), 401, "timestamp_refused").await;
        let wire = base().set("oauth_token", REVOKED);
        server.refuses(&wire, 401, "token_revoked").await;
        server.refuses(&wire, 401, "nonce_used").await;
        let wire = base().set("oauth_signature_method", "MD5");
        let answer = server.refuses(&wire, 400, "signature_method_rejected").await;
        assert_eq!(answer.problem().unwrap().detail("oauth_problem_advice"), None);
    }
    server.refuses(&Wire::unsigned(), 401, "").await;
}
