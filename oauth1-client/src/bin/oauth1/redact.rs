//! Request and response heads for people to see: without signatures, secrets and cookies.

use oauth1_client::core::{
    authorization::{AuthorizationHeader, build_header},
    percent_encoding::encode,
};
use reqwest::header::HeaderMap;

use crate::output::printable;

/// Hides what must not be shown, wherever it stands.
pub(crate) struct Redactor {
    hidden: Vec<String>,
}

impl Redactor {
    /// Hides these secrets, plain and encoded.
    pub(crate) fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mut hidden = Vec::new();
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            let once = encode(secret).into_owned();
            let twice = encode(&once).into_owned();
            hidden.extend([secret.to_owned(), once, twice]);
        }
        hidden.sort_by_key(|text| std::cmp::Reverse(text.len()));
        hidden.dedup();
        Self { hidden }
    }

    /// The text without the secrets, fit for a terminal.
    pub(crate) fn text(&self, text: &str) -> String {
        let cut = |text: String, hidden: &String| text.replace(hidden.as_str(), MARK);
        printable(&self.hidden.iter().fold(text.to_owned(), cut))
    }

    /// One line for each header, starting with `prefix`.
    pub(crate) fn headers(&self, prefix: &str, headers: &HeaderMap) -> String {
        let mut out = String::new();
        for (name, value) in headers {
            let value = match name.as_str() {
                "authorization" => authorization(value.as_bytes()),
                "proxy-authorization" | "cookie" | "set-cookie" => MARK.into(),
                _ => self.text(&String::from_utf8_lossy(value.as_bytes())),
            };
            out.push_str(&format!("\n{prefix} {name}: {}", self.text(&value)));
        }
        out
    }

    /// A URL or a form body, without the signature in it.
    pub(crate) fn query(&self, text: &str) -> String {
        let pair = |pair: &str| {
            for name in ["oauth_signature=", "oauth_verifier=", "oauth_session_handle="] {
                // Behind the '?' stands the first pair.
                if let Some((before, _)) = pair.split_once(name)
                    && (before.is_empty() || before.ends_with('?'))
                {
                    return format!("{before}{name}{MARK}");
                }
            }
            pair.to_owned()
        };
        self.text(&text.split('&').map(pair).collect::<Vec<_>>().join("&"))
    }
}

/// An `OAuth` header keeps what is no secret; every other is hidden whole.
fn authorization(value: &[u8]) -> String {
    let Ok(header) = AuthorizationHeader::parse(value) else { return MARK.into() };
    let shown = header.parameters().iter().map(|p| {
        let secret = [&b"oauth_signature"[..], b"oauth_verifier", b"oauth_session_handle"];
        let value = if secret.contains(&&*p.name()) { MARK.as_bytes().into() } else { p.value() };
        (p.name(), value)
    });
    build_header(header.realm(), shown, ", ").replace(&*encode(MARK), MARK)
}

const MARK: &str = "[redacted]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_and_secrets_are_hidden_in_every_spelling() {
        let redactor = Redactor::new(["can&ary", ""]);
        assert_eq!(
            redactor.text("a can&ary can%26ary can%2526ary"),
            "a [redacted] [redacted] [redacted]"
        );
        let header =
            authorization(br#"OAuth realm="r", oauth_token="t", oauth_signature="canary%3D""#);
        assert_eq!(header, r#"OAuth realm="r", oauth_token="t", oauth_signature="[redacted]""#);
        assert_eq!(authorization(b"Basic canary"), MARK);
        assert_eq!(
            redactor.query("http://h/?oauth_signature=canary&a=b"),
            "http://h/?oauth_signature=[redacted]&a=b"
        );
        assert_eq!(
            redactor.query("a=b&oauth_signature=x&oauth_verifier=y"),
            "a=b&oauth_signature=[redacted]&oauth_verifier=[redacted]"
        );
    }
}
