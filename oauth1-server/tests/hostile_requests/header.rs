//! Rows 1 to 16: the `Authorization` header (section 3.5.1).

use crate::support::{Location, Server, Wire};

#[tokio::test]
async fn row_01_no_credentials() {
    let server = Server::start().await;
    let answer = server.refuses(&Wire::unsigned(), 401, "").await;
    assert_eq!(answer.header("www-authenticate"), Some("OAuth realm=\"http://api.example.com\""));
    server.refuses(&Wire { form: Some(vec!["c=3".into()]), ..Wire::unsigned() }, 401, "").await;
}

#[tokio::test]
async fn row_02_basic() {
    let server = Server::start().await;
    server.refuses(&Wire::with_authorization("Basic dTpw"), 401, "").await;
}

#[tokio::test]
async fn row_03_scheme_alone() {
    let server = Server::start().await;
    let answer = server.refuses(&Wire::with_authorization("OAuth"), 400, "parameter_absent").await;
    let absent =
        "oauth_consumer_key&oauth_signature_method&oauth_signature&oauth_timestamp&oauth_nonce";
    assert_eq!(answer.problem().unwrap().detail("oauth_parameters_absent"), Some(absent));

    // All six where the server's policy requires a token; only those that are missing.
    let policy = oauth1_server::Policy::new().with_token_required(true);
    let server = Server::with(crate::support::Setup { policy, ..Default::default() }).await;
    let answer = server.refuses(&Wire::with_authorization("OAuth"), 400, "parameter_absent").await;
    let all = format!("{absent}&oauth_token");
    assert_eq!(answer.problem().unwrap().detail("oauth_parameters_absent"), Some(&*all));
    for wire in Wire::everywhere(|wire| wire.without("oauth_token")) {
        let answer = server.refuses(&wire, 400, "parameter_absent").await;
        let absent = answer.problem().unwrap();
        assert_eq!(absent.detail("oauth_parameters_absent"), Some("oauth_token"));
    }
    for wire in Wire::everywhere(|wire| wire.without("oauth_nonce")) {
        let answer = server.refuses(&wire, 400, "parameter_absent").await;
        let absent = answer.problem().unwrap();
        assert_eq!(absent.detail("oauth_parameters_absent"), Some("oauth_nonce"), "{wire}");
    }
}

#[tokio::test]
async fn row_04_another_scheme_that_starts_alike() {
    let server = Server::start().await;
    for scheme in ["OAuthX ", "OAuth-", "xOAuth ", "OAuth,"] {
        let wire = Wire { prefix: scheme.to_owned(), ..Wire::new(Location::Header) };
        server.refuses(&wire, 401, "").await;
    }
}

#[tokio::test]
async fn row_05_the_scheme_in_any_case() {
    let server = Server::start().await;
    for scheme in ["oauth ", "OAUTH ", "OaUtH ", "OAuth\t"] {
        server.accepts(&Wire { prefix: scheme.to_owned(), ..Wire::new(Location::Header) }).await;
    }
}

#[tokio::test]
async fn row_06_oauth_2() {
    let server = Server::start().await;
    server
        .refuses(&Wire { prefix: "OAuth2 ".into(), ..Wire::new(Location::Header) }, 401, "")
        .await;
    server.refuses(&Wire::with_authorization("Bearer abc"), 401, "").await;
}

#[tokio::test]
async fn row_07_two_authorization_lines() {
    let server = Server::start().await;
    let wire = Wire::new(Location::Header);
    let again = format!("Authorization: {}", wire.authorization());
    server.refuses(&wire.header_line(again), 400, "parameter_rejected").await;
    for other in ["Basic dTpw", "OAuth", "Bearer abc"] {
        let wire = Wire::new(Location::Header).header_line(format!("Authorization: {other}"));
        server.refuses(&wire, 400, "parameter_rejected").await;
    }
    let wire = Wire::with_authorization("Basic dTpw");
    server.refuses(&wire.header_line("Authorization: Bearer abc"), 401, "").await;
}

#[tokio::test]
async fn row_08_two_schemes_joined() {
    let server = Server::start().await;
    let wire = Wire { suffix: ", Basic dTpw".into(), ..Wire::new(Location::Header) };
    server.refuses(&wire, 400, "parameter_rejected").await;
}

#[tokio::test]
async fn row_09_no_quotes() {
    let server = Server::start().await;
    let wire = Wire::new(Location::Header).without("oauth_nonce");
    let wire = Wire { prefix: "OAuth oauth_nonce=n1, ".into(), ..wire };
    server.refuses(&wire, 400, "parameter_rejected").await;
    let wire = Wire::new(Location::Header).without("oauth_nonce");
    let wire = Wire { prefix: "OAuth oauth_nonce='n1', ".into(), ..wire };
    server.refuses(&wire, 400, "parameter_rejected").await;
}

#[tokio::test]
async fn row_10_unterminated_quote() {
    let server = Server::start().await;
    for suffix in [", oauth_x=\"1", ", realm=\"a", ", realm=\"a\\", ", oauth_x=\""] {
        let wire = Wire { suffix: suffix.into(), ..Wire::new(Location::Header) };
        server.refuses(&wire, 400, "parameter_rejected").await;
    }
}

#[tokio::test]
async fn row_11_no_equals_sign() {
    let server = Server::start().await;
    for value in ["OAuth oauth_nonce", "OAuth oauth_nonce, oauth_token=\"tk\"", "OAuth =\"x\""] {
        server.refuses(&Wire::with_authorization(value), 400, "parameter_rejected").await;
    }
}

#[tokio::test]
async fn row_12_semicolons() {
    let server = Server::start().await;
    for separator in ["; ", " ", "&", "\" , \""] {
        let wire = Wire { separator: separator.into(), ..Wire::new(Location::Header) };
        server.refuses(&wire, 400, "parameter_rejected").await;
    }
}

#[tokio::test]
async fn row_13_empty_list_elements() {
    let server = Server::start().await;
    for (prefix, separator, suffix) in [
        ("OAuth ", ", ", ","),
        ("OAuth ", ",, ", ""),
        ("OAuth ,", ",", ""),
        ("OAuth , ,", ", ,", " , "),
    ] {
        let wire = Wire::new(Location::Header);
        let (prefix, separator, suffix) = (prefix.into(), separator.into(), suffix.into());
        server.accepts(&Wire { prefix, separator, suffix, ..wire }).await;
    }
}

#[tokio::test]
async fn row_14_white_space_around_commas() {
    let server = Server::start().await;
    for separator in [",", "\t,\t", "       ,  \t     ", " ,"] {
        let wire = Wire { separator: separator.into(), ..Wire::new(Location::Header) };
        server.accepts(&wire).await;
    }
}

#[tokio::test]
async fn row_15_realm_with_commas_and_quotes() {
    let server = Server::start().await;
    for realm in [r#"a, b, oauth_nonce=\"n1\""#, r#"\\"#, "", "%zz +"] {
        let prefix = format!("OAuth realm=\"{realm}\", ");
        server.accepts(&Wire { prefix, ..Wire::new(Location::Header) }).await;
    }
    let suffix = r#", realm="last""#.into();
    server.accepts(&Wire { suffix, ..Wire::new(Location::Header) }).await;
}

#[tokio::test]
async fn row_16_realm_twice() {
    let server = Server::start().await;
    for prefix in [r#"OAuth realm="a", realm="a", "#, r#"OAuth realm="a", REALM="b", "#] {
        let wire = Wire { prefix: prefix.into(), ..Wire::new(Location::Header) };
        server.refuses(&wire, 400, "parameter_rejected").await;
    }
}
