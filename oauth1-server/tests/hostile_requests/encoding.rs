//! Rows 58 to 61: percent encoding (section 3.6), what is signed (section 3.4.1.3), and limits
//! (section 4.10).

use crate::support::{FORM, Location, Server, Sign, Wire};

const MALFORMED: [&str; 8] =
    ["%", "%2", "%GG", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "%FF", "%u0041"];

#[tokio::test]
async fn row_58_a_signature_that_is_no_text() {
    let server = Server::start().await;
    for wire in Wire::everywhere(|wire| wire.sign(Sign::As("%FF".into()))) {
        server.refuses(&wire, 400, "parameter_rejected").await;
    }
    let raw = "é".repeat(28);
    for location in Location::ALL {
        let wire = Wire::new(location).sign(Sign::As(raw.clone()));
        match location {
            // A header holds escapes; in a form, octets above 127 are text that is no signature.
            Location::Header => server.refuses(&wire, 400, "parameter_rejected").await,
            Location::Form | Location::Query => {
                server.refuses(&wire, 401, "signature_invalid").await
            }
        };
    }
    let octets = Wire::new(Location::Header).sign(Sign::As("OCTET".into())).render();
    let at = octets.windows(5).position(|w| w == b"OCTET").unwrap();
    let octets = [&octets[..at], b"\xff\xfe", &octets[at + 5..]].concat();
    server.send_octets(&octets).await.is_refusal(400, "parameter_rejected", "raw octets");
}

#[tokio::test]
async fn row_59_t_utf8_malformed_escapes_in_any_parameter() {
    let server = Server::start().await;
    for name in [
        "oauth_consumer_key",
        "oauth_token",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_nonce",
        "oauth_version",
        "oauth_callback",
        "oauth_unknown",
    ] {
        for value in MALFORMED {
            for wire in Wire::everywhere(|wire| wire.set(name, value)) {
                server.refuses(&wire, 400, "parameter_rejected").await;
            }
        }
    }
    for value in MALFORMED {
        for wire in Wire::everywhere(|wire| wire.sign(Sign::As(value.into()))) {
            server.refuses(&wire, 400, "parameter_rejected").await;
        }
    }
    // Names of protocol parameters, and escapes of any request parameter.
    for wire in Wire::everywhere(|wire| wire.add("oauth_%GG", "1")) {
        server.refuses(&wire, 400, "parameter_rejected").await;
    }
    for malformed in ["x=%", "x=%2", "%GG=1"] {
        for mut wire in Wire::everywhere(|wire| wire) {
            wire.query.push(malformed.into());
            server.refuses(&wire, 400, "parameter_rejected").await;
        }
    }
    assert_eq!(server.verifier.signatures_computed(), 0);
}

#[tokio::test]
async fn t_utf8_request_parameters_are_signed_octet_by_octet() {
    let server = Server::start().await;
    for octets in ["x=%FF", "x=%C0%AF", "%00=%0d%0a", "x=a+b%20c%2B", "a;b=1", "=", "x=%ed%a0%80"] {
        for mut wire in Wire::everywhere(|wire| wire) {
            wire.query.push(octets.into());
            server.accepts(&wire).await;
        }
    }
}

#[tokio::test]
async fn row_60_t_wrap_what_is_signed_cannot_be_changed() {
    let server = Server::start().await;
    let signed = || Wire::post_form().signed();
    let pairs = |pairs: &[&str]| Some(pairs.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>());
    let changed = Wire { form: pairs(&["c=3", "d=5"]), ..signed() };
    let moved = Wire { form: pairs(&["c=3"]), query: pairs(&["a=1", "d=4"]).unwrap(), ..signed() };
    let added = Wire { query: pairs(&["a=1", "x=1"]).unwrap(), ..signed() };
    let doubled = Wire { form: pairs(&["c=3", "d=4", "d=4"]), ..signed() };
    let dropped = Wire { form: pairs(&["c=3"]), ..signed() };
    let path = Wire { path: "/r%20v/x".into(), ..signed() };
    let dotted = Wire { path: "/r%20v/./X".into(), ..signed() };
    let method = Wire { method: "PUT".into(), ..signed() };
    for wire in [changed, added, doubled, dropped, path, dotted, method] {
        server.refuses(&wire, 401, "signature_invalid").await;
    }
    // The base string joins query and form: it does not say which a parameter came from
    // (section 3.4.1.3.1). So a move alone is the same request to the signature.
    server.accepts(&moved).await;
    let reordered = Wire { form: pairs(&["d=4", "c=3"]), ..signed() };
    server.accepts(&reordered).await;

    // A form added to a signed GET or DELETE, and a form that stops being one.
    for method in ["GET", "DELETE"] {
        let wire = Wire { method: method.into(), ..Wire::new(Location::Header) }.signed();
        let wire = Wire { form: pairs(&["admin=1"]), ..wire };
        server.refuses(&wire, 401, "signature_invalid").await;
    }
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/json"] {
        let wire = Wire { content_type: content_type.into(), ..signed() };
        server.refuses(&wire, 401, "signature_invalid").await;
    }
    let wire = Wire { content_type: format!("{FORM}; charset=UTF-8"), ..signed() };
    server.accepts(&wire).await;
}

