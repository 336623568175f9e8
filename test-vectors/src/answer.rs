//! `oauth1-core` as an implementation under test, in this process or behind the line protocol.

mod requests;
mod signatures;

use std::borrow::Cow;

use oauth1_core::authorization::{AuthorizationHeader, build_header};
use oauth1_core::base_string_uri::Authority;
use oauth1_core::parameters::{NormalizedParameters, Parameter, Source, parse_form};
use oauth1_core::{
    BaseStringUri, HashAlgorithm, SignableBody, SignableRequest, SignatureBaseString,
    SignatureMethod, body_hash, percent_encoding,
};

use self::requests::{sign_request, verify_request};
use self::signatures::{hmac, plaintext, rsa};
use crate::json::Json;
use crate::model::Case;
use crate::runner::{Implementation, Reply};

/// `oauth1-core`, called in this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Core;

impl Implementation for Core {
    fn answer(&mut self, case: &Case) -> Result<Reply, String> {
        Ok(answer(&case.request()))
    }
}

/// Answers one line of the protocol. A line that is no case is answered too, with a refusal.
#[must_use]
pub fn answer_line(line: &str) -> String {
    match Json::parse(line) {
        Ok(case) => answer(&case).to_line(case.get("id").cloned().unwrap_or(Json::Null)),
        Err(error) => Reply::Refused(format!("the line is no JSON: {error}")).to_line(Json::Null),
    }
}

/// Answers one case: `kind` and the inputs, under the names of the vectors.
#[must_use]
pub fn answer(case: &Json) -> Reply {
    let inputs = Inputs(case);
    let text = |output: String| Json::String(output);
    let output = match inputs.text("kind") {
        Ok("percent-encode") => percent_encode(inputs).map(text),
        Ok("percent-decode") => percent_decode(inputs).map(text),
        Ok("base-string-uri") => base_string_uri(inputs).map(text),
        Ok("parameter-normalization") => parameter_normalization(inputs).map(text),
        Ok("base-string") => base_string(inputs).map(text),
        Ok("body-hash") => hash_body(inputs).map(text),
        Ok("plaintext") => plaintext(inputs).map(text),
        Ok("authorization-header-build") => header_build(inputs).map(text),
        Ok("authorization-header-parse") => header_parse(inputs),
        Ok("sign-request") => sign_request(inputs),
        Ok("verify-request") => verify_request(inputs).map(verdict),
        Ok("hmac-sha1") => hmac(SignatureMethod::HmacSha1, inputs),
        Ok("hmac-sha256") => hmac(SignatureMethod::HmacSha256, inputs),
        Ok("hmac-sha512") => hmac(SignatureMethod::HmacSha512, inputs),
        Ok("rsa-sha1") => rsa(SignatureMethod::RsaSha1, inputs),
        Ok("rsa-sha256") => rsa(SignatureMethod::RsaSha256, inputs),
        Ok("rsa-sha512") => rsa(SignatureMethod::RsaSha512, inputs),
        Ok(_) => return Reply::NotImplemented,
        Err(reason) => Err(reason),
    };
    output.map_or_else(Reply::Refused, Reply::Output)
}

/// What an answer is made of, or why the input is refused.
type Answered<T> = Result<T, String>;

fn refusal(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn verdict(valid: bool) -> Json {
    Json::String(if valid { "valid" } else { "invalid" }.to_owned())
}

#[derive(Clone, Copy)]
struct Inputs<'a>(&'a Json);

impl<'a> Inputs<'a> {
    fn optional(self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Json::as_str)
    }

    fn text(self, name: &str) -> Answered<&'a str> {
        self.optional(name).ok_or_else(|| format!("the string {name:?} is missing"))
    }

    /// One of two spellings of a field.
    fn either(self, name: &str, other: &str) -> Option<&'a str> {
        self.optional(name).or_else(|| self.optional(other))
    }

    fn pairs(self, name: &str) -> Answered<Vec<(&'a str, &'a str)>> {
        let pairs = self.0.get(name).and_then(Json::as_pairs);
        pairs.ok_or_else(|| format!("the pairs {name:?} are missing"))
    }

    fn octets(self, name: &str) -> Answered<Vec<u8>> {
        from_hex(self.text(name)?).ok_or_else(|| format!("{name:?} is not hexadecimal"))
    }

    fn request(self) -> Answered<SignableRequest<'a>> {
        let body = self.optional("body").unwrap_or_default().as_bytes();
        let body = SignableBody::of(self.optional("content_type"), body);
        let request = SignableRequest::new(self.text("method")?, self.text("url")?);
        Ok(request.map_err(refusal)?.with_body(body))
    }
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    let octet = |pair: &[u8]| match *pair {
        [high, low] => u8::try_from(value(high)? << 4 | value(low)?).ok(),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(octet).collect()
}

