//! Request items, as HTTPie and xh have them: `name=value`, `name==value`, `name:value`.

use crate::failure::Failure;

/// One item.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Field(String, String),
    Query(String, String),
    Header(String, String),
}

/// Reads the item that stands at `position` after the URL. The first `=` or `:` decides; a
/// backslash before one, or before another backslash, makes it part of the name.
pub(crate) fn parse(item: &str, position: usize) -> Result<Item, Failure> {
    let mut name = String::new();
    let mut rest = item.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str();
        match c {
            '\\' if after.starts_with(['=', ':', '\\']) => name.extend(rest.next()),
            '=' => {
                return Ok(match after.strip_prefix('=') {
                    Some(value) => Item::Query(name, value.into()),
                    None => Item::Field(name, after.into()),
                });
            }
            ':' if after.starts_with('=') => {
                return Err(Failure::usage(
                    format!(
                        "item {position} after the URL is JSON (name:=value), which is not supported"
                    ),
                    "give the whole body with --json-body",
                ));
            }
            ':' => return Ok(Item::Header(name, after.trim().into())),
            _ => name.push(c),
        }
    }
    // The item itself is not repeated: it may be a secret in the wrong place.
    Err(Failure::usage(
        format!("item {position} after the URL has no =, == or :"),
        "write name=value (form field), name==value (query) or name:value (header)",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_separator_decides() {
        let own = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        for (item, expected) in [
            ("a=b:c==d", own("a", "b:c==d")),
            ("a=", own("a", "")),
            (r"a\=b\:c\\d\e=f", own(r"a=b:c\d\e", "f")),
        ] {
            assert_eq!(parse(item, 1).unwrap(), Item::Field(expected.0, expected.1));
        }
        assert_eq!(parse("a==b=c", 1).unwrap(), Item::Query("a".into(), "b=c".into()));
        assert_eq!(parse("a: b=c", 1).unwrap(), Item::Header("a".into(), "b=c".into()));
    }

    #[test]
    fn what_is_no_item_is_named_by_its_place_only() {
        for item in ["canary", "canary:=1", ""] {
            let failure = parse(item, 3).unwrap_err();
            assert!(failure.message.contains("item 3"), "{}", failure.message);
            assert!(!failure.message.contains("canary"), "{}", failure.message);
        }
    }
}
