//! The derivation of a signature, step by step.
//!
//! An [`Explanation`] is made by the functions that sign and verify, from the values they use. Its
//! text numbers the steps and names the clause of each. Secrets are masked unless asked for.

use alloc::{
    borrow::{Cow, ToOwned},
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    base_string_uri::BaseStringUri,
    credentials::joined,
    parameters::{NormalizedParameters, Parameter, Source},
    percent_encoding::encode,
    protocol_parameters as names,
    request::{SignableBody, SignableRequest},
    sign::{Authorization, SignError, Signer},
    signature_base_string::SignatureBaseString,
    signature_method::SignatureMethod,
    stamp::Stamp,
    verify::PresentedRequest,
};

/// How the signature of a request comes about; `Display` is a text of numbered steps.
#[derive(Clone, Debug)]
pub struct Explanation {
    method: String,
    uri: String,
    uri_notes: Vec<String>,
    query: String,
    body: String,
    parameters: Vec<ExplainedParameter>,
    left_out: Vec<(String, &'static str)>,
    normalized: NormalizedParameters,
    base_string: SignatureBaseString,
    signature_method: SignatureMethod,
    outcome: Option<Outcome>,
}

/// What only the signer knows.
#[derive(Clone)]
struct Outcome {
    key: Zeroizing<String>,
    masked_key: String,
    signature: Zeroizing<String>,
    authorization: Authorization,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outcome([redacted])")
    }
}

/// One signed parameter. Octets that are no UTF-8 are shown as `U+FFFD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedParameter {
    /// Where it came from: `protocol`, `header`, `body` or `query`.
    pub source: &'static str,
    /// As it stood in the request, `name=value`.
    pub raw: String,
    /// The decoded name.
    pub name: String,
    /// The decoded value.
    pub value: String,
    /// The encoded name, by which it is sorted.
    pub encoded_name: String,
    /// The encoded value, by which equal names are sorted.
    pub encoded_value: String,
    /// Whether it has the name of the one before it, so that the values decide.
    pub tied: bool,
}

/// Whether a text may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// Keys are masked; so is a PLAINTEXT signature.
    Masked,
    /// Keys and signature stand in the clear.
    Shown,
}

impl Signer {
    /// Explains the signature that [`Signer::authorize_at`] makes for the same request and stamp.
    ///
    /// # Errors
    /// [`SignError`], as for signing.
    pub fn explain(
        &self,
        request: &SignableRequest<'_>,
        stamp: &Stamp,
    ) -> Result<Explanation, SignError> {
        let authorization = self.authorize_at(request, stamp)?;
        let hash = self.body_hash_of(request.body())?;
        let timestamp = stamp.timestamp.to_string();
        let own: Vec<_> = self.protocol_parameters(stamp, &timestamp, hash.as_deref()).collect();
        let mut signed: Vec<(Parameter<'_>, &'static str)> = Vec::new();
        for (name, value) in &own {
            signed.push((Parameter::decoded(*name, *value, Source::Header), "protocol"));
        }
        for parameter in request.parameters() {
            let parameter = parameter.map_err(|(source, e)| SignError::Escape(source, e))?;
            signed.push((parameter, parameter.source().as_str()));
        }
        let mut explanation = Explanation::new(request, signed, self.method());
        if let Some(realm) = self.realm() {
            explanation.left_out.push((format!("realm={realm}"), REALM));
        }
        let base_string = explanation.base_string.as_str();
        let signature = self.key()?.sign(base_string.as_bytes())?;
        let (key, masked_key) = self.key_text();
        explanation.outcome = Some(Outcome {
            key,
            masked_key,
            signature: Zeroizing::new(signature.as_str().into()),
            authorization,
        });
        Ok(explanation)
    }

    fn key_text(&self) -> (Zeroizing<String>, String) {
        if self.method().is_rsa() {
            let note = "the client's RSA private key (section 3.4.3); the secrets are not used";
            return (Zeroizing::new(note.into()), note.into());
        }
        let (client, token) = self.secrets();
        let masked = |secret: &str| {
            if secret.is_empty() { "" } else { "****" }
        };
        let shown = format!(
            "{}&{}",
            masked(client.expose()),
            masked(token.map_or("", |secret| secret.expose()))
        );
        (Zeroizing::new((**joined(client, token)).to_owned()), shown)
    }
}

impl PresentedRequest<'_> {
    /// Explains the base string this request is verified with. Neither key nor correct signature
    /// are in it.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let signed = self.parameters().into_iter().map(|p| (p, p.source().as_str())).collect();
        let request = self.request();
        let mut explanation = Explanation::new(request, signed, self.signature_method());
        explanation.left_out.push((names::SIGNATURE.into(), SIGNATURE));
        if let Some(realm) = self.realm() {
            explanation.left_out.push((format!("realm={realm}"), REALM));
        }
        explanation
    }
}

const REALM: &str = "never signed (section 3.4.1.3.1)";
const SIGNATURE: &str = "the signature does not sign itself (section 3.4.1.3.1)";

