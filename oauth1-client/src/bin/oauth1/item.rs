//! Request items, as HTTPie and xh have them: `name=value`, `name==value`, `name:value`,
//! `name@file`.

use crate::failure::Failure;

/// One item.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Field(String, String),
    Query(String, String),
    Header(String, String),
    File(FileItem),
}

/// A file to upload: `name@path`, with `;type=…` and `;filename=…` behind it if the usual are wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileItem {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) media_type: Option<String>,
    pub(crate) file_name: Option<String>,
}

impl FileItem {
    fn parse(name: String, mut path: &str) -> Self {
        let (mut media_type, mut file_name) = (None, None);
        while let Some((before, option)) = path.rsplit_once(';') {
            match option.split_once('=') {
                Some(("type", value)) if media_type.is_none() => media_type = Some(value.into()),
                Some(("filename", value)) if file_name.is_none() => file_name = Some(value.into()),
                _ => break,
            }
            path = before;
        }
        Self { name, path: path.into(), media_type, file_name }
    }
}

/// Reads the item that stands at `position` after the URL. The first `=`, `:` or `@` decides; a
/// backslash before one, or before another backslash, makes it part of the name.
pub(crate) fn parse(item: &str, position: usize) -> Result<Item, Failure> {
    let mut name = String::new();
    let mut rest = item.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str();
        match c {
            '\\' if after.starts_with(['=', ':', '@', '\\']) => name.extend(rest.next()),
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
            '@' => return Ok(Item::File(FileItem::parse(name, after))),
            ':' => return Ok(Item::Header(name, after.trim().into())),
            _ => name.push(c),
        }
    }
    // The item itself is not repeated: it may be a secret in the wrong place.
    Err(Failure::usage(
        format!("item {position} after the URL has no =, ==, : or @"),
        "write name=value (form field), name==value (query), name:value (header) or name@FILE (upload)",
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
    fn files_have_types_and_names() {
        let file = |name: &str, path: &str, media_type: Option<&str>, file_name: Option<&str>| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            let (media_type, file_name) = (own(media_type), own(file_name));
            Item::File(FileItem { name: name.into(), path: path.into(), media_type, file_name })
        };
        for (item, expected) in [
            ("a@b=c:d", file("a", "b=c:d", None, None)),
            ("a@b;c;type=image/png", file("a", "b;c", Some("image/png"), None)),
            ("a@b;type=x;filename=c d", file("a", "b", Some("x"), Some("c d"))),
            ("a@b;filename=c;type=x", file("a", "b", Some("x"), Some("c"))),
            ("a@b;type=x;type=y", file("a", "b;type=x", Some("y"), None)),
            (r"a\@b@c", file("a@b", "c", None, None)),
        ] {
            assert_eq!(parse(item, 1).unwrap(), expected, "{item}");
        }
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
