//! T-LOG-1: nothing that is logged, at any level, holds a secret, a base string, or the signature
//! that a refused request should have had. In a binary of its own: the subscriber is global.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use oauth1_core::percent_encoding::encode;
use oauth1_server::{AnswerProfile, MemoryNonceStore, Policy, PublicOrigin, SignatureMethods};
use support::{HOST, Location, Server, Setup, Sign, Wire, spellings};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(log.clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn t_log_1_no_secret_at_trace() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .init();
    tracing::trace!("the log is read at trace");

    let mut signatures = Vec::new();
    for profile in [AnswerProfile::Minimal, AnswerProfile::Full] {
        let server = Server::with(Setup { profile, ..Setup::default() }).await;
        for location in Location::ALL {
            let base = || Wire::new(location);
            for wire in [
                base(),
                base().with_secrets("wrong", "wrong"),
                base().set("oauth_consumer_key", "nobody%E2%80%AE%22quoted"),
                base().set("oauth_token", "nothing"),
                base().set("oauth_nonce", "a%0d%0aforged%20line"),
                base().sign(Sign::Changed(|s| s.replace('=', ""))),
                Wire { hosts: vec!["evil.example".into()], ..base() },
            ] {
                // What it is, for these secrets and for the right ones.
                signatures.push(wire.signature());
                let right =
                    wire.clone().with_secrets(support::CLIENT_SECRET, support::TOKEN_SECRET);
                signatures.push(right.signature());
                let answer = server.send(&wire).await;
                assert!([200, 400, 401, 421].contains(&answer.status), "{answer:?}");
                server.send(&wire).await;
            }
        }
    }
    // PLAINTEXT: the signature is the secrets.
    let origin = PublicOrigin::new(&format!("https://{HOST}")).unwrap();
    let plaintext = oauth1_core::SignatureMethod::Plaintext;
    let policy = Policy::new().with_methods(SignatureMethods::hmac().with(plaintext));
    let nonces = Arc::new(MemoryNonceStore::builder().first_start(true).quota(2).build().unwrap());
    let server = Server::with(Setup { origin, policy, nonces, ..Setup::default() }).await;
    for location in Location::ALL {
        let wire = Wire { origin: format!("https://{HOST}"), ..Wire::new(location) };
        let wire = wire.set("oauth_signature_method", "PLAINTEXT");
        signatures.push(wire.signature());
        server.send(&wire).await;
        server.refuses(&wire.set("oauth_nonce", "%GG"), 400, "parameter_rejected").await;
    }

    let log = log.text();
    assert!(log.contains("the log is read at trace"));
    assert!(log.contains("request refused") && log.contains("oauth1_server"), "{log}");
    assert!(log.contains("the nonce was used before") && log.contains("over its quota"));
    for secret in support::SECRETS.iter().flat_map(|secret| spellings(secret)) {
        assert!(!log.contains(&secret), "{secret} in {log}");
    }
    signatures.retain(|signature| signature.len() > 10);
    assert!(signatures.len() > 60);
    for signature in signatures {
        assert!(!log.contains(&signature), "{signature} in {log}");
        assert!(!log.contains(&*encode(&signature)), "{signature} in {log}");
    }
    for piece in ["GET&http", "POST&http", "oauth_nonce%3D", "oauth_signature="] {
        assert!(!log.contains(piece), "{piece} in {log}");
    }
    // One line per event, whatever was in the request, and nothing that turns the text around.
    assert!(!log.contains("forged line") && !log.contains('\u{202e}'), "{log}");
    assert!(log.contains(r#"\u{202e}\"quoted"#), "{log}");
}
