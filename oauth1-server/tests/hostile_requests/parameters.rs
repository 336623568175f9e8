//! Rows 17 to 32: which parameters there must be, once, in one place (sections 3.1 and 3.5).

use crate::support::{FORM, Location, Server, Sign, Wire};

const NAMES: [&str; 8] = [
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_version",
    "oauth_callback",
    "oauth_signature",
];

async fn absent_everywhere(name: &str) {
    let server = Server::start().await;
    for wire in Wire::everywhere(|wire| wire.without(name)) {
        let answer = server.refuses(&wire, 400, "parameter_absent").await;
        let absent = answer.problem().unwrap();
        assert_eq!(absent.detail("oauth_parameters_absent"), Some(name), "{wire}");
    }
    assert_eq!(server.verifier.signatures_computed(), 0);
}

#[tokio::test]
async fn row_17_no_consumer_key() {
    absent_everywhere("oauth_consumer_key").await;
}

#[tokio::test]
async fn row_18_no_signature_method() {
    absent_everywhere("oauth_signature_method").await;
}

#[tokio::test]
async fn row_19_no_signature() {
    absent_everywhere("oauth_signature").await;
}

#[tokio::test]
async fn row_20_no_timestamp() {
    absent_everywhere("oauth_timestamp").await;
}

#[tokio::test]
async fn row_21_no_nonce() {
    absent_everywhere("oauth_nonce").await;
}

#[tokio::test]
async fn row_22_empty_nonce() {
    let server = Server::start().await;
    for wire in Wire::everywhere(|wire| wire.set("oauth_nonce", "")) {
        let answer = server.refuses(&wire, 400, "parameter_absent").await;
        let absent = answer.problem().unwrap();
        assert_eq!(absent.detail("oauth_parameters_absent"), Some("oauth_nonce"));
    }
}

#[tokio::test]
async fn row_23_t_dup_each_parameter_twice_with_the_same_value() {
    let server = Server::start().await;
    for name in NAMES {
        for wire in Wire::everywhere(|wire| wire.set("oauth_callback", "oob").signed()) {
            let value = match &wire.sign {
                Sign::As(signature) if name == "oauth_signature" => signature.clone(),
                _ => wire.protocol.iter().find(|(n, _)| n == name).unwrap().1.clone(),
            };
            let answer = server.refuses(&wire.add(name, value), 400, "parameter_rejected").await;
            let rejected = answer.problem().unwrap();
            assert_eq!(rejected.detail("oauth_parameters_rejected"), Some(name));
        }
    }
}

#[tokio::test]
async fn row_24_t_dup_each_parameter_twice_with_junk_first() {
    let server = Server::start().await;
    for name in NAMES {
        for mut wire in Wire::everywhere(|wire| wire.set("oauth_callback", "oob").signed()) {
            wire.protocol.insert(0, (name.to_owned(), "junk".to_owned()));
            server.refuses(&wire, 400, "parameter_rejected").await;
        }
    }
    // An escaped name is the same name.
    for wire in Wire::everywhere(|wire| wire.signed().add("oauth%5Fnonce", "junk")) {
        server.refuses(&wire, 400, "parameter_rejected").await;
    }
}

#[tokio::test]
async fn row_25_t_loc_a_parameter_in_two_locations() {
    let server = Server::start().await;
    for other in ["oauth_token=tk", "oauth_foo=1", "oauth_signature=x", "oauth_nonce="] {
        for location in Location::ALL {
            if location != Location::Query {
                let mut wire = Wire::new(location).signed();
                wire.query.push(other.to_owned());
                server.refuses(&wire, 400, "parameter_rejected").await;
            }
            if location != Location::Form {
                let wire = Wire::new(location).signed();
                let form = Some(vec![other.to_owned()]);
                let wire = Wire { method: "POST".into(), form, ..wire };
                server.refuses(&wire, 400, "parameter_rejected").await;
            }
            if location != Location::Header {
                let (name, value) = other.split_once('=').unwrap();
                let line = format!("Authorization: OAuth {name}=\"{value}\"");
                let wire = Wire::new(location).signed().header_line(line);
                server.refuses(&wire, 400, "parameter_rejected").await;
            }
        }
    }
}

#[tokio::test]
async fn row_26_unknown_oauth_parameter_in_another_location() {
    let server = Server::start().await;
    let wire = Wire { method: "POST".into(), ..Wire::new(Location::Header) };
    let wire = Wire { form: Some(vec!["oauth_foo=1".into()]), ..wire };
    server.refuses(&wire, 400, "parameter_rejected").await;
    // In the same location it is a parameter like any other, and signed.
    for wire in Wire::everywhere(|wire| wire.add("oauth_foo", "1")) {
        server.accepts(&wire).await;
    }
}

#[tokio::test]
async fn row_27_names_are_case_sensitive() {
    let server = Server::start().await;
    for wire in Wire::everywhere(|wire| wire.without("oauth_nonce").add("OAUTH_NONCE", "n1")) {
        let answer = server.refuses(&wire, 400, "parameter_absent").await;
        let absent = answer.problem().unwrap();
        assert_eq!(absent.detail("oauth_parameters_absent"), Some("oauth_nonce"));
    }
}

