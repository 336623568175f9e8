//! Redis through TLS, with a certificate that the system trusts, and with one that it does not.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use torture::services::Redis;

use super::process::{Place, free};

#[test]
fn redis_is_reached_through_tls_and_not_with_a_certificate_of_somebody_else() {
    let place = Place::new();
    let (certificate, key) = (place.0.join("redis.crt"), place.0.join("redis.key"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .args([key.as_os_str(), "-out".as_ref(), certificate.as_os_str()])
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "openssl is not installed");
        let _ = writeln!(std::io::stdout(), "SKIPPED: openssl is not installed");
        return;
    }
    // Whoever Redis runs as must read it.
    Command::new("chmod").args(["-R", "a+rX"]).arg(&place.0).status().unwrap();
    let port = free().port().to_string();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let options = [
        "--tls-port",
        &port,
        "--tls-cert-file",
        certificate,
        "--tls-key-file",
        key,
        "--tls-auth-clients",
        "no",
    ];
    let _redis = match Redis::start(&options) {
        Ok(redis) => redis,
        Err(error) => return error.skip(),
    };
    let keys = place.keys();
    let url = format!("nonces.url=rediss://localhost:{port}/");
    let refused = place
        .command(&["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
        .args(["--set", "nonces.store=redis", "--set", &url])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("nonces.url: Redis cannot be used"), "{said}");

    let trusted = [("SSL_CERT_FILE", certificate)];
    let server = place.serve_with(&["nonces.store=redis", &url, "policy.answers=full"], &trusted);
    let octets = server.signed(&keys, "GET", "", b"");
    assert_eq!(server.send(&octets).status, 200);
    let replay = server.send(&octets);
    assert!(replay.text.contains("oauth_problem=nonce_used"), "{replay:?}");
}