fn many(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("p{i}=1")).collect()
}

#[tokio::test]
async fn row_61_t_params_too_many_parameters() {
    let server = Server::start().await;
    let protocol = 7;
    for location in Location::ALL {
        let base = Wire { method: "POST".into(), query: vec![], ..Wire::new(location) };
        let fits = Wire { form: Some(many(256 - protocol)), ..base.clone() };
        server.accepts(&fits).await;
        let one_more = Wire { form: Some(many(257 - protocol)), ..base.clone() };
        server.refuses(&one_more, 400, "parameter_rejected").await;
        let many_more = Wire { form: Some(vec!["a=1".into(); 100_000]), ..base.clone() };
        server.refuses(&many_more, 400, "parameter_rejected").await;
        let separators = Wire { form: Some(vec![String::new(); 64 * 1024]), ..base.clone() };
        server.refuses(&separators, 400, "parameter_rejected").await;
        let in_query = Wire { query: vec![String::new(); 4 * 1024], ..base };
        server.refuses(&in_query, 400, "parameter_rejected").await;
    }
    assert_eq!(server.verifier.signatures_computed(), 3);
}

#[tokio::test]
async fn row_61_t_hdr_sizes() {
    let server = Server::start().await;
    for location in Location::ALL {
        let long_uri = Wire { path: format!("/{}", "p".repeat(8 * 1024)), ..Wire::new(location) };
        server.refuses(&long_uri, 414, "").await;
        let long_query = Wire { query: many(1_500), ..Wire::new(location) };
        server.refuses(&long_query, 414, "").await;
        let large_head =
            Wire::new(location).header_line(format!("X-Padding: {}", "p".repeat(16 * 1024)));
        server.refuses(&large_head, 431, "").await;
        let fits = Wire::new(location).header_line(format!("X-Padding: {}", "p".repeat(12 * 1024)));
        server.accepts(&fits).await;
    }
    let long = Wire::new(Location::Header).set("oauth_nonce", "n".repeat(8 * 1024));
    server.refuses(&long, 431, "").await;
    server.refuses(&Wire::with_authorization(&"B".repeat(9 * 1024)), 431, "").await;
}

#[tokio::test]
async fn row_61_bodies() {
    let server = Server::start().await;
    for location in [Location::Header, Location::Form] {
        let pad = |length: usize| Some(vec![format!("p={}", "x".repeat(length))]);
        let base = Wire { method: "POST".into(), ..Wire::new(location) };
        server.accepts(&Wire { form: pad(1_000_000), ..base.clone() }).await;
        server.refuses(&Wire { form: pad(1024 * 1024), ..base.clone() }, 413, "").await;
        // Announced is enough: nothing of the body was sent.
        let octets = Wire { form: pad(1024 * 1024), ..base }.render();
        let head = octets.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
        server.send_octets(&octets[..head]).await.is_refusal(413, "", "the head alone");
    }
    // In chunks nothing is announced.
    let wire = Wire { method: "POST".into(), ..Wire::new(Location::Header) };
    let head = wire
        .header_line(format!("Content-Type: {FORM}"))
        .header_line("Transfer-Encoding: chunked")
        .render();
    let chunk = [&b"10000\r\n"[..], &[b'x'; 0x10000], b"\r\n"].concat();
    let octets = [head, chunk.repeat(17), b"0\r\n\r\n".to_vec()].concat();
    server.send_octets(&octets).await.is_refusal(413, "", "chunked");
}