#[tokio::test]
async fn row_28_parameters_in_a_json_body() {
    let server = Server::start().await;
    let json = br#"{"oauth_consumer_key":"ck","oauth_signature":"x","oauth_nonce":"n1"}"#;
    let body = Some(("application/json".to_owned(), json.to_vec()));
    let wire = Wire { method: "POST".into(), body, ..Wire::unsigned() };
    server.refuses(&wire, 401, "").await;
}

#[tokio::test]
async fn row_29_parameters_in_a_multipart_body() {
    let server = Server::start().await;
    let part =
        "--b\r\nContent-Disposition: form-data; name=\"oauth_consumer_key\"\r\n\r\nck\r\n--b--";
    for body in [part.as_bytes().to_vec(), form_body()] {
        let body = Some(("multipart/form-data; boundary=b".to_owned(), body));
        let wire = Wire { method: "POST".into(), body, ..Wire::unsigned() };
        server.refuses(&wire, 401, "").await;
    }
    // Nor in a form that does not say that it is one, or says something alike.
    for content_type in
        ["text/plain", "application/x-www-form-urlencodedx", "x-www-form-urlencoded"]
    {
        let body = Some((content_type.to_owned(), form_body()));
        let wire = Wire { method: "POST".into(), body, ..Wire::unsigned() };
        server.refuses(&wire, 401, "").await;
    }
}

fn form_body() -> Vec<u8> {
    let octets = Wire::new(Location::Form).render();
    let end = octets.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    octets[end + 4..].to_vec()
}

#[tokio::test]
async fn row_30_parameters_in_the_form_body_of_a_get() {
    let server = Server::start().await;
    let wire = Wire { method: "GET".into(), ..Wire::new(Location::Form) };
    server.refuses(&wire, 400, "parameter_rejected").await;
    let wire = Wire { method: "HEAD".into(), ..Wire::new(Location::Form) };
    assert_eq!(server.send(&wire).await.status, 400);
    for method in ["PUT", "PATCH", "DELETE"] {
        server.accepts(&Wire { method: method.into(), ..Wire::new(Location::Form) }).await;
    }
}

#[tokio::test]
async fn row_31_t_ver_other_versions() {
    let server = Server::start().await;
    for version in ["2.0", "1.0a", "", "1", "1.00", "9.9", "%201.0"] {
        for wire in Wire::everywhere(|wire| wire.set("oauth_version", version)) {
            let answer = server.refuses(&wire, 400, "version_rejected").await;
            let accepted = answer.problem().unwrap();
            assert_eq!(accepted.detail("oauth_acceptable_versions"), Some("1.0-1.0"));
        }
    }
}

#[tokio::test]
async fn row_32_no_version() {
    let server = Server::start().await;
    for wire in Wire::everywhere(|wire| wire.without("oauth_version")) {
        server.accepts(&wire).await;
    }
}

#[tokio::test]
async fn t_ct_param_the_media_type_decides_and_its_parameters_do_not() {
    let server = Server::start().await;
    for content_type in [
        format!("{FORM}; charset=utf-8"),
        format!("{FORM};charset=\"UTF-8\""),
        FORM.to_uppercase(),
        format!("{FORM} ; a=b"),
    ] {
        let wire = Wire { content_type: content_type.clone(), ..Wire::post_form() };
        server.accepts(&wire).await;
        let mut tampered = wire.set("oauth_nonce", "tampered").signed();
        tampered.form = Some(vec!["c=3".into(), "d=5".into()]);
        server.refuses(&tampered, 401, "signature_invalid").await;
        let wire = Wire { content_type, ..Wire::new(Location::Form) };
        server.accepts(&wire).await;
    }
    for content_type in [format!("{FORM}; charset=iso-8859-1"), format!("{FORM}; charset=")] {
        server.refuses(&Wire { content_type, ..Wire::post_form() }, 415, "").await;
    }
    server.refuses(&Wire::post_form().header_line("Content-Encoding: gzip"), 415, "").await;
    let two = Wire::post_form().header_line("Content-Type: text/plain");
    server.refuses(&two, 400, "").await;
}

#[tokio::test]
async fn t_emptytok_no_token_and_an_empty_one_mean_the_same() {
    let server = Server::start().await;
    let without = |nonce: &str| {
        let wire = Wire::new(Location::Header).set("oauth_nonce", nonce).without("oauth_token");
        wire.with_secrets(crate::support::CLIENT_SECRET, "")
    };
    let empty = |nonce: &str| without(nonce).add("oauth_token", "");
    server.accepts(&without("one")).await;
    server.accepts(&empty("two")).await;
    // Different base strings, the same nonce: a replay all the same.
    server.refuses(&empty("one"), 401, "nonce_used").await;
    server.refuses(&without("two"), 401, "nonce_used").await;
}
