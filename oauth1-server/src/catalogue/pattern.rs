//! Paths as rules name them, and as requests have them.

/// `/orders/*/lines/**`, checked and split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    segments: Box<[Segment]>,
    /// Whether it ends with `**`.
    rest: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Any,
    /// Octets in the form of [`canonical`].
    Literal(Box<[u8]>),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some(inner) = text.strip_prefix('/') else {
            return Err("a path begins with /".to_owned());
        };
        if let Some(bad) = text.chars().find(|c| !c.is_ascii_graphic() || "?#\\\"<>".contains(*c)) {
            return Err(format!("{bad:?} cannot stand in a path; percent-encode it"));
        }
        let (inner, rest) = match inner.strip_suffix("**") {
            Some("") => ("", true),
            Some(inner) if inner.ends_with('/') => (&inner[..inner.len() - 1], true),
            Some(_) => return Err("** stands alone in the last segment, as in /orders/**".into()),
            None => (inner, false),
        };
        let pieces = if inner.is_empty() { None } else { Some(inner.split('/')) };
        let segments = pieces.into_iter().flatten().map(|piece| match piece {
            "*" => Ok(Segment::Any),
            "**" => Err("** is allowed as the last segment only".to_owned()),
            _ if piece.contains('*') => {
                Err(format!("{piece:?}: * stands for a whole segment, as in /orders/*/lines"))
            }
            _ if !is_plain(piece.as_bytes()) => Err(format!(
                "{piece:?}: a segment is not empty, no dot segment, and has no %2F, %5C or %00"
            )),
            _ => Ok(Segment::Literal(canonical(piece.as_bytes()).collect())),
        });
        Ok(Self { segments: segments.collect::<Result<_, _>>()?, rest })
    }

    /// Whether a path that [`is_plain_path`] accepts is one of these. Allocates nothing.
    pub(super) fn matches(&self, path: &str) -> bool {
        let mut segments = segments(path);
        for expected in &self.segments {
            let Some(segment) = segments.next() else { return false };
            match expected {
                Segment::Any => {}
                Segment::Literal(literal) => {
                    if !canonical(segment).eq(literal.iter().copied()) {
                        return false;
                    }
                }
            }
        }
        self.rest || segments.next().is_none()
    }
}

/// Whether everybody who reads this path reads the same: no empty segments and none of dots, no
/// encoded separators, no broken escapes. Whatever else is matched by no rule.
pub(super) fn is_plain_path(path: &str) -> bool {
    path.starts_with('/') && segments(path).all(is_plain)
}

/// The segments of a path; none of `/`.
fn segments(path: &str) -> impl Iterator<Item = &[u8]> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = if inner.is_empty() { None } else { Some(inner.as_bytes()) };
    inner.into_iter().flat_map(|inner| inner.split(|octet| *octet == b'/'))
}

fn is_plain(segment: &[u8]) -> bool {
    let mut rest = segment;
    while let Some(at) = rest.iter().position(|octet| *octet == b'%') {
        match rest.get(at + 1..at + 3).and_then(octet) {
            None | Some(b'/' | b'\\' | 0) => return false,
            Some(_) => rest = &rest[at + 3..],
        }
    }
    if segment.contains(&b'\\') {
        return false;
    }
    // Some servers cut parameters off a segment, so that ..; becomes a dot segment.
    let mut name = canonical(segment).take_while(|octet| *octet != b';');
    !matches!(
        (name.next(), name.next(), name.next()),
        (None, ..) | (Some(b'.'), None, _) | (Some(b'.'), Some(b'.'), None)
    )
}

/// The octets of a segment with unreserved characters decoded and all other escapes in upper case.
fn canonical(segment: &[u8]) -> impl Iterator<Item = u8> {
    let mut at = 0;
    // What is left of an escape that stays one.
    let mut escape = 0;
    std::iter::from_fn(move || {
        let octet_here = *segment.get(at)?;
        if escape > 0 {
            escape -= 1;
            at += 1;
            return Some(octet_here.to_ascii_uppercase());
        }
        if octet_here != b'%' {
            at += 1;
            return Some(octet_here);
        }
        match segment.get(at + 1..at + 3).and_then(octet) {
            Some(decoded) if decoded.is_ascii_alphanumeric() || b"-._~".contains(&decoded) => {
                at += 3;
                Some(decoded)
            }
            _ => {
                at += 1;
                escape = 2;
                Some(b'%')
            }
        }
    })
}

fn octet(digits: &[u8]) -> Option<u8> {
    let digit = |d: u8| char::from(d).to_digit(16);
    let value = digit(*digits.first()?)? * 16 + digit(*digits.get(1)?)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        is_plain_path(path) && Pattern::parse(pattern).unwrap().matches(path)
    }

    #[test]
    fn patterns_match_whole_segments() {
        for (pattern, path) in [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/*", "/a/b"),
            ("/a/*/c", "/a/b/c"),
            ("/a/**", "/a"),
            ("/a/**", "/a/b/c"),
            ("/**", "/"),
            ("/**", "/a/b"),
            ("/a/*/**", "/a/b"),
            ("/a~b", "/a%7Eb"),
            ("/%61", "/a"),
            ("/a%20b", "/a%20b"),
            ("/a%3ab", "/a%3Ab"),
            ("/a/*", "/a/%C3%A4"),
        ] {
            assert!(matches(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/a", "/"),
            ("/a", "/a/b"),
            ("/a", "/ab"),
            ("/a", "/A"),
            ("/a/*", "/a"),
            ("/a/*", "/a/b/c"),
            ("/a/*/**", "/a"),
            ("/a:b", "/a%3Ab"),
            ("/", "/a"),
        ] {
            assert!(!matches(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn paths_that_servers_read_differently_match_nothing() {
        for path in [
            "",
            "a",
            "//",
            "/a//b",
            "/a/",
            "/./a",
            "/a/..",
            "/a/../b",
            "/%2e/a",
            "/a/%2E%2e",
            "/.%2e/a",
            "/a%2Fb",
            "/a%2fb",
            "/a%5Cb",
            "/a\\b",
            "/a%00",
            "/a%",
            "/a%4",
            "/a%GG",
            "/a/..;/b",
            "/a/.;x",
            "/a/;x",
        ] {
            assert!(!matches("/**", path), "{path}");
        }
        for path in ["/...", "/.a", "/a..", "/a;b", "/%2e%2e%2e", "/a%25b"] {
            assert!(matches("/**", path), "{path}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for (bad, why) in [
            ("a", "begins with /"),
            ("/a b", "percent-encode"),
            ("/a?b", "percent-encode"),
            ("/a**", "stands alone"),
            ("/**/a", "last segment"),
            ("/a*", "whole segment"),
            ("/a//b", "not empty"),
            ("/a/", "not empty"),
            ("/../a", "dot segment"),
            ("/a%2fb", "%2F"),
        ] {
            let error = Pattern::parse(bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
