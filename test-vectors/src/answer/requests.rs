//! The kinds that sign or verify a whole request.

use oauth1_core::authorization::build_header;
use oauth1_core::parameters::Source;
use oauth1_core::{
    Limits, PresentedRequest, SignableBody, SignableRequest, SignatureMethod, VerificationKey,
    percent_encoding,
};

use super::signatures::{private_key, public_key, shared_key, sign};
use super::{Answered, Inputs, base_string, refusal};
use crate::json::Json;

pub(super) fn sign_request(inputs: Inputs<'_>) -> Answered<Json> {
    let mut params = inputs.pairs("oauth_params")?;
    let method = params.iter().find(|(name, _)| *name == "oauth_signature_method");
    let method = method.map(|(_, value)| *value).or_else(|| inputs.optional("signature_method"));
    let method: SignatureMethod = method.ok_or("no signature method")?.parse().map_err(refusal)?;
    let base_string = base_string(inputs)?;
    let key =
        if method.is_rsa() { private_key(method, inputs)? } else { shared_key(method, inputs)? };
    let signature = sign(&key, &base_string)?;
    params.push(("oauth_signature", &signature));
    let header = build_header(inputs.optional("realm"), params, ", ");
    let field = |name: &str, value: String| (name.to_owned(), Json::String(value));
    Ok(Json::Object(vec![
        field("base_string", base_string),
        field("signature", signature),
        field("authorization_header", header),
    ]))
}

/// The request as it would arrive: the signature beside it is put where the other protocol
/// parameters stand, then everything is parsed and verified.
pub(super) fn verify_request(inputs: Inputs<'_>) -> Answered<bool> {
    let signature = inputs.text("signature")?;
    let mut params = inputs.pairs("oauth_params")?;
    let request = inputs.request()?;
    let (mut place, mut carried) = (Source::Header, false);
    for parameter in request.parameters() {
        let parameter = parameter.map_err(|(_, error)| refusal(error))?;
        if params.is_empty() && parameter.is_protocol() {
            place = parameter.source();
        }
        if *parameter.name() == *b"oauth_signature" {
            carried = true;
            if *parameter.value() != *signature.as_bytes() {
                return Err("the request carries another oauth_signature beside it".to_owned());
            }
        }
    }
    let appended = format!("&oauth_signature={}", percent_encoding::encode(signature));
    let mut url = inputs.text("url")?.to_owned();
    let mut body = inputs.optional("body").unwrap_or_default().to_owned();
    match place {
        Source::Header => params.push(("oauth_signature", signature)),
        _ if carried => {}
        Source::Query => url.insert_str(url.find('#').unwrap_or(url.len()), &appended),
        Source::Body => body.push_str(&appended),
    }
    let header = build_header(inputs.optional("realm"), params, ", ");
    let headers = if place == Source::Header { vec![header.as_bytes()] } else { Vec::new() };
    let request = SignableRequest::new(request.method(), &url).map_err(refusal)?;
    let request =
        request.with_body(SignableBody::of(inputs.optional("content_type"), body.as_bytes()));
    let presented =
        PresentedRequest::parse(&request, &headers, Limits::default()).map_err(refusal)?;
    let presented = presented.ok_or("the request carries no OAuth parameters")?;
    let method = presented.signature_method();
    let key = if method.is_rsa() {
        public_key(method, inputs)?
    } else {
        VerificationKey::try_from(shared_key(method, inputs)?)
            .map_err(|_| "not a shared-secret method")?
    };
    Ok(presented.verify_signature(&key).is_ok())
}
