//! The crate oauth1-request behind the line protocol of ../../README.md.
//!
//! Its own functions are called the way its users call them; nothing it lacks is added.

mod noted;

use std::fmt::Display;
use std::io::{self, BufRead, Write};
use std::num::NonZeroU64;
use std::rc::Rc;

use oauth::signature_method::rsa_sha1_09::{DecodePrivateKey, RsaPrivateKey};
use oauth::signature_method::SignatureMethod;
use oauth::{Builder, Credentials, ParameterList, Rsa09Sha1, HMAC_SHA1, PLAINTEXT};
use percent_encoding::percent_decode_str;
use rsa::pkcs1::DecodeRsaPrivateKey;
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

type Pairs = Vec<(String, String)>;

fn pairs(case: &Value, field: &str) -> Pairs {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    case[field]
        .as_array()
        .into_iter()
        .flatten()
        .map(|pair| (text(&pair[0]), text(&pair[1])))
        .collect()
}

fn parsed(form: &str) -> Pairs {
    form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

/// What is sent in the header, but for realm and signature.
fn sent(case: &Value) -> Pairs {
    let mut params = pairs(case, "oauth_params");
    params.retain(|(name, _)| name != "realm" && name != "oauth_signature");
    params
}

fn is_form(case: &Value) -> bool {
    let media_type =
        case["content_type"].as_str().unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The header it makes, and the base string. Its manual wants the query apart from the URI, and is
/// handed the parameters of query and form; whether a body is one, its user decides.
fn authorize<M: SignatureMethod + Clone>(case: &Value, method: M) -> Answered<(String, String)> {
    let base = Rc::default();
    let text = |field: &str| case[field].as_str().unwrap_or_default();
    let params = sent(case);
    let given = |name: &str| params.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str());
    let known = [
        "consumer_key",
        "signature_method",
        "timestamp",
        "nonce",
        "token",
        "callback",
        "verifier",
        "version",
    ];
    let others = params
        .iter()
        .any(|(name, _)| !known.iter().any(|known| name.strip_prefix("oauth_") == Some(known)));
    // It sends the first four always and no others than these, one version and no realm.
    let lacks = known[..4].iter().any(|name| given(&format!("oauth_{name}")).is_none());
    let other_version = given("oauth_version").is_some_and(|version| version != "1.0");
    if others || lacks || other_version || case["realm"].is_string() {
        return Err(NotImplemented);
    }

    let client =
        Credentials::new(given("oauth_consumer_key").unwrap_or_default(), text("client_secret"));
    let mut builder = Builder::new(client, Noted { method, base: Rc::clone(&base) });
    let timestamp: NonZeroU64 =
        given("oauth_timestamp").unwrap_or_default().parse().map_err(refused)?;
    builder
        .nonce(given("oauth_nonce"))
        .timestamp(timestamp)
        .callback(given("oauth_callback"))
        .verifier(given("oauth_verifier"))
        .version(given("oauth_version").is_some());
    if let Some(token) = given("oauth_token") {
        builder.token(Credentials::new(token, text("token_secret")));
    }

    let (uri, query) = text("url").split_once('?').unwrap_or((text("url"), ""));
    let mut request = parsed(query);
    if is_form(case) {
        request.extend(parsed(text("body")));
    }
    let header = builder.authorize(text("method"), uri, &ParameterList::new(request));
    let base = base.borrow().clone();
    Ok((header, base))
}

fn signed(case: &Value) -> Answered<(String, String)> {
    let params = sent(case);
    let method =
        params.iter().find(|pair| pair.0 == "oauth_signature_method").map(|pair| pair.1.as_str());
    match method.or(case["signature_method"].as_str()) {
        Some("HMAC-SHA1") => authorize(case, HMAC_SHA1),
        Some("PLAINTEXT") => authorize(case, PLAINTEXT),
        Some("RSA-SHA1") => {
            let pem = case["private_key_pem"].as_str().ok_or(NotImplemented)?;
            let key = RsaPrivateKey::from_pkcs8_pem(pem)
                .or_else(|_| RsaPrivateKey::from_pkcs1_pem(pem))
                .map_err(refused)?;
            authorize(case, Rsa09Sha1::new(key))
        }
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
    Ok(percent_decode_str(value.trim_end_matches('"')).decode_utf8_lossy().into_owned())
}

/// The values that take no part, to have a request signed for the sake of something else.
fn any_request(url: &str, method: &str) -> Value {
    let names = ["consumer_key", "signature_method", "timestamp", "nonce"];
    let params = names.map(|name| {
        [format!("oauth_{name}"), if name == "timestamp" { "1" } else { method }.to_owned()]
    });
    json!({"method": "GET", "url": url, "oauth_params": params})
}

fn base_string_uri(case: &Value) -> Answered<Value> {
    if case["host_header"].is_string() {
        return Err(NotImplemented); // it is given a URI, no header
    }
    let (_, base) =
        authorize(&any_request(case["url"].as_str().unwrap_or_default(), "HMAC-SHA1"), HMAC_SHA1)?;
    Ok(percent_decode_str(base.split('&').nth(1).unwrap_or_default()).decode_utf8_lossy().into())
}

fn normalize(case: &Value) -> Answered<Value> {
    let mut params = case["form"].as_str().map_or_else(|| pairs(case, "params"), parsed);
    params.retain(|(name, _)| name != "oauth_signature");
    Ok(oauth::to_form(&ParameterList::new(params)).into())
}

fn plaintext(case: &Value) -> Answered<Value> {
    let mut request = any_request("http://x/", "PLAINTEXT");
    request["client_secret"] = case["client_secret"].clone();
    request["token_secret"] = case["token_secret"].clone();
    request["oauth_params"]
        .as_array_mut()
        .ok_or(NotImplemented)?
        .push(json!(["oauth_token", "token"]));
    Ok(signature(&authorize(&request, PLAINTEXT)?.0)?.into())
}

/// It has no function for text alone: the value of a form is the shortest way to it.
fn percent_encode(case: &Value) -> Answered<Value> {
    let octets = |hex: &str| {
        (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap_or(0))
            .collect()
    };
    let given = case["input_hex"]
        .as_str()
        .map(|hex| String::from_utf8(octets(hex)).map_err(refused))
        .transpose()?;
    let text = given.as_deref().or(case["input"].as_str()).unwrap_or_default();
    Ok(oauth::to_form(&ParameterList::new([("x", text)]))[2..].into())
}

fn output(case: &Value) -> Answered<Value> {
    match case["kind"].as_str() {
        Some("percent-encode") => percent_encode(case),
        Some("base-string-uri") => base_string_uri(case),
        Some("parameter-normalization") => normalize(case),
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
