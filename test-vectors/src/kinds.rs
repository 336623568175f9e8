//! The kinds of cases: which fields are inputs, which are expectations, and what a program answers.

/// What a program gives back for a case of some kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A string.
    Text,
    /// A string if the case has `expected`, else a verdict: `"valid"` or `"invalid"`.
    TextOrVerdict,
    /// `"valid"` or `"invalid"`.
    Verdict,
    /// `{"realm": …, "params": […]}`
    Header,
    /// `{"base_string": …, "signature": …, "authorization_header": …}`
    Signed,
}

/// One kind of case.
#[derive(Debug)]
pub struct Kind {
    /// The name, also that of its file.
    pub name: &'static str,
    /// What a program answers.
    pub answer: Answer,
    /// The fields a program is sent.
    pub inputs: &'static [&'static str],
    /// Sets of inputs of which a case has at least one as a whole.
    pub required: &'static [&'static [&'static str]],
    /// The fields a program is not sent.
    pub expectations: &'static [&'static str],
}

impl Kind {
    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }
}

/// What the value of a field must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Any string.
    Text,
    /// A string, or `null` for "none".
    TextOrNull,
    /// Octets in lower-case hexadecimal digits.
    Hex,
    /// `[[name, value], …]`
    Pairs,
    /// A positive integer.
    Integer,
    /// `sha1`, `sha256` or `sha512`.
    Hash,
}

/// The type of a field; it is the same in every kind but for `realm`.
#[must_use]
pub fn field_type(kind: &Kind, field: &str) -> FieldType {
    match field {
        "algorithm" => FieldType::Hash,
        "tag_bytes" => FieldType::Integer,
        "expected_realm" => FieldType::TextOrNull,
        "realm" if kind.name == "authorization-header-build" => FieldType::TextOrNull,
        "params" | "oauth_params" | "decoded_params" | "expected_params" => FieldType::Pairs,
        hex if hex.ends_with("_hex") => FieldType::Hex,
        _ => FieldType::Text,
    }
}

/// Fields every case may have, whatever its kind; none is sent to a program but `id` and `kind`.
pub const COMMON: &[&str] =
    &["id", "kind", "source", "provenance", "clause", "comment", "flags", "result"];

/// The order of a case's fields in canonical form.
pub const CASE_ORDER: &[&str] = &[
    "id",
    "kind",
    "source",
    "provenance",
    "clause",
    "comment",
    "flags",
    "algorithm",
    "input",
    "input_hex",
    "form",
    "params",
    "separator",
    "method",
    "url",
    "host_header",
    "oauth_params",
    "body",
    "content_type",
    "realm",
    "signature_method",
    "client_secret",
    "token_secret",
    "private_key_pem",
    "public_key_pem",
    "certificate_pem",
    "modulus_hex",
    "public_exponent_hex",
    "base_string",
    "key_hex",
    "data_hex",
    "tag_hex",
    "tag_bytes",
    "signature",
    "signature_hex",
    "published",
    "published_signature",
    "decoded_params",
    "expected",
    "expected_transmitted",
    "expected_realm",
    "expected_params",
    "expected_base_string",
    "expected_signature",
    "expected_authorization_header",
    "needs",
    "steps",
    "result",
];

/// The order of the fields of a step of a request sequence.
pub(crate) const STEP_ORDER: &[&str] = &[
    "endpoint",
    "as",
    "repeat",
    "client",
    "credentials",
    "owner",
    "method",
    "transmission",
    "set",
    "add",
    "omit",
    "query",
    "signing",
    "times",
    "parallel",
    "copies",
    "expect",
];

/// The order of the fields of what is expected of a step.
pub(crate) const EXPECT_ORDER: &[&str] = &[
    "level",
    "outcome",
    "granted",
    "status",
    "content_type",
    "parameter",
    "problem",
    "challenge",
    "redirect",
    "no_redirect_to",
    "redirect_parameter",
    "different_from",
    "clause",
];

const TEXT: &[&str] = &["published", "expected"];
const HMAC_INPUTS: &[&str] = &[
    "client_secret",
    "token_secret",
    "base_string",
    "key_hex",
    "data_hex",
    "tag_hex",
    "tag_bytes",
];
const HMAC_REQUIRED: &[&[&str]] =
    &[&["client_secret", "token_secret", "base_string"], &["key_hex", "data_hex", "tag_hex"]];
