//! The mistakes behind wrong base strings and signatures.

use oauth1_core::{
    SharedSecret, SignableBody, SignableRequest, SignatureMethod,
    diagnose::{Diagnosis, Surroundings, Suspect},
    rsa::RsaPrivateKey,
};

use crate::{json::Json, model::Case};

/// What explains an answer, the most likely first, as ids of [`oauth1_core::diagnose::mistakes`];
/// `None` if the answer is no base string and no signature of a request, or a right one.
#[must_use]
pub(crate) fn explained(case: &Case, output: &Json) -> Option<Vec<Vec<&'static str>>> {
    let diagnosis = match case.kind.name {
        "base-string" => {
            suspect(case, "", |suspect| Some(suspect.by_base_string(output.as_str()?)))
        }
        "sign-request" => {
            let signature = output.get("signature")?.as_str()?;
            let by_signature = suspect(case, signature, |suspect| by_key(case, suspect))?;
            let base = output.get("base_string").and_then(Json::as_str);
            match by_signature.best() {
                None if !by_signature.is_right() && base.is_some() => {
                    suspect(case, "", |suspect| Some(suspect.by_base_string(base?)))
                }
                _ => Some(by_signature),
            }
        }
        _ => None,
    }?;
    let ids = |mistakes: &[&'static oauth1_core::diagnose::Mistake]| {
        mistakes.iter().map(|mistake| mistake.id).collect()
    };
    let findings = diagnosis.findings().iter().map(|finding| ids(finding.mistakes()));
    (!diagnosis.is_right()).then(|| findings.collect())
}

fn suspect(
    case: &Case,
    signature: &str,
    search: impl FnOnce(&Suspect<'_>) -> Option<Diagnosis>,
) -> Option<Diagnosis> {
    let body = text(case, "body").unwrap_or_default();
    let request = SignableRequest::new(text(case, "method")?, text(case, "url")?).ok()?;
    let request = request.with_body(SignableBody::of(text(case, "content_type"), body.as_bytes()));
    let mut parameters = field(case, "oauth_params").and_then(Json::as_pairs).unwrap_or_default();
    if let Some(realm) = text(case, "realm") {
        parameters.push(("realm", realm));
    }
    let surroundings = Surroundings::default().with_url(text(case, "url")?);
    let suspect = Suspect::new(&request, method(case)?, parameters, signature);
    search(&suspect.with_surroundings(surroundings))
}

fn by_key(case: &Case, suspect: &Suspect<'_>) -> Option<Diagnosis> {
    if let Some(pem) = text(case, "private_key_pem") {
        return Some(suspect.by_public_key(&RsaPrivateKey::from_pem(pem).ok()?.public_key()));
    }
    let secret = |name: &str| text(case, name).map(SharedSecret::new);
    let client = secret("client_secret").unwrap_or_else(|| SharedSecret::new(""));
    Some(suspect.by_secrets(&client, secret("token_secret").as_ref()))
}

/// A case without a method is about its base string alone.
fn method(case: &Case) -> Option<SignatureMethod> {
    let parameters = field(case, "oauth_params").and_then(Json::as_pairs).unwrap_or_default();
    let named = parameters.into_iter().find(|(name, _)| *name == "oauth_signature_method");
    let named = named.map(|(_, value)| value).or_else(|| text(case, "signature_method"));
    match named {
        Some(named) => named.parse().ok(),
        None => Some(SignatureMethod::HmacSha1),
    }
}

fn field<'c>(case: &'c Case, name: &str) -> Option<&'c Json> {
    case.inputs.iter().find(|(field, _)| field == name).map(|(_, value)| value)
}

fn text<'c>(case: &'c Case, name: &str) -> Option<&'c str> {
    field(case, name).and_then(Json::as_str)
}
