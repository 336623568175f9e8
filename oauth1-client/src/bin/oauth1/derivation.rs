//! The derivation of a signature as JSON, and where its inputs came from.

use oauth1_client::{
    Stamp,
    core::{
        Explanation, Secrets, SignatureMethod, percent_encoding::encode,
        protocol_parameters as names,
    },
};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::{Value, json};

use crate::{
    args::ProtocolArgs, captured::Captured, compare::DifferenceJson, credentials::Credentials,
    input::Input,
};

/// Each input with its origin, secrets by origin only.
pub(crate) struct Provenance(Vec<(&'static str, Option<String>, String)>);

impl Provenance {
    pub(crate) fn of(
        credentials: &Credentials,
        args: &ProtocolArgs,
        captured: &Captured,
        stamp: &Stamp,
    ) -> Self {
        let mut rows = credentials.rows();
        let origin = |flag: Option<&str>, name| match (flag, captured.get(name)) {
            (Some(flag), _) => format!("flag {flag}"),
            (None, Some(_)) => "the request's Authorization header".into(),
            (None, None) => "generated".into(),
        };
        let nonce = origin(args.nonce.as_ref().map(|_| "--nonce"), names::NONCE);
        rows.push(("Nonce", Some(stamp.nonce.as_str().into()), nonce));
        let timestamp = origin(args.timestamp.as_ref().map(|_| "--timestamp"), names::TIMESTAMP);
        rows.push(("Timestamp", Some(stamp.timestamp.to_string()), timestamp));
        Self(rows)
    }

    /// The step before the first.
    pub(crate) fn text(&self, input: &Input) -> String {
        let mut text = String::from("0. The inputs, and where they came from");
        let mut row = |name: &str, value: &str, origin: &str| {
            text.push_str(&format!("\n   {name:<13} {value}"));
            if !origin.is_empty() {
                text.push_str(&format!("   ({origin})"));
            }
        };
        row("URL", &input.given, "as given");
        if input.request.url != input.given {
            row("URL", &input.request.url, "as it is sent");
        }
        row("Content-Type", input.request.header("content-type").unwrap_or("none"), "");
        for (name, value, origin) in &self.0 {
            row(name, value.as_deref().unwrap_or("****"), origin);
        }
        text
    }

    fn json(&self) -> Vec<Value> {
        let row = |(name, value, origin): &(&str, Option<String>, String)| {
            let secret = value.is_none();
            json!({ "name": name, "value": value, "secret": secret, "source": origin })
        };
        self.0.iter().map(row).collect()
    }
}

/// Everything `explain` shows, for `--json`.
pub(crate) struct Derivation<'a> {
    pub(crate) input: &'a Input,
    pub(crate) provenance: &'a Provenance,
    pub(crate) explanation: &'a Explanation,
    pub(crate) secrets: Secrets,
    /// Whether the secrets are there, so that key and signature mean something.
    pub(crate) complete: bool,
    pub(crate) realm: Option<&'a str>,
    pub(crate) difference: Option<DifferenceJson>,
    /// Whether the signature in the request is this one.
    pub(crate) matches: Option<bool>,
}

impl Serialize for Derivation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Derivation", 11)?;
        out.serialize_field("request", &self.request())?;
        out.serialize_field("inputs", &self.provenance.json())?;
        out.serialize_field("parameters", &self.parameters())?;
        out.serialize_field("left_out", &self.left_out())?;
        out.serialize_field(
            "normalized_parameters",
            self.explanation.normalized_parameters().as_str(),
        )?;
        out.serialize_field("base_string_uri", &self.uri())?;
        out.serialize_field("base_string", &self.base_string())?;
        out.serialize_field("signing_key", &self.key())?;
        out.serialize_field("signature", &self.signature())?;
        out.serialize_field("difference", &self.difference)?;
        out.serialize_field("signature_matches", &self.matches)?;
        out.end()
    }
}

impl Derivation<'_> {
    fn request(&self) -> Value {
        let hash = self.explanation.parameters().iter().find(|p| p.name == names::BODY_HASH);
        json!({
            "method": self.input.request.method,
            "url_given": self.input.given,
            "url_sent": self.input.request.url,
            "content_type": self.input.request.header("content-type"),
            "body_length": self.input.request.body.len(),
            "body_hash": hash.map(|p| &p.value),
        })
    }

    /// In the order of the base string.
    fn parameters(&self) -> Vec<Value> {
        let row = |p: &oauth1_client::core::ExplainedParameter| {
            json!({
                "name": p.name, "value": p.value, "raw": p.raw, "source": p.source,
                "encoded_name": p.encoded_name, "encoded_value": p.encoded_value,
                "sorted_by": if p.tied { "value" } else { "name" },
            })
        };
        self.explanation.parameters().iter().map(row).collect()
    }

    fn left_out(&self) -> Vec<Value> {
        let row = |what: &str, why: &str| json!({ "what": what, "why": why });
        let clause = "RFC 5849 section 3.4.1.3.1";
        let itself = format!("the signature does not sign itself ({clause})");
        let mut out = vec![row(names::SIGNATURE, &itself)];
        if let Some(realm) = self.realm {
            out.push(row(&format!("realm={realm}"), &format!("never signed ({clause})")));
        }
        if !self.input.request.body.is_empty() && !self.input.is_form() {
            let why = format!("not form-encoded: signed by oauth_body_hash only ({clause})");
            out.push(row("the body", &why));
        }
        out
    }

    fn uri(&self) -> Value {
        json!({
            "value": self.explanation.base_string_uri(),
            "reasons": self.explanation.uri_notes(),
        })
    }

    fn base_string(&self) -> Value {
        let text = self.explanation.base_string().as_str();
        let mut parts = text.splitn(3, '&');
        let mut part = || parts.next().unwrap_or_default();
        json!({
            "value": text,
            "parts": { "method": part(), "uri": part(), "parameters": part() },
            "length": text.len(),
            "sha256": self.explanation.base_string_sha256(),
            "double_encoded": text.matches("%25").count(),
        })
    }

    fn key(&self) -> Option<Value> {
        let key = self.explanation.key(self.secrets).filter(|_| self.complete)?;
        let rsa = self.explanation.signature_method().is_rsa();
        json!({
            "value": key,
            "masked": self.secrets == Secrets::Masked,
            "token_secret_empty": !rsa && key.ends_with('&'),
        })
        .into()
    }

    /// Nothing of PLAINTEXT, whose signature is the key, unless secrets are shown.
    fn signature(&self) -> Option<Value> {
        let method = self.explanation.signature_method();
        let hidden = method == SignatureMethod::Plaintext && self.secrets == Secrets::Masked;
        let text = self.explanation.signature().filter(|_| self.complete && !hidden)?;
        let octets = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text);
        let octets = octets.ok().filter(|_| method != SignatureMethod::Plaintext);
        let hex = octets.map(|o| o.iter().map(|b| format!("{b:02x}")).collect::<String>());
        json!({
            "method": method.as_str(),
            "hex": hex,
            "value": text,
            "encoded": encode(text),
            "authorization": self.explanation.authorization().map(|a| a.as_str()),
        })
        .into()
    }
}
