//! A reader of `Authorization` headers for the runner's own use.
//!
//! Deliberately not the one of `oauth1-core`: what is under test must not be its own judge.

/// Realm and decoded parameters.
pub(crate) type Header = (Option<String>, Vec<(String, String)>);

/// Reads `OAuth name="value", …` (RFC 5849 section 3.5.1).
pub(crate) fn parse(header: &str) -> Result<Header, String> {
    let wrong = |what: &str| format!("the header {header:?} is malformed: {what}");
    let (scheme, mut rest) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("OAuth") {
        return Err(wrong("the scheme is not OAuth"));
    }
    let (mut realm, mut params) = (None, Vec::new());
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok((realm, params));
        }
        let (name, after) = rest.split_once("=\"").ok_or_else(|| wrong("no =\" after a name"))?;
        let (value, after) = quoted(after).ok_or_else(|| wrong("a quote is not closed"))?;
        let bad_escape = || wrong("a bad escape");
        if name == "realm" {
            realm = Some(value);
        } else {
            let decoded =
                (decode(name).ok_or_else(bad_escape)?, decode(&value).ok_or_else(bad_escape)?);
            params.push(decoded);
        }
        rest = match after.trim_start() {
            "" => "",
            more => more.strip_prefix(',').ok_or_else(|| wrong("no comma between parameters"))?,
        };
    }
}

/// The text up to the closing quote, backslashes taken away, and what follows the quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            octets.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            octets.push(*first);
        }
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_rfc_prints_and_nothing_broken() {
        let (realm, params) = parse("OAuth realm=\"a\\\"b%20\",\n  x%5F=\"1%2B\",y=\"\"").unwrap();
        assert_eq!(realm.as_deref(), Some("a\"b%20"));
        assert_eq!(params, [("x_".into(), "1+".into()), ("y".into(), String::new())]);
        for bad in [
            "Basic x",
            "OAuth a",
            "OAuth a=b",
            "OAuth a=\"b",
            "OAuth a=\"b\" c=\"d\"",
            "OAuth a=\"%4\"",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