impl Explanation {
    fn new(
        request: &SignableRequest<'_>,
        mut signed: Vec<(Parameter<'_>, &'static str)>,
        signature_method: SignatureMethod,
    ) -> Self {
        let uri = request.uri();
        let parameters: Vec<_> = signed.iter().map(|(parameter, _)| *parameter).collect();
        let base_string = SignatureBaseString::new(request.method(), uri, parameters.clone());
        let normalized = NormalizedParameters::new(parameters);
        signed.sort_by(|(a, _), (b, _)| {
            a.name.cmp_encoded(&b.name).then_with(|| a.value.cmp_encoded(&b.value))
        });
        let mut explained: Vec<ExplainedParameter> = Vec::new();
        for (parameter, source) in signed {
            let (name, value) = parameter.raw();
            let (encoded_name, encoded_value) = parameter.encoded();
            let encoded_name = text(encoded_name.into());
            explained.push(ExplainedParameter {
                source,
                raw: format!("{}={}", text(name.into()), text(value.into())),
                name: text(parameter.name()),
                value: text(parameter.value()),
                tied: explained.last().is_some_and(|p| p.encoded_name == encoded_name),
                encoded_name,
                encoded_value: text(encoded_value.into()),
            });
        }
        Self {
            method: request.method().to_ascii_uppercase(),
            uri: uri.to_string(),
            uri_notes: uri_notes(uri),
            query: text(request.query().into()),
            body: body_note(request.body()),
            parameters: explained,
            left_out: Vec::new(),
            normalized,
            base_string,
            signature_method,
            outcome: None,
        }
    }

    /// Every signed parameter, in the order of the base string.
    #[must_use]
    pub fn parameters(&self) -> &[ExplainedParameter] {
        &self.parameters
    }

    /// The base string URI (section 3.4.1.2).
    #[must_use]
    pub fn base_string_uri(&self) -> &str {
        &self.uri
    }

    /// What became of the URL on its way to [`Explanation::base_string_uri`], a sentence each.
    #[must_use]
    pub fn uri_notes(&self) -> &[String] {
        &self.uri_notes
    }

    /// What the request carries but does not sign, and why: `realm` with its value, and the name
    /// of the signature, whose value is not shown.
    pub fn left_out(&self) -> impl Iterator<Item = (&str, &str)> {
        self.left_out.iter().map(|(what, why)| (what.as_str(), *why))
    }

    /// The normalized parameters (section 3.4.1.3.2).
    #[must_use]
    pub const fn normalized_parameters(&self) -> &NormalizedParameters {
        &self.normalized
    }

    /// The signature base string (section 3.4.1.1).
    #[must_use]
    pub const fn base_string(&self) -> &SignatureBaseString {
        &self.base_string
    }

    /// SHA-256 of the base string in hexadecimal: two people can compare it aloud.
    #[must_use]
    pub fn base_string_sha256(&self) -> String {
        hex(&Sha256::digest(self.base_string.as_str()))
    }

    /// The signature method.
    #[must_use]
    pub const fn signature_method(&self) -> SignatureMethod {
        self.signature_method
    }

    /// The decoded signature, if a signer made the explanation.
    #[must_use]
    pub fn signature(&self) -> Option<&str> {
        self.outcome.as_ref().map(|outcome| outcome.signature.as_str())
    }

    /// The key of section 3.4.2, masked or in the clear, if a signer made the explanation.
    #[must_use]
    pub fn key(&self, secrets: Secrets) -> Option<&str> {
        self.outcome.as_ref().map(|outcome| match secrets {
            Secrets::Masked => outcome.masked_key.as_str(),
            Secrets::Shown => outcome.key.as_str(),
        })
    }

    /// The header, if a signer made the explanation.
    #[must_use]
    pub fn authorization(&self) -> Option<&Authorization> {
        self.outcome.as_ref().map(|outcome| &outcome.authorization)
    }

    /// The text of the steps.
    #[must_use]
    pub const fn display(&self, secrets: Secrets) -> impl fmt::Display + '_ {
        Steps { explanation: self, secrets }
    }
}

/// With secrets masked.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.display(Secrets::Masked).fmt(f)
    }
}

struct Steps<'a> {
    explanation: &'a Explanation,
    secrets: Secrets,
}

