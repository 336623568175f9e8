//! The kinds that sign a base string or octets, or verify a signature of them.

use base64::{Engine, prelude::BASE64_STANDARD};
use oauth1_core::rsa::{RsaPrivateKey, RsaPublicKey};
use oauth1_core::{SharedSecret, SignatureMethod, SigningKey, VerificationKey};

use super::{Answered, Inputs, from_hex, refusal, verdict};
use crate::json::Json;

pub(super) fn shared_key(method: SignatureMethod, inputs: Inputs<'_>) -> Answered<SigningKey> {
    let client = SharedSecret::new(inputs.text("client_secret")?);
    let token = SharedSecret::new(inputs.optional("token_secret").unwrap_or_default());
    SigningKey::shared(method, &client, Some(&token))
        .ok_or_else(|| "not a shared-secret method".to_owned())
}

pub(super) fn private_key(method: SignatureMethod, inputs: Inputs<'_>) -> Answered<SigningKey> {
    let key = RsaPrivateKey::from_pem(inputs.text("private_key_pem")?).map_err(refusal)?;
    SigningKey::rsa(method, key).ok_or_else(|| "not an RSA method".to_owned())
}

pub(super) fn public_key(method: SignatureMethod, inputs: Inputs<'_>) -> Answered<VerificationKey> {
    let key = match inputs.either("public_key_pem", "certificate_pem") {
        Some(pem) => RsaPublicKey::from_pem(pem).map_err(refusal)?,
        None => {
            RsaPrivateKey::from_pem(inputs.text("private_key_pem")?).map_err(refusal)?.public_key()
        }
    };
    VerificationKey::rsa(method, key).ok_or_else(|| "not an RSA method".to_owned())
}

pub(super) fn sign(key: &SigningKey, base_string: &str) -> Answered<String> {
    Ok(key.sign(base_string.as_bytes()).map_err(refusal)?.as_str().to_owned())
}

pub(super) fn plaintext(inputs: Inputs<'_>) -> Answered<String> {
    sign(&shared_key(SignatureMethod::Plaintext, inputs)?, "")
}

/// A signature of a base string, or the verification of a raw tag.
pub(super) fn hmac(method: SignatureMethod, inputs: Inputs<'_>) -> Answered<Json> {
    if inputs.optional("key_hex").is_none() {
        let key = shared_key(method, inputs)?;
        return sign(&key, inputs.text("base_string")?).map(Json::String);
    }
    let (key, data) = (inputs.octets("key_hex")?, inputs.octets("data_hex")?);
    let key = SigningKey::from_octets(method, &key).ok_or("not an HMAC method")?;
    let tag =
        inputs.either("tag_hex", "expected_hex").ok_or("the string \"tag_hex\" is missing")?;
    let tag = from_hex(tag).ok_or("\"tag_hex\" is not hexadecimal")?;
    if let Some(Json::Integer(length)) = inputs.0.get("tag_bytes") {
        // Deliberately not the verification of the core, which knows no truncated tags.
        let whole = key.sign(&data).map_err(refusal)?;
        let whole = BASE64_STANDARD.decode(whole.as_str()).map_err(refusal)?;
        let length = usize::try_from(*length).map_err(refusal)?;
        return Ok(verdict(whole.get(..length) == Some(&*tag)));
    }
    let key = VerificationKey::try_from(key).map_err(|_| "not an HMAC method")?;
    Ok(verdict(key.verifies(&data, &BASE64_STANDARD.encode(tag))))
}

/// A signature of a base string, or the verification of one.
pub(super) fn rsa(method: SignatureMethod, inputs: Inputs<'_>) -> Answered<Json> {
    if inputs.optional("modulus_hex").is_some() {
        let (modulus, exponent) =
            (inputs.octets("modulus_hex")?, inputs.octets("public_exponent_hex")?);
        let key = RsaPublicKey::from_components(&modulus, &exponent).map_err(refusal)?;
        let key = VerificationKey::rsa(method, key).ok_or("not an RSA method")?;
        let signature = BASE64_STANDARD.encode(inputs.octets("signature_hex")?);
        return Ok(verdict(key.verifies(&inputs.octets("data_hex")?, &signature)));
    }
    let base_string = inputs.text("base_string")?;
    match inputs.either("published", "signature") {
        Some(signature) => {
            Ok(verdict(public_key(method, inputs)?.verifies(base_string.as_bytes(), signature)))
        }
        None => sign(&private_key(method, inputs)?, base_string).map(Json::String),
    }
}
