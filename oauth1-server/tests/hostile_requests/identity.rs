//! Rows 52 to 57: who signed (section 3.2).

use crate::support::{
    CLIENT_SECRET, EXPIRED, HASHING, Location, OTHER_CLIENT, OTHER_TOKEN, REVOKED, SUSPENDED,
    Server, Sign, TOKEN_SECRET, Wire,
};

#[tokio::test]
async fn row_52_unknown_client() {
    let server = Server::start().await;
    for unknown in ["nobody", "CK", "ck%20", "ck'%20OR%201=1", "%E2%98%83"] {
        for wire in Wire::everywhere(|wire| wire.set("oauth_consumer_key", unknown)) {
            server.refuses(&wire, 401, "consumer_key_unknown").await;
        }
    }
}

#[tokio::test]
async fn row_53_suspended_client() {
    let server = Server::start().await;
    for wire in Wire::everywhere(|wire| wire.set("oauth_consumer_key", SUSPENDED)) {
        server.refuses(&wire, 401, "consumer_key_refused").await;
        let without_token = wire.without("oauth_token").with_secrets(CLIENT_SECRET, "");
        server.refuses(&without_token, 401, "consumer_key_refused").await;
    }
}

#[tokio::test]
async fn row_54_unknown_token() {
    let server = Server::start().await;
    for unknown in ["nothing", "%E2%98%83", "tk%20", "ck"] {
        for wire in Wire::everywhere(|wire| wire.set("oauth_token", unknown)) {
            server.refuses(&wire, 401, "token_rejected").await;
        }
    }
}

#[tokio::test]
async fn row_55_expired_and_revoked_tokens() {
    let server = Server::start().await;
    for (token, problem) in [(EXPIRED, "token_expired"), (REVOKED, "token_revoked")] {
        for wire in Wire::everywhere(|wire| wire.set("oauth_token", token)) {
            // Only to who signed correctly.
            let forged = wire.clone().with_secrets(CLIENT_SECRET, "guessed");
            server.refuses(&forged, 401, "signature_invalid").await;
            server.refuses(&wire, 401, problem).await;
            server.refuses(&wire, 401, "nonce_used").await;
        }
    }
}

#[tokio::test]
async fn row_56_t_bind_token_of_another_client() {
    let server = Server::start().await;
    for wire in Wire::everywhere(|wire| wire.set("oauth_token", OTHER_TOKEN)) {
        server.refuses(&wire, 401, "token_rejected").await;
        let others = wire.set("oauth_consumer_key", OTHER_CLIENT);
        server.accepts(&others).await;
        let swapped = others.set("oauth_token", "tk").set("oauth_nonce", "swapped");
        server.refuses(&swapped, 401, "token_rejected").await;
    }
}

#[tokio::test]
async fn row_57_signatures_that_are_almost_right() {
    let server = Server::start().await;
    let changes: [fn(&str) -> String; 13] = [
        |s| format!("{}A", &s[..27]),
        |s| s.trim_end_matches('=').to_owned(),
        |s| s.replace('+', "-").replace('/', "_"),
        |s| format!("{s} "),
        |s| format!(" {s}"),
        |s| format!("{s}\u{a0}"),
        |s| format!("{s}{s}"),
        |s| format!("{}==", &s[..26]),                  // 19 octets
        |s| format!("{}AA", &s[..27].replace('=', "")), // 21 octets and a half
        |s| s.to_lowercase(),
        |_| "=".to_owned(),
        |_| "\u{2603}".to_owned(),
        |s| {
            // The bits after the last octet: lax decoders read the same 20 octets.
            let last = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let at = last.iter().position(|b| *b == s.as_bytes()[26]).unwrap();
            format!("{}{}=", &s[..26], last[at ^ 1] as char)
        },
    ];
    for (i, change) in changes.into_iter().enumerate() {
        for location in Location::ALL {
            let wire = with_every_character(location);
            let changed = wire.clone().sign(Sign::Changed(change));
            assert_ne!(change(&wire.signature()), wire.signature(), "{i}");
            server.refuses(&changed, 401, "signature_invalid").await;
            server.accepts(&wire).await;
        }
    }
}

/// A request whose signature has what the alphabets of Base64 differ in.
fn with_every_character(location: Location) -> Wire {
    std::iter::repeat_with(|| Wire::new(location))
        .find(|wire| wire.signature().contains(['+', '/']))
        .unwrap()
}

#[tokio::test]
async fn t_enum_who_is_unknown_costs_the_same_work() {
    let server = Server::start().await;
    let refused = [
        Wire::new(Location::Header).set("oauth_consumer_key", "nobody"),
        Wire::new(Location::Header).set("oauth_consumer_key", SUSPENDED),
        Wire::new(Location::Header).set("oauth_token", "nothing"),
        Wire::new(Location::Header).set("oauth_token", OTHER_TOKEN),
        Wire::new(Location::Header).with_secrets("wrong", "wrong"),
        Wire::new(Location::Header).with_secrets(CLIENT_SECRET, TOKEN_SECRET),
    ];
    for (i, wire) in refused.iter().enumerate() {
        let before = server.verifier.signatures_computed();
        let answer = server.send(wire).await;
        assert_eq!(answer.status, if i == 5 { 200 } else { 401 }, "{wire}");
        assert_eq!(server.verifier.signatures_computed(), before + 1, "{wire}");
    }
}

