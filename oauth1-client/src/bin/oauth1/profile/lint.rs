//! Keys and secrets that look as if something went wrong when they were copied.

/// What is odd about a value that was copied from a page, a mail or a file.
pub(crate) fn odd(value: &str) -> Option<&'static str> {
    let quoted = |mark| value.len() > 1 && value.starts_with(mark) && value.ends_with(mark);
    if value.trim() != value {
        Some("has white space around it")
    } else if ['"', '\'', '`'].into_iter().any(quoted) {
        Some("stands in quotes, which are part of it now")
    } else if value.contains(char::is_control) {
        Some("has control characters in it, such as line ends")
    } else if value.contains(char::is_whitespace) {
        Some("has white space in it")
    } else if value.contains(['\u{2026}', '*'])
        && value.chars().any(|c| !c.is_ascii_alphanumeric())
        && (value.ends_with('\u{2026}') || value.contains("***"))
    {
        Some("looks as if a page had hidden a part of it")
    } else if value.contains("%2") || value.contains("%3") {
        Some("looks percent-encoded; it is wanted as it was given out")
    } else if value.starts_with('<') || value.contains("YOUR_") || value.contains("your-") {
        Some("looks like a placeholder of some instructions")
    } else {
        None
    }
}

/// Whether key and secret look as if each stood in the place of the other: secrets are the longer
/// ones.
pub(crate) fn swapped(identifier: &str, secret: &str) -> bool {
    let long = |text: &str| text.len() >= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    (identifier == secret && !secret.is_empty())
        || (!secret.is_empty() && secret.len() * 3 <= identifier.len() * 2 && long(identifier))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_copied_wrong_is_seen() {
        for bad in [
            " a",
            "a\t",
            "\"a\"",
            "'a'",
            "a\nb",
            "a b",
            "abc\u{2026}",
            "ab****",
            "a%2Fb",
            "<KEY>",
            "YOUR_KEY",
        ] {
            assert!(odd(bad).is_some(), "{bad:?}");
        }
        for good in ["", "a", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "370773112-Gm", "a&b+"]
        {
            assert_eq!(odd(good), None, "{good:?}");
        }
    }

    #[test]
    fn a_key_that_is_longer_than_its_secret_may_be_the_secret() {
        let (key, secret) =
            ("xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw");
        assert!(swapped(secret, key) && swapped(key, key));
        assert!(!swapped(key, secret) && !swapped("a", "") && !swapped("", ""));
        // X's access tokens are longer than their secrets, and have a hyphen.
        let token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb";
        assert!(!swapped(token, "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"));
    }
}
