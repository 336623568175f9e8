//! Rows 33 to 44: signature methods (section 3.4) and timestamps (section 3.3).

use oauth1_core::{SignatureMethod, percent_encoding::encode};
use oauth1_server::{Policy, PublicOrigin, SignatureMethods};

use crate::support::{CLIENT_SECRET, HOST, Location, NOW, PINNED, Server, Setup, Wire};

fn with_plaintext() -> Policy {
    Policy::new().with_methods(SignatureMethods::hmac().with(SignatureMethod::Plaintext))
}

fn plaintext(location: Location, origin: &str) -> Wire {
    let wire = Wire { origin: origin.to_owned(), ..Wire::new(location) };
    wire.set("oauth_signature_method", "PLAINTEXT")
}

async fn over_https(policy: Policy) -> Server {
    let origin = PublicOrigin::new(&format!("https://{HOST}")).unwrap();
    Server::with(Setup { origin, policy, ..Setup::default() }).await
}

#[tokio::test]
async fn row_33_unknown_methods() {
    let server = Server::start().await;
    for method in ["MD5", "hmac-sha1", "HMAC-SHA1%20", "RSA-SHA1", "PLAINTEXT", "HMAC_SHA1"] {
        for wire in Wire::everywhere(|wire| wire.set("oauth_signature_method", method)) {
            let answer = server.refuses(&wire, 400, "signature_method_rejected").await;
            assert!(!format!("{answer:?}").contains(method), "{answer:?}");
        }
    }
    // 64 KiB fit into a form body alone; the head is limited before.
    for (location, length) in
        [(Location::Form, 64 * 1024), (Location::Header, 4 * 1024), (Location::Query, 4 * 1024)]
    {
        let wire = Wire::new(location).set("oauth_signature_method", "M".repeat(length));
        let answer = server.refuses(&wire, 400, "signature_method_rejected").await;
        assert!(!format!("{answer:?}").contains("MMMM"));
    }
    assert_eq!(server.verifier.signatures_computed(), 0);
}

#[tokio::test]
async fn row_34_a_method_that_is_not_enabled_for_the_client() {
    let server = Server::start().await;
    for location in Location::ALL {
        let pinned = |method: &str| {
            let wire = Wire::new(location).set("oauth_consumer_key", PINNED).without("oauth_token");
            wire.set("oauth_signature_method", method).with_secrets(CLIENT_SECRET, "")
        };
        server.accepts(&pinned("HMAC-SHA1")).await;
        let before = server.verifier.signatures_computed();
        server.refuses(&pinned("HMAC-SHA256"), 400, "signature_method_rejected").await;
        server.refuses(&pinned("HMAC-SHA512"), 400, "signature_method_rejected").await;
        assert_eq!(server.verifier.signatures_computed(), before);
        // Others are not pinned.
        let wire = Wire::new(location).set("oauth_signature_method", "HMAC-SHA256");
        server.accepts(&wire).await;
    }
    // And what the server does not enable, no client may use.
    let policy = Policy::new().with_methods(SignatureMethods::only(SignatureMethod::HmacSha256));
    let server = Server::with(Setup { policy, ..Setup::default() }).await;
    server.refuses(&Wire::new(Location::Header), 400, "signature_method_rejected").await;
}

#[cfg(feature = "rsa")]
mod rsa {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use oauth1_core::{
        ClientCredentials, SignableRequest, Signer, SigningKey, Stamp, Timestamp,
        rsa::{RsaPrivateKey, RsaPublicKey},
    };
    use oauth1_server::ClientRecord;

    use super::*;
    use crate::support::Sign;

    const PRIVATE: &str = include_str!("../data/rsa-private.pem");
    const PUBLIC: &str = include_str!("../data/rsa-public.pem");

    async fn server() -> Server {
        let credentials = crate::support::credentials();
        let key = RsaPublicKey::from_pem(PUBLIC).unwrap();
        credentials.insert_client(ClientRecord::with_rsa_key("ck-rsa", key));
        let rsa_and_hmac = SignatureMethods::hmac()
            .with(SignatureMethod::RsaSha1)
            .with(SignatureMethod::RsaSha256);
        let policy = Policy::new().with_methods(rsa_and_hmac);
        let credentials = std::sync::Arc::new(credentials);
        Server::with(Setup { policy, credentials, ..Setup::default() }).await
    }

    #[tokio::test]
    async fn row_35_t_alg_pin_hmac_keyed_with_the_public_key() {
        let server = server().await;
        let der = PUBLIC.lines().filter(|line| !line.starts_with("---")).collect::<String>();
        let der = BASE64_STANDARD.decode(der).unwrap();
        let keys =
            [b"".to_vec(), b"placeholder".to_vec(), PUBLIC.into(), PUBLIC.trim().into(), der];
        for key in keys.iter().flat_map(|key| [key.clone(), [key, &b"&"[..]].concat()]) {
            for location in Location::ALL {
                let wire = Wire::new(location).set("oauth_consumer_key", "ck-rsa");
                let wire = wire.without("oauth_token");
                let (method, base_string) = wire.base_string().unwrap();
                let key = SigningKey::from_octets(method, &key).unwrap();
                let signature = key.sign(&base_string).unwrap();
                let wire = wire.sign(Sign::As(encode(signature.as_str()).into_owned()));
                server.refuses(&wire, 400, "signature_method_rejected").await;
            }
        }
        assert_eq!(server.verifier.signatures_computed(), 0);
    }