mod body_hash {
    use oauth1_core::{HashAlgorithm, body_hash::body_hash, percent_encoding::encode};
    use oauth1_server::Policy;

    use super::*;
    use crate::support::{FORM, Setup};

    fn json(hash_of: Option<&[u8]>) -> Wire {
        let wire = Wire {
            method: "POST".into(),
            body: Some(("application/json".into(), br#"{"pay":1}"#.to_vec())),
            ..Wire::new(Location::Header)
        };
        match hash_of {
            Some(body) => {
                let hash = body_hash(HashAlgorithm::Sha1, body);
                wire.add("oauth_body_hash", encode(&hash).into_owned())
            }
            None => wire,
        }
    }

    #[tokio::test]
    async fn t_body_a_hash_that_is_present_is_checked() {
        let server = Server::start().await;
        let wire = json(Some(br#"{"pay":1}"#));
        let mut tampered = wire.clone().signed();
        tampered.body = Some(("application/json".into(), br#"{"pay":1000000}"#.to_vec()));
        server.refuses(&tampered, 401, "signature_invalid").await;
        // A tampered copy does not burn the nonce of the genuine one.
        let answer = server.send(&wire).await;
        assert_eq!((answer.status, &*answer.body), (200, &br#"{"pay":1}"#[..]), "{answer:?}");
        // Without a hash, section 3.4.1 leaves the body unsigned.
        let mut swapped = json(None).signed();
        swapped.body = Some(("application/json".into(), b"{}".to_vec()));
        server.accepts(&swapped).await;
        // By the hash function of the signature method.
        let wire = json(Some(br#"{"pay":1}"#)).set("oauth_signature_method", "HMAC-SHA256");
        server.refuses(&wire, 401, "signature_invalid").await;
        server
            .accepts(
                &Wire::new(Location::Header).add(
                    "oauth_body_hash",
                    encode(&body_hash(HashAlgorithm::Sha1, b"")).into_owned(),
                ),
            )
            .await;
    }

    #[tokio::test]
    async fn t_body_a_hashed_body_is_read_up_to_the_limit() {
        let mut limits = oauth1_server::policy::RequestLimits::default();
        limits.body = 9;
        let policy = Policy::new().with_limits(limits);
        let server = Server::with(Setup { policy, ..Setup::default() }).await;
        server.accepts(&json(Some(br#"{"pay":1}"#))).await;
        let mut longer = json(Some(br#"{"pay":10}"#));
        longer.body = Some(("application/json".into(), br#"{"pay":10}"#.to_vec()));
        server.refuses(&longer, 413, "").await;
        // Nobody's body is read before the signature was checked.
        let forged = longer.with_secrets("guessed", "guessed");
        server.refuses(&forged, 401, "signature_invalid").await;
    }

    #[tokio::test]
    async fn t_body_a_form_must_not_have_one() {
        let server = Server::start().await;
        let hash = encode(&body_hash(HashAlgorithm::Sha1, b"c=3&d=4")).into_owned();
        let wire = Wire::post_form().add("oauth_body_hash", hash);
        server.refuses(&wire, 400, "parameter_rejected").await;
        let charset = Wire { content_type: format!("{FORM};charset=utf-8"), ..wire };
        server.refuses(&charset, 400, "parameter_rejected").await;
    }

    #[tokio::test]
    async fn t_body_required_by_the_policy_or_for_the_client() {
        let policy = Policy::new().with_body_hash_required(true);
        let server = Server::with(Setup { policy, ..Setup::default() }).await;
        let absent = |answer: crate::support::Answer| {
            let report = answer.problem().unwrap();
            assert_eq!(report.detail("oauth_parameters_absent"), Some("oauth_body_hash"));
        };
        absent(server.refuses(&json(None), 400, "parameter_absent").await);
        assert_eq!(server.verifier.signatures_computed(), 0);
        server.accepts(&json(Some(br#"{"pay":1}"#))).await;
        server.accepts(&Wire::post_form()).await;

        let server = Server::start().await;
        let of_client = |wire: Wire| {
            let wire = wire.set("oauth_consumer_key", HASHING).without("oauth_token");
            wire.with_secrets(CLIENT_SECRET, "")
        };
        absent(server.refuses(&of_client(json(None)), 400, "parameter_absent").await);
        let forged = of_client(json(None)).with_secrets("guessed", "");
        server.refuses(&forged, 401, "signature_invalid").await;
        server.accepts(&of_client(json(Some(br#"{"pay":1}"#)))).await;
        server.accepts(&of_client(Wire::post_form())).await;
    }
}