impl fmt::Display for Steps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = self.explanation;
        writeln!(f, "1. The request (RFC 5849 section 3.4.1)")?;
        writeln!(f, "   method  {}", e.method)?;
        let query = if e.query.is_empty() { "none" } else { &e.query };
        writeln!(f, "   query   {}", query.escape_debug())?;
        writeln!(f, "   body    {}", e.body)?;

        writeln!(f, "2. The base string URI (section 3.4.1.2)")?;
        writeln!(f, "   {}", e.uri)?;
        for note in &e.uri_notes {
            writeln!(f, "   - {note}")?;
        }

        writeln!(f, "3. The parameters, decoded, with their sources (section 3.4.1.3.1)")?;
        for p in &e.parameters {
            // Escaped: what was captured may hold what a terminal takes for more than text.
            write!(f, "   {:<8} {} = {:?}", p.source, p.name.escape_debug(), p.value)?;
            if p.raw != format!("{}={}", p.name, p.value) {
                write!(f, "   sent as {}", p.raw.escape_debug())?;
            }
            writeln!(f)?;
        }
        for (what, why) in &e.left_out {
            writeln!(f, "   left out {}: {why}", what.escape_debug())?;
        }

        writeln!(f, "4. Encoded (section 3.6), sorted by name, then value (section 3.4.1.3.2)")?;
        for p in &e.parameters {
            let tie = if p.tied { "   (same name: the value decides)" } else { "" };
            writeln!(f, "   {}={}{tie}", p.encoded_name, p.encoded_value)?;
        }

        writeln!(f, "5. The signature base string (section 3.4.1.1)")?;
        for (label, part) in
            ["method", "URI   ", "params"].iter().zip(e.base_string.as_str().split('&'))
        {
            writeln!(f, "   {label}  {part}")?;
        }
        let twice = e.base_string.as_str().matches("%25").count();
        if twice > 0 {
            writeln!(
                f,
                "   - {twice} × %25: an escape inside a value is itself encoded, %20 becomes %2520"
            )?;
        }
        writeln!(f, "   whole   {}", e.base_string)?;
        writeln!(f, "   length  {} octets", e.base_string.as_str().len())?;
        write!(f, "   sha-256 {}", e.base_string_sha256())?;
        match &e.outcome {
            Some(outcome) => self.outcome(f, outcome),
            None => Ok(()),
        }
    }
}

impl Steps<'_> {
    fn outcome(&self, f: &mut fmt::Formatter<'_>, outcome: &Outcome) -> fmt::Result {
        let method = self.explanation.signature_method;
        let plaintext = method == SignatureMethod::Plaintext;
        let clause = match method {
            SignatureMethod::Plaintext => "3.4.4",
            m if m.is_rsa() => "3.4.3",
            _ => "3.4.2",
        };
        let key: &str = match self.secrets {
            Secrets::Masked => &outcome.masked_key,
            Secrets::Shown => &outcome.key,
        };
        writeln!(f, "\n6. The key: enc(client secret) & enc(token secret) (section {clause})")?;
        writeln!(f, "   {key}")?;
        if !method.is_rsa() && outcome.key.ends_with('&') {
            writeln!(f, "   - the token secret is empty; the '&' stays")?;
        }
        writeln!(f, "7. The signature: {method} (section {clause})")?;
        if plaintext && self.secrets == Secrets::Masked {
            return write!(f, "   it is the key itself, so it is not shown; nor is the header");
        }
        if let Some(digest) = (!plaintext).then(|| BASE64_STANDARD.decode(&*outcome.signature)) {
            writeln!(f, "   octets  {}", hex(&digest.unwrap_or_default()))?;
        }
        writeln!(f, "   text    {}", *outcome.signature)?;
        writeln!(f, "   encoded {}", encode(&*outcome.signature))?;
        write!(f, "   header  Authorization: {}", outcome.authorization.as_str())
    }
}

fn text(octets: Cow<'_, [u8]>) -> String {
    String::from_utf8_lossy(&octets).into_owned()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn uri_notes(uri: &BaseStringUri<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if uri.host().bytes().any(|b| b.is_ascii_uppercase()) {
        notes.push("scheme and host are lower-cased".into());
    }
    notes.push(match uri.port() {
        Some(port) => format!(
            "port {port} stays: it is not the default {} of {}",
            uri.scheme().default_port(),
            uri.scheme().as_str()
        ),
        None => format!(
            "no port: {} is the default of {}",
            uri.scheme().default_port(),
            uri.scheme().as_str()
        ),
    });
    notes.push("the path stays as sent; query and fragment are not part of it".into());
    notes
}

fn body_note(body: SignableBody<'_>) -> String {
    match body {
        SignableBody::NotForm([]) => "none".into(),
        SignableBody::Form(form) => {
            format!("form-encoded, {} octets: its parameters are signed", form.len())
        }
        SignableBody::NotForm(body) => format!(
            "{} octets, not form-encoded: not signed, unless by oauth_body_hash (section 3.4.1.3.1)",
            body.len()
        ),
        SignableBody::Streamed => "a stream, not form-encoded: not signed".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientCredentials, Nonce, Timestamp};

    #[test]
    fn control_characters_of_a_request_do_not_reach_the_terminal() {
        let stamp = Stamp::new(Nonce::new("n").unwrap(), Timestamp::from_seconds(1).unwrap());
        let request = SignableRequest::new("POST", "http://a.example/?q%1b[2J=1").unwrap();
        let request = request.with_body(SignableBody::Form(b"%1B[31mname=%07&raw\x1b=\x1b"));
        let text = Signer::new(ClientCredentials::new("c", "s"))
            .explain(&request, &stamp)
            .unwrap()
            .to_string();
        assert!(text.contains("name = "), "{text}");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
}
