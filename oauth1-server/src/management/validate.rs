//! What the fields of a key may be.

use std::collections::BTreeMap;

use super::{InvalidField, error::ManagementError};
use crate::{Network, catalogue::Catalogue, credentials::sql::records::parse_methods};

/// A name that stands in URLs and on command lines.
pub(super) fn name(name: &str) -> Result<(), InvalidField> {
    if name.contains(char::is_whitespace) {
        return Err(InvalidField::new(
            "name",
            "no spaces allowed; use '-', and put the text into the display name",
        ));
    }
    if !is_slug(name) {
        return Err(InvalidField::new(
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

/// A text of so many characters. NUL is what PostgreSQL cannot keep; the other control characters
/// are nothing that somebody would read.
pub(crate) fn text(
    field: &'static str,
    text: &str,
    least: usize,
    most: usize,
) -> Result<(), InvalidField> {
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(InvalidField::new(field, "must not contain control characters"));
    }
    match text.chars().count() {
        _ if least > 0 && text.trim().is_empty() => {
            Err(InvalidField::new(field, "must not be empty"))
        }
        n if n > most => {
            Err(InvalidField::new(field, format!("has {n} characters; {most} are allowed")))
        }
        _ => Ok(()),
    }
}

/// The end of a key, if it has one.
pub(super) fn expiry(expires: Option<i64>, now: i64, required: bool) -> Result<(), InvalidField> {
    match expires {
        None if required => Err(InvalidField::new(
            "expires_at",
            "keys of this account must end; give a date, such as one in 90 days",
        )),
        Some(expires) if expires <= now => {
            Err(InvalidField::new("expires_at", "lies in the past; give a later time"))
        }
        // The year 9999: beyond it, times have no ISO 8601 form that everybody reads.
        Some(expires) if expires > LATEST => {
            Err(InvalidField::new("expires_at", "must be before the year 10000"))
        }
        _ => Ok(()),
    }
}

/// Scopes by themselves, and as the catalogue knows them. `assigned` says what the account was
/// given of that which needs an assignment.
pub(super) fn scopes(
    scopes: &[String],
    catalogue: &Catalogue,
    assigned: &[String],
) -> Result<(), ManagementError> {
    if scopes.len() > MOST_SCOPES {
        let problem = format!("{} are too many; {MOST_SCOPES} are allowed", scopes.len());
        return Err(InvalidField::new("scopes", problem).into());
    }
    for scope in scopes {
        let legal = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\');
        if scope.is_empty() || scope.len() > 100 || !scope.bytes().all(legal) {
            return Err(InvalidField::new(
                "scopes",
                format!("{scope:?} must be 1 to 100 visible ASCII characters, without \" and \\"),
            )
            .into());
        }
        catalogue.check_scope(scope).map_err(|problem| InvalidField::new("scopes", problem))?;
        let needing = catalogue.needing_assignment(scope);
        if needing.iter().any(|needed| needed == scope) && !assigned.contains(scope) {
            return Err(ManagementError::Refused(format!(
                "{scope} needs an assignment, which only a super administrator gives to the account"
            )));
        }
    }
    Ok(())
}

/// Names and values that handlers get. Both go into headers.
pub(super) fn attributes(attributes: &BTreeMap<String, String>) -> Result<(), InvalidField> {
    if attributes.len() > MOST_ATTRIBUTES {
        let problem = format!("{} are too many; {MOST_ATTRIBUTES} are allowed", attributes.len());
        return Err(InvalidField::new("attributes", problem));
    }
    for (name, value) in attributes {
        if !is_slug(name) || RESERVED.contains(&name.as_str()) {
            return Err(InvalidField::new(
                "attributes",
                format!(
                    "{name:?} must be 1 to 63 of a-z, 0-9, '.', '_' and '-', and none of {}",
                    RESERVED.join(", ")
                ),
            ));
        }
        text("attributes", value, 0, 1000)?;
        if value.contains(['\n', '\t']) {
            return Err(InvalidField::new("attributes", "a value is one line, without tabs"));
        }
    }
    Ok(())
}

/// Signature methods between spaces.
pub(super) fn signature_methods(methods: Option<&str>) -> Result<(), InvalidField> {
    let Some(methods) = methods else { return Ok(()) };
    if methods.trim().is_empty() {
        return Err(InvalidField::new("signature_methods", "name one at least, or leave it out"));
    }
    parse_methods(methods)
        .map(drop)
        .map_err(|error| InvalidField::new("signature_methods", error.to_string()))
}

/// Methods of HTTP, or `*` for all.
pub(super) fn attribute_methods(methods: &[String]) -> Result<(), InvalidField> {
    for method in methods {
        let token = |b: u8| b.is_ascii_uppercase() || b == b'-';
        if method != "*" && (method.is_empty() || method.len() > 20 || !method.bytes().all(token)) {
            return Err(InvalidField::new(
                "attribute_methods",
                format!("{method:?} is no method such as POST; * stands for all"),
            ));
        }
    }
    Ok(())
}

/// Addresses and networks.
pub(super) fn ip_allow(networks: &[String]) -> Result<(), InvalidField> {
    if networks.len() > MOST_NETWORKS {
        let problem = format!("{} are too many; {MOST_NETWORKS} are allowed", networks.len());
        return Err(InvalidField::new("ip_allow", problem));
    }
    for network in networks {
        if let Err(error) = network.parse::<Network>() {
            return Err(InvalidField::new("ip_allow", error.to_string()));
        }
    }
    Ok(())
}

/// Seconds that a short-lived token is good for.
pub(super) fn token_lifetime(seconds: i64) -> Result<(), InvalidField> {
    if (1..=LONGEST_TOKEN).contains(&seconds) {
        return Ok(());
    }
    let problem = format!("must be 1 to {LONGEST_TOKEN} seconds, which is 30 days");
    Err(InvalidField::new("token_lifetime", problem))
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
const MOST_SCOPES: usize = 200;
const MOST_ATTRIBUTES: usize = 32;
const MOST_NETWORKS: usize = 100;
/// 43,200 minutes.
const LONGEST_TOKEN: i64 = 43_200 * 60;
/// 9999-12-31T23:59:59Z.
const LATEST: i64 = 253_402_300_799_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "0", "billing-bot", "a.b_c-1", &"x".repeat(63)] {
            assert_eq!(name(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", ".a", "A", "ä", "a/b", &"x".repeat(64)] {
            assert!(name(bad).is_err(), "{bad}");
        }
        let error = name("two words").unwrap_err().to_string();
        assert!(error.contains("no spaces allowed"), "{error}");
    }

    #[test]
    fn slugs() {
        assert_eq!(slug("Billing Bot (EU)").as_deref(), Some("billing-bot-eu"));
        assert_eq!(slug("  ünï  "), Some("n".to_owned()));
        assert_eq!(slug("日本"), None);
        let long = slug(&"a b".repeat(60)).unwrap();
        assert_eq!(name(&long), Ok(()));
    }
}
