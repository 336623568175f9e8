//! Base strings of refused requests, compared with a client's: the values that were not kept are
//! taken from the client, so that they are no difference.

use std::collections::HashMap;

use oauth1_core::percent_encoding::{decode, encode};

use crate::refused::REDACTED;

/// The server's base string with the client's values in place of those that were not kept, sorted
/// anew (RFC 5849 section 3.4.1.3.2). Where the client's is none, or lacks a name, they stay.
pub(super) fn filled(kept: &str, theirs: &str) -> String {
    let (Some((head, kept_pairs)), Some((_, their_pairs))) = (parameters(kept), parameters(theirs))
    else {
        return kept.to_owned();
    };
    let mut values: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, value) in pairs(&their_pairs).rev() {
        values.entry(name).or_default().push(value);
    }
    let mut filled: Vec<_> = pairs(&kept_pairs)
        .map(|(name, value)| match value {
            REDACTED => (name, values.get_mut(name).and_then(Vec::pop).unwrap_or(value)),
            _ => (name, value),
        })
        .collect();
    filled.sort_unstable();
    let pairs: Vec<_> = filled.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{head}&{}", encode(&pairs.join("&")))
}

/// Method and URI, and the normalized parameters.
fn parameters(base_string: &str) -> Option<(&str, String)> {
    let (head, parameters) = base_string.rsplit_once('&')?;
    let decoded = String::from_utf8(decode(parameters.as_bytes()).ok()?.into_owned()).ok()?;
    Some((head, decoded))
}

fn pairs(normalized: &str) -> impl DoubleEndedIterator<Item = (&str, &str)> {
    normalized.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: &str =
        "GET&http%3A%2F%2Fh%2F&a%3Dredacted%26a%3Dredacted%26oauth_nonce%3Dn%26z%3Dredacted";

    #[test]
    fn values_that_were_not_kept_are_no_difference() {
        let theirs = "GET&http%3A%2F%2Fh%2F&a%3D1%26a%3D2%26oauth_nonce%3Dn%26z%3D%2520x";
        assert_eq!(filled(KEPT, theirs), theirs);
    }

    #[test]
    fn whatever_else_differs_stays() {
        let theirs = "POST&http%3A%2F%2Fh%2F&a%3D2%26a%3D1%26b%3D3%26oauth_nonce%3Dm";
        let ours = "GET&http%3A%2F%2Fh%2F&a%3D1%26a%3D2%26oauth_nonce%3Dn%26z%3Dredacted";
        assert_eq!(filled(KEPT, theirs), ours);
    }

    #[test]
    fn what_is_no_base_string_changes_nothing() {
        for theirs in ["", "GET", "a&%ff", "a&%zz"] {
            assert_eq!(filled(KEPT, theirs), KEPT, "{theirs}");
        }
        assert_eq!(filled("GET", KEPT), "GET");
    }
}