    #[tokio::test]
    async fn an_rsa_client_signs_with_rsa_and_nothing_else() {
        let server = server().await;
        let method = SignatureMethod::RsaSha256;
        let signer = Signer::new(ClientCredentials::new("ck-rsa", ""))
            .with_rsa_key(method, RsaPrivateKey::from_pem(PRIVATE).unwrap());
        let url = format!("http://{HOST}/r");
        let now = Timestamp::from_seconds(NOW).unwrap();
        let header = signer
            .authorize_at(&SignableRequest::new("GET", &url).unwrap(), &Stamp::random(now).unwrap())
            .unwrap();
        let wire =
            Wire { path: "/r".into(), query: vec![], ..Wire::with_authorization(header.as_str()) };
        server.accepts(&wire).await;
        server.refuses(&wire, 401, "nonce_used").await;
        let tampered = Wire { query: vec!["x=1".into()], ..wire };
        server.refuses(&tampered, 401, "signature_invalid").await;
        // A client with a secret has no RSA key.
        for wire in Wire::everywhere(|wire| wire.set("oauth_signature_method", "RSA-SHA256")) {
            server.refuses(&wire, 400, "signature_method_rejected").await;
        }
    }
}

#[tokio::test]
async fn row_36_t_pt_http_plaintext_over_http() {
    let policy = with_plaintext();
    let server = Server::with(Setup { policy, ..Setup::default() }).await;
    for location in Location::ALL {
        let wire = plaintext(location, &format!("http://{HOST}"));
        server.refuses(&wire, 400, "signature_method_rejected").await;
        let wire = wire.header_line("X-Forwarded-Proto: https");
        server.refuses(&wire, 400, "signature_method_rejected").await;
    }
    assert_eq!(server.verifier.signatures_computed(), 0);
}

#[tokio::test]
async fn row_37_plaintext_where_it_is_not_enabled() {
    let https = format!("https://{HOST}");
    let server = over_https(with_plaintext()).await;
    for location in Location::ALL {
        let wire = plaintext(location, &https);
        server.accepts(&wire).await;
        let bare = wire.clone().without("oauth_nonce").without("oauth_timestamp");
        server.accepts(&bare).await;
        let wrong = wire.clone().set("oauth_nonce", "w").with_secrets(CLIENT_SECRET, "wrong");
        server.refuses(&wrong, 401, "signature_invalid").await;
        // An HMAC-only client.
        let pinned = wire.set("oauth_consumer_key", PINNED).without("oauth_token");
        let pinned = pinned.with_secrets(CLIENT_SECRET, "");
        server.refuses(&pinned, 400, "signature_method_rejected").await;
    }
    let server = over_https(Policy::new()).await;
    server.refuses(&plaintext(Location::Header, &https), 400, "signature_method_rejected").await;
}

async fn timestamps_rejected(timestamps: &[&str]) {
    let server = Server::start().await;
    for timestamp in timestamps {
        for wire in Wire::everywhere(|wire| wire.set("oauth_timestamp", *timestamp)) {
            let answer = server.refuses(&wire, 400, "parameter_rejected").await;
            let rejected = answer.problem().unwrap();
            let rejected = rejected.detail("oauth_parameters_rejected").map(str::to_owned);
            assert_eq!(rejected.as_deref(), Some("oauth_timestamp"), "{wire}");
        }
    }
    assert_eq!(server.verifier.signatures_computed(), 0);
}

#[tokio::test]
async fn row_38_t_ts_not_positive() {
    timestamps_rejected(&["-1", "0", "%2B1700000000", "01700000000", "%201700000000"]).await;
}

#[tokio::test]
async fn row_39_t_ts_not_an_integer() {
    timestamps_rejected(&["1700000000.0", "1e9", "0x65", "1_700", "%E2%88%9E", "1700000000%20"])
        .await;
}

#[tokio::test]
async fn row_40_t_ts_too_large() {
    timestamps_rejected(&[
        "18446744073709551616",
        "9223372036854775808",
        "1000000000000000000000000000000",
    ])
    .await;
}

#[tokio::test]
async fn row_41_t_ts_other_digits() {
    let full_width = encode("１７００００００００").into_owned();
    let arabic = encode("١٧٠٠٠٠٠٠٠٠").into_owned();
    timestamps_rejected(&[&full_width, &arabic]).await;
}

async fn timestamp_refused(timestamp: u64) {
    let server = Server::start().await;
    for wire in Wire::everywhere(|wire| wire.set("oauth_timestamp", timestamp.to_string())) {
        let answer = server.refuses(&wire, 401, "timestamp_refused").await;
        let range = answer.problem().unwrap().acceptable_timestamps();
        assert_eq!(range, Some((NOW - 300, NOW + 300)));
    }
    // Before any look at credentials.
    assert_eq!(server.verifier.signatures_computed(), 0);
}

#[tokio::test]
async fn row_42_too_old() {
    timestamp_refused(NOW - 301).await;
    timestamp_refused(1).await;
}

#[tokio::test]
async fn row_43_t_fut_too_far_in_the_future() {
    timestamp_refused(NOW + 301).await;
    timestamp_refused(i64::MAX as u64).await;
    let server = Server::start().await;
    for edge in [NOW - 300, NOW + 300] {
        for wire in Wire::everywhere(|wire| wire.set("oauth_timestamp", edge.to_string())) {
            server.accepts(&wire).await;
            server.refuses(&wire, 401, "nonce_used").await;
        }
    }
}

#[tokio::test]
async fn row_44_milliseconds() {
    timestamp_refused(NOW * 1_000).await;
}