fn utf8(octets: Cow<'_, [u8]>) -> Answered<String> {
    String::from_utf8(octets.into_owned())
        .map_err(|_| "the decoded octets are not UTF-8".to_owned())
}

fn percent_encode(inputs: Inputs<'_>) -> Answered<String> {
    match inputs.optional("input") {
        Some(text) => Ok(percent_encoding::encode(text).into_owned()),
        None => Ok(percent_encoding::encode(&inputs.octets("input_hex")?).into_owned()),
    }
}

fn percent_decode(inputs: Inputs<'_>) -> Answered<String> {
    utf8(percent_encoding::decode(inputs.text("input")?.as_bytes()).map_err(refusal)?)
}

fn base_string_uri(inputs: Inputs<'_>) -> Answered<String> {
    let uri = BaseStringUri::parse(inputs.text("url")?).map_err(refusal)?;
    let uri = match inputs.optional("host_header") {
        Some(host) => uri.with_authority(Authority::parse(host).map_err(refusal)?),
        None => uri,
    };
    Ok(uri.to_string())
}

fn parameter_normalization(inputs: Inputs<'_>) -> Answered<String> {
    let parameters: Vec<Parameter<'_>> = match inputs.optional("form") {
        Some(form) => {
            parse_form(form.as_bytes(), Source::Query).collect::<Result<_, _>>().map_err(refusal)?
        }
        None => decoded(&inputs.pairs("params")?),
    };
    Ok(NormalizedParameters::new(signed(parameters)).as_str().to_owned())
}

fn decoded<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<Parameter<'a>> {
    pairs.iter().map(|(name, value)| Parameter::decoded(*name, *value, Source::Header)).collect()
}

/// Leaves out `oauth_signature` wherever it stands, and the `realm` of the header.
fn signed(parameters: Vec<Parameter<'_>>) -> impl Iterator<Item = Parameter<'_>> {
    parameters.into_iter().filter(|parameter| match &*parameter.name() {
        b"oauth_signature" => false,
        b"realm" => parameter.source() != Source::Header,
        _ => true,
    })
}

fn base_string(inputs: Inputs<'_>) -> Answered<String> {
    let request = inputs.request()?;
    let mut parameters = decoded(&inputs.pairs("oauth_params")?);
    for parameter in request.parameters() {
        parameters.push(parameter.map_err(|(_, error)| refusal(error))?);
    }
    let string = SignatureBaseString::new(request.method(), request.uri(), signed(parameters));
    Ok(string.as_str().to_owned())
}

fn hash_body(inputs: Inputs<'_>) -> Answered<String> {
    let algorithm = match inputs.text("algorithm")? {
        "sha1" => HashAlgorithm::Sha1,
        "sha256" => HashAlgorithm::Sha256,
        "sha512" => HashAlgorithm::Sha512,
        other => return Err(format!("no hash function {other:?}; there are sha1, sha256, sha512")),
    };
    Ok(body_hash::body_hash(algorithm, inputs.text("body")?.as_bytes()))
}

fn header_build(inputs: Inputs<'_>) -> Answered<String> {
    let separator = inputs.optional("separator").unwrap_or(", ");
    Ok(build_header(inputs.optional("realm"), inputs.pairs("params")?, separator))
}

fn header_parse(inputs: Inputs<'_>) -> Answered<Json> {
    let header = AuthorizationHeader::parse(inputs.text("input")?.as_bytes()).map_err(refusal)?;
    let pair = |parameter: &Parameter<'_>| {
        let (name, value) = (utf8(parameter.name())?, utf8(parameter.value())?);
        Ok(Json::Array(vec![Json::String(name), Json::String(value)]))
    };
    let params = header.parameters().iter().map(pair).collect::<Answered<_>>()?;
    let realm = header.realm().map_or(Json::Null, |realm| Json::String(realm.to_owned()));
    Ok(Json::Object(vec![("realm".to_owned(), realm), ("params".to_owned(), Json::Array(params))]))
}