const RSA_INPUTS: &[&str] = &[
    "private_key_pem",
    "public_key_pem",
    "certificate_pem",
    "base_string",
    "published",
    "modulus_hex",
    "public_exponent_hex",
    "data_hex",
    "signature_hex",
];
const RSA_REQUIRED: &[&[&str]] = &[
    &["private_key_pem", "base_string", "expected"],
    &["public_key_pem", "base_string", "published"],
    &["modulus_hex", "public_exponent_hex", "data_hex", "signature_hex"],
];

const fn text(
    name: &'static str,
    inputs: &'static [&'static str],
    required: &'static [&'static [&'static str]],
) -> Kind {
    Kind { name, answer: Answer::Text, inputs, required, expectations: TEXT }
}

const fn hmac(name: &'static str) -> Kind {
    Kind {
        name,
        answer: Answer::TextOrVerdict,
        inputs: HMAC_INPUTS,
        required: HMAC_REQUIRED,
        expectations: TEXT,
    }
}

/// Here `published` is the signature presented for verification, so it is an input.
const fn rsa(name: &'static str) -> Kind {
    Kind {
        name,
        answer: Answer::TextOrVerdict,
        inputs: RSA_INPUTS,
        required: RSA_REQUIRED,
        expectations: &["expected"],
    }
}

/// Every kind.
pub static KINDS: &[Kind] = &[
    text("percent-encode", &["input", "input_hex"], &[&["input"], &["input_hex"]]),
    text("percent-decode", &["input"], &[&["input"]]),
    text("base-string-uri", &["url", "host_header"], &[&["url"]]),
    Kind {
        name: "parameter-normalization",
        answer: Answer::Text,
        inputs: &["params", "form"],
        required: &[&["params"], &["form"]],
        expectations: &["published", "decoded_params", "expected"],
    },
    text(
        "base-string",
        &["method", "url", "oauth_params", "body", "content_type"],
        &[&["method", "url", "oauth_params"]],
    ),
    hmac("hmac-sha1"),
    hmac("hmac-sha256"),
    hmac("hmac-sha512"),
    rsa("rsa-sha1"),
    rsa("rsa-sha256"),
    rsa("rsa-sha512"),
    Kind {
        name: "plaintext",
        answer: Answer::Text,
        inputs: &["client_secret", "token_secret"],
        required: &[&["client_secret", "token_secret"]],
        expectations: &["published", "expected", "expected_transmitted"],
    },
    text("body-hash", &["algorithm", "body"], &[&["algorithm", "body"]]),
    text(
        "authorization-header-build",
        &["params", "realm", "separator"],
        &[&["params", "realm", "separator"]],
    ),
    Kind {
        name: "authorization-header-parse",
        answer: Answer::Header,
        inputs: &["input"],
        required: &[&["input"]],
        expectations: &["expected_realm", "expected_params"],
    },
    Kind {
        name: "sign-request",
        answer: Answer::Signed,
        inputs: &[
            "method",
            "url",
            "oauth_params",
            "body",
            "content_type",
            "realm",
            "signature_method",
            "client_secret",
            "token_secret",
            "private_key_pem",
            "certificate_pem",
        ],
        required: &[
            &["method", "url", "oauth_params", "client_secret", "token_secret"],
            &["method", "url", "oauth_params", "private_key_pem"],
        ],
        expectations: &[
            "published_signature",
            "expected_base_string",
            "expected_signature",
            "expected_authorization_header",
        ],
    },
    Kind {
        name: "verify-request",
        answer: Answer::Verdict,
        inputs: &[
            "method",
            "url",
            "oauth_params",
            "body",
            "content_type",
            "realm",
            "signature_method",
            "signature",
            "client_secret",
            "token_secret",
            "private_key_pem",
            "public_key_pem",
            "certificate_pem",
        ],
        required: &[
            &["method", "url", "oauth_params", "signature", "client_secret", "token_secret"],
            &["method", "url", "oauth_params", "signature", "private_key_pem"],
            &["method", "url", "oauth_params", "signature", "public_key_pem"],
            &["method", "url", "oauth_params", "signature", "certificate_pem"],
        ],
        expectations: &["expected_base_string"],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    /// The schema of the request sequences names the same fields as their canonical form.
    #[test]
    fn the_schema_knows_the_fields_of_steps() {
        let schema = Json::parse(include_str!("../schema/request-sequence.json")).unwrap();
        for (name, order) in [("step", STEP_ORDER), ("expectation", EXPECT_ORDER)] {
            let part = schema.get("$defs").and_then(|parts| parts.get(name)).unwrap();
            let fields = part.get("properties").and_then(Json::as_object).unwrap();
            let mut fields: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
            let mut known = order.to_vec();
            fields.sort_unstable();
            known.sort_unstable();
            assert_eq!(fields, known, "{name}");
        }
    }
}
