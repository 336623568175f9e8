//! Values that are known only now: callbacks, times, and what earlier steps brought.

use std::time::{SystemTime, UNIX_EPOCH};

use oauth1_core::SharedSecret;

use super::Settings;
use super::answer::Issued;
use super::request::Prepared;
use crate::sequence::{Piece, Place, Variant, pieces};

/// What the steps done so far brought, under their names.
#[derive(Default)]
pub(super) struct Memory(Vec<(String, Done)>);

/// What one step brought.
#[derive(Default)]
pub(super) struct Done {
    pub(super) request: Option<Prepared>,
    pub(super) issued: Option<Issued>,
    pub(super) verifier: Option<SharedSecret>,
}

impl Memory {
    pub(super) fn keep(&mut self, name: &str, done: Done) {
        self.0.push((name.to_owned(), done));
    }

    fn done(&self, name: &str) -> Result<&Done, String> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, done)| done).ok_or_else(|| format!("{name:?} was not reached"))
    }

    pub(super) fn request(&self, name: &str) -> Result<&Prepared, String> {
        self.done(name)?.request.as_ref().ok_or_else(|| format!("{name:?} sent no request"))
    }

    pub(super) fn issued(&self, name: &str) -> Result<&Issued, String> {
        self.done(name)?.issued.as_ref().ok_or_else(|| format!("{name:?} gave no credentials"))
    }

    pub(super) fn verifier(&self, name: &str) -> Result<&SharedSecret, String> {
        let verifier = self.done(name)?.verifier.as_ref();
        verifier.ok_or_else(|| format!("{name:?} gave no verification code"))
    }
}

/// Fills in a value.
///
/// # Errors
/// The earlier step that did not bring what is needed.
pub(super) fn fill(value: &str, settings: &Settings, memory: &Memory) -> Result<String, String> {
    let mut out = String::new();
    for piece in pieces(value)? {
        match piece {
            Piece::Literal(text) => out.push_str(&text),
            Piece::Place(place) => out.push_str(&filled(place, settings, memory)?),
        }
    }
    Ok(out)
}

fn filled(place: Place, settings: &Settings, memory: &Memory) -> Result<String, String> {
    Ok(match place {
        Place::Callback(None) => settings.callback.clone(),
        Place::Callback(Some(other)) => variant(&settings.callback, other)?,
        Place::SecondCallback => settings.second_callback.clone(),
        Place::Now(more) => now().saturating_add_signed(more).to_string(),
        Place::Verifier(name) => memory.verifier(&name)?.expose().to_owned(),
        Place::WrongVerifier(name) => changed(memory.verifier(&name)?.expose()),
        Place::Token(name) => memory.issued(&name)?.identifier.clone(),
        Place::WrongToken(name) => changed(&memory.issued(&name)?.identifier),
        Place::Nonce(name) => memory.request(&name)?.nonce.clone(),
        Place::Timestamp(name) => memory.request(&name)?.timestamp.clone(),
    })
}

/// Seconds since 1970 (section 3.3).
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The same text with another last character of the same sort, so that a check of its form alone
/// does not refuse it.
pub(super) fn changed(text: &str) -> String {
    let mut chars = text.chars();
    let last = match chars.next_back() {
        Some('0'..='8') | None => '9',
        Some('9') => '0',
        Some('a') => 'b',
        Some('A') => 'B',
        Some('B'..='Z') => 'A',
        Some(_) => 'a',
    };
    chars.as_str().to_owned() + &String::from(last)
}

/// Whether the callbacks near this one can be made.
pub(super) fn check_callback(callback: &str) -> Result<(), String> {
    variant(callback, Variant::Host).map(|_| ())
}

fn variant(callback: &str, variant: Variant) -> Result<String, String> {
    let no_uri = || format!("{callback:?} is no callback with scheme and host, like https://a/b");
    let (scheme, rest) = callback.split_once("://").ok_or_else(no_uri)?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let port_at = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let (host, port) = authority.split_at(port_at.unwrap_or(authority.len()));
    if scheme.is_empty() || host.is_empty() || tail.contains('#') {
        return Err(no_uri());
    }
    let (path, query) = tail.split_at(tail.find('?').unwrap_or(tail.len()));
    Ok(match variant {
        Variant::Bare => format!("{scheme}://{authority}{path}"),
        Variant::Scheme if scheme == "https" => format!("http://{rest}"),
        Variant::Scheme => format!("https://{rest}"),
        Variant::Host => format!("{scheme}://{ELSEWHERE}{port}{tail}"),
        Variant::Subdomain => format!("{scheme}://{host}.{ELSEWHERE}{port}{tail}"),
        Variant::UserInformation => format!("{scheme}://{authority}@{ELSEWHERE}{tail}"),
        Variant::Port if port == ":8443" => format!("{scheme}://{host}:9443{tail}"),
        Variant::Port => format!("{scheme}://{host}:8443{tail}"),
        Variant::Path => format!("{scheme}://{authority}{path}/more{query}"),
        Variant::Query if query.is_empty() => format!("{callback}?more=1"),
        Variant::Query => format!("{callback}&more=1"),
        Variant::Fragment => format!("{callback}#more"),
    })
}

/// A host that is never registered (RFC 6761).
const ELSEWHERE: &str = "attacker.invalid";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_near_the_registered_one() {
        let of = |callback: &str, kind| variant(callback, kind).unwrap();
        let plain = "http://127.0.0.1:9000/cb?x=1";
        for (kind, expected) in [
            (Variant::Bare, "http://127.0.0.1:9000/cb"),
            (Variant::Scheme, "https://127.0.0.1:9000/cb?x=1"),
            (Variant::Host, "http://attacker.invalid:9000/cb?x=1"),
            (Variant::Subdomain, "http://127.0.0.1.attacker.invalid:9000/cb?x=1"),
            (Variant::UserInformation, "http://127.0.0.1:9000@attacker.invalid/cb?x=1"),
            (Variant::Port, "http://127.0.0.1:8443/cb?x=1"),
            (Variant::Path, "http://127.0.0.1:9000/cb/more?x=1"),
            (Variant::Query, "http://127.0.0.1:9000/cb?x=1&more=1"),
            (Variant::Fragment, "http://127.0.0.1:9000/cb?x=1#more"),
        ] {
            assert_eq!(of(plain, kind), expected);
        }
        assert_eq!(of("https://a.example", Variant::Scheme), "http://a.example");
        assert_eq!(of("https://a.example:8443/", Variant::Port), "https://a.example:9443/");
        assert_eq!(of("https://[::1]/", Variant::Port), "https://[::1]:8443/");
        assert_eq!(of("https://a.example", Variant::Query), "https://a.example?more=1");
        for wrong in ["", "oob", "app:/cb", "http:///cb", "https://a/#b"] {
            assert!(check_callback(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_changed_text_is_another_of_the_same_length() {
        for text in ["12345678", "00000009", "abcA", "abca", "abZ", "a-"] {
            let other = changed(text);
            assert_ne!(other, text);
            assert_eq!(other.len(), text.len());
        }
    }
}
