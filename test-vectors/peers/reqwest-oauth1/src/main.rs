//! The crate reqwest-oauth1 behind the line protocol of ../../README.md.
//!
//! Its own functions are called the way its users call them; nothing it lacks is added. A request
//! is signed and built, and its header read; it is not sent.

mod noted;

use std::fmt::Display;
use std::io::{self, BufRead, Write};
use std::rc::Rc;

use oauth1_request::signature_method::{HmacSha1, Plaintext, SignatureMethod};
use percent_encoding::percent_decode_str;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::Method;
use reqwest_oauth1::{OAuthClientProvider, OAuthParameters, Secrets};
use serde_json::{json, Value};

use noted::Noted;

/// Why there is no output.
enum Without {
    NotImplemented,
    Refused(String),
}

use Without::NotImplemented;

type Answered<T> = Result<T, Without>;

fn refused(error: impl Display) -> Without {
    Without::Refused(error.to_string())
}

const KNOWN: [&str; 8] = [
    "oauth_consumer_key",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_token",
    "oauth_callback",
    "oauth_verifier",
    "oauth_version",
];

/// What is sent in the header, but for realm and signature.
fn sent(case: &Value) -> Vec<(&str, &str)> {
    let pairs = case["oauth_params"].as_array().into_iter().flatten();
    let pairs = pairs
        .map(|pair| (pair[0].as_str().unwrap_or_default(), pair[1].as_str().unwrap_or_default()));
    pairs.filter(|pair| !["realm", "oauth_signature"].contains(&pair.0)).collect()
}

fn is_form(case: &Value) -> bool {
    let media_type =
        case["content_type"].as_str().unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The header it makes, and the base string.
fn authorize<M: SignatureMethod + Clone>(case: &Value, method: M) -> Answered<(String, String)> {
    let base = Rc::default();
    let text = |field: &str| case[field].as_str().unwrap_or_default();
    let params = sent(case);
    let given = |name: &str| params.iter().find(|pair| pair.0 == name).map(|pair| pair.1);
    // It sends the first four always, no others than these, and one version.
    let lacks = KNOWN[..4].iter().any(|name| given(name).is_none());
    let other_version = given("oauth_version").is_some_and(|version| version != "1.0");
    if lacks || other_version || params.iter().any(|pair| !KNOWN.contains(&pair.0)) {
        return Err(NotImplemented);
    }

    let mut secrets =
        Secrets::new(given("oauth_consumer_key").unwrap_or_default(), text("client_secret"));
    if let Some(token) = given("oauth_token") {
        secrets = secrets.token(token, text("token_secret"));
    }
    let timestamp: u64 = given("oauth_timestamp").unwrap_or_default().parse().map_err(refused)?;
    let mut oauth = OAuthParameters::new()
        .signature_method(Noted { method, base: Rc::clone(&base) })
        .nonce(given("oauth_nonce").unwrap_or_default())
        .timestamp(timestamp)
        .version(given("oauth_version").is_some());
    if let Some(callback) = given("oauth_callback") {
        oauth = oauth.callback(callback);
    }
    if let Some(verifier) = given("oauth_verifier") {
        oauth = oauth.verifier(verifier);
    }
    if let Some(realm) = case["realm"].as_str() {
        oauth = oauth.realm(realm);
    }

    let client = reqwest::Client::new().oauth1_with_params(secrets, oauth);
    let method = Method::from_bytes(text("method").as_bytes()).map_err(refused)?;
    let mut request = client.request(method, text("url"));
    if is_form(case) {
        let form: Vec<(String, String)> =
            form_urlencoded::parse(text("body").as_bytes()).into_owned().collect();
        request = request.form(&form);
    } else if let Some(body) = case["body"].as_str() {
        request = request.body(body.to_owned());
        if let Some(content_type) = case["content_type"].as_str() {
            request = request.header(CONTENT_TYPE, content_type);
        }
    }
    let request = request.generate_signature().map_err(refused)?.build().map_err(refused)?;
    let header = request.headers().get(AUTHORIZATION).ok_or_else(|| refused("no header"))?;
    let header = header.to_str().map_err(refused)?.to_owned();
    let base = base.borrow().clone();
    Ok((header, base))
}

fn signed(case: &Value) -> Answered<(String, String)> {
    let params = sent(case);
    let method = params.iter().find(|pair| pair.0 == "oauth_signature_method").map(|pair| pair.1);
    match method.or(case["signature_method"].as_str()) {
        Some("HMAC-SHA1") => authorize(case, HmacSha1),
        Some("PLAINTEXT") => authorize(case, Plaintext),
        _ => Err(NotImplemented),
    }
}

fn sign_request(case: &Value) -> Answered<Value> {
    let (header, base) = signed(case)?;
    Ok(
        json!({"base_string": base, "signature": signature(&header)?, "authorization_header": header}),
    )
}

fn signature(header: &str) -> Answered<String> {
    let (_, value) =
        header.split_once("oauth_signature=\"").ok_or_else(|| refused("no signature"))?;
    let value = value.split('"').next().unwrap_or_default();
    Ok(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

/// The values that take no part, to have a request signed for the sake of something else.
fn any_request(url: &str) -> Value {
    let params: Vec<_> = KNOWN[..5]
        .iter()
        .map(|&name| [name, if name == "oauth_timestamp" { "1" } else { "x" }])
        .collect();
    json!({"method": "GET", "url": url, "oauth_params": params})
}

fn base_string_uri(case: &Value) -> Answered<Value> {
    if case["host_header"].is_string() {
        return Err(NotImplemented); // it is given a URL, no header
    }
    let (_, base) = authorize(&any_request(case["url"].as_str().unwrap_or_default()), HmacSha1)?;
    Ok(percent_decode_str(base.split('&').nth(1).unwrap_or_default()).decode_utf8_lossy().into())
}

fn plaintext(case: &Value) -> Answered<Value> {
    let mut request = any_request("http://x/");
    request["client_secret"] = case["client_secret"].clone();
    request["token_secret"] = case["token_secret"].clone();
    Ok(signature(&authorize(&request, Plaintext)?.0)?.into())
}

fn output(case: &Value) -> Answered<Value> {
    match case["kind"].as_str() {
        Some("base-string-uri") => base_string_uri(case),
        Some("base-string") => Ok(signed(case)?.1.into()),
        Some("plaintext") => plaintext(case),
        Some("sign-request") => sign_request(case),
        _ => Err(NotImplemented),
    }
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let answer = match output(&case) {
            Ok(output) => json!({"id": case["id"], "output": output}),
            Err(NotImplemented) => json!({"id": case["id"], "not_implemented": true}),
            Err(Without::Refused(reason)) => json!({"id": case["id"], "refused": reason}),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
