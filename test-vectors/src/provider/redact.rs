//! Secrets are taken out of everything a report says.

use std::cell::RefCell;

use oauth1_core::{SharedSecret, percent_encoding};

use super::Settings;

/// Knows the secrets of a run; it learns those that the provider issues.
pub(super) struct Redactor(RefCell<Vec<SharedSecret>>);

impl Redactor {
    pub(super) fn new(settings: &Settings) -> Self {
        let clients = std::iter::once(&settings.client).chain(&settings.second);
        Self(RefCell::new(clients.map(|client| client.secret().clone()).collect()))
    }

    /// One more secret. Very short ones would garble every text; those are left to the names.
    pub(super) fn learn(&self, secret: &SharedSecret) {
        let mut secrets = self.0.borrow_mut();
        let known = secrets.iter().any(|other| other.expose() == secret.expose());
        if !known && secret.expose().len() >= 4 {
            secrets.push(secret.clone());
        }
    }

    /// The beginning of the text on one line, without control characters and without secrets.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        for secret in self.0.borrow().iter() {
            let secret = secret.expose();
            text = text.replace(secret, REDACTED);
            text = text.replace(percent_encoding::encode(secret).as_ref(), REDACTED);
        }
        for name in ["oauth_token_secret", "oauth_signature", "oauth_verifier"] {
            text = without_value(&text, name);
        }
        // Only now: a secret that was cut in two would not be found.
        match text.char_indices().nth(SHOWN) {
            Some((at, _)) => text[..at].to_owned() + "…",
            None => text,
        }
    }
}

/// The value after `name=`, `name="` or `name":"` is taken out, wherever it stands.
fn without_value(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, after) = rest.split_at(at + name.len());
        out.push_str(before);
        let sign = after.len() - after.trim_start_matches(['"', '\'', ' ', '=', ':']).len();
        let (sign, value) = after.split_at(sign);
        out.push_str(sign);
        rest = value;
        if sign.contains(['=', ':']) {
            let end = value.find(['&', '"', '\'', ' ', ',', '<']).unwrap_or(value.len());
            if end > 0 {
                out.push_str(REDACTED);
            }
            rest = &value[end..];
        }
    }
    out + rest
}

const REDACTED: &str = "[redacted]";
/// Characters that a report shows of an answer.
const SHOWN: usize = 400;

#[cfg(test)]
mod tests {
    use oauth1_core::ClientCredentials;

    use super::*;

    #[test]
    fn secrets_do_not_pass() {
        let client = ClientCredentials::new("key", "first+secret");
        let redactor = Redactor::new(&Settings::new("http://a", "http://b/", client));
        redactor.learn(&SharedSecret::new("learned"));
        redactor.learn(&SharedSecret::new("e"));
        for (text, expected) in [
            ("a first+secret b", "a [redacted] b"),
            ("a first%2Bsecret\u{1b}[2J", "a [redacted] [2J"),
            ("learned, twice learned", "[redacted], twice [redacted]"),
            (
                "oauth_token=t&oauth_token_secret=x&y=1",
                "oauth_token=t&oauth_token_secret=[redacted]&y=1",
            ),
            (r#"{"oauth_token_secret": "x"}"#, r#"{"oauth_token_secret": "[redacted]"}"#),
            (
                r#"oauth_signature="x", oauth_signature_method="M""#,
                r#"oauth_signature="[redacted]", oauth_signature_method="M""#,
            ),
            ("no oauth_verifier here", "no oauth_verifier here"),
            ("oauth_verifier=", "oauth_verifier="),
        ] {
            assert_eq!(redactor.text(text), expected);
        }
        let long = "é".repeat(SHOWN - 4) + "learned" + &"x".repeat(SHOWN);
        assert_eq!(redactor.text(&long), "é".repeat(SHOWN - 4) + "[red…");
    }
}
