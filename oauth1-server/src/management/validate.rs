//! What the fields of a key may be.

use super::NewKey;
use crate::credentials::sql::{is_possible, records::parse_methods};

/// A value that cannot be used, and what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidKey {
    /// The field.
    pub field: &'static str,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl InvalidKey {
    pub(super) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}

/// Checks everything that does not need the database.
pub(super) fn check(new: &NewKey, now: i64) -> Result<(), InvalidKey> {
    if let Some(name) = &new.name {
        check_name(name)?;
    }
    length("display name", new.display_name.as_deref().unwrap_or("-"), 1, 100)?;
    length("developer name", &new.developer_name, 0, 100)?;
    length("description", &new.description, 0, 280)?;
    length("environment", &new.environment, 0, 63)?;
    if new.expires_at.is_some_and(|expires| expires <= now) {
        return Err(InvalidKey::new("expiry", "lies in the past; give a later time"));
    }
    for scope in &new.scopes {
        let legal = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
        if scope.is_empty() || scope.len() > 100 || !scope.bytes().all(legal) {
            return Err(InvalidKey::new(
                "scope",
                format!("{scope:?} must be 1 to 100 visible ASCII characters, without \" and \\"),
            ));
        }
    }
    for (name, value) in &new.attributes {
        if !is_slug(name) || RESERVED.contains(&name.as_str()) {
            return Err(InvalidKey::new(
                "attribute",
                format!(
                    "{name:?} must be of a-z, 0-9, '.', '_' and '-', and none of {}",
                    RESERVED.join(", ")
                ),
            ));
        }
        length("attribute", value, 0, 1000)?;
    }
    if let Some(methods) = &new.signature_methods {
        if methods.trim().is_empty() {
            return Err(InvalidKey::new("signature method", "name one at least, or leave it out"));
        }
        parse_methods(methods)
            .map_err(|error| InvalidKey::new("signature method", error.to_string()))?;
    }
    for identifier in
        new.imported.iter().flat_map(|(client, token)| [client.identifier(), token.identifier()])
    {
        if !is_possible(identifier) {
            return Err(InvalidKey::new("identifier", "must be 1 to 255 octets, without NUL"));
        }
    }
    Ok(())
}

/// A name that stands in URLs and on command lines.
pub(super) fn check_name(name: &str) -> Result<(), InvalidKey> {
    if name.contains(char::is_whitespace) {
        return Err(InvalidKey::new(
            "name",
            "no spaces allowed; use '-', and put the text into the display name",
        ));
    }
    if !is_slug(name) {
        return Err(InvalidKey::new(
            "name",
            format!(
                "{name:?} must be 1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit"
            ),
        ));
    }
    Ok(())
}

fn is_slug(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (1..=63).contains(&name.len())
        && name.bytes().next().is_some_and(plain)
        && name.bytes().all(|b| plain(b) || b"._-".contains(&b))
}

fn length(field: &'static str, text: &str, least: usize, most: usize) -> Result<(), InvalidKey> {
    if text.contains('\0') {
        return Err(InvalidKey::new(field, "must not contain a NUL character"));
    }
    match text.chars().count() {
        n if n < least => Err(InvalidKey::new(field, "must not be empty")),
        n if n > most => {
            Err(InvalidKey::new(field, format!("has {n} characters; {most} are allowed")))
        }
        _ => Ok(()),
    }
}

/// A name made of a display name, as far as there is something to make it of.
pub(super) fn slug(text: &str) -> Option<String> {
    let mut slug = String::new();
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(63);
    let slug = slug.trim_end_matches('-');
    (!slug.is_empty()).then(|| slug.to_owned())
}

/// Attributes that the store fills in itself.
const RESERVED: [&str; 5] = ["name", "account", "environment", "scope", "resource_owner"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "0", "billing-bot", "a.b_c-1", &"x".repeat(63)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", ".a", "A", "ä", "a/b", &"x".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        let error = check_name("two words").unwrap_err().to_string();
        assert!(error.contains("no spaces allowed"), "{error}");
    }

    #[test]
    fn slugs() {
        assert_eq!(slug("Billing Bot (EU)").as_deref(), Some("billing-bot-eu"));
        assert_eq!(slug("  ünï  "), Some("n".to_owned()));
        assert_eq!(slug("日本"), None);
        let long = slug(&"a b".repeat(60)).unwrap();
        assert_eq!(check_name(&long), Ok(()));
    }
}
