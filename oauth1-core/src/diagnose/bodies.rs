//! What stands in bodies that are no forms, for those who sign it all the same.

use alloc::{string::String, vec::Vec};

use super::recipe::Pair;
use crate::parameters::Source;

/// The members of a JSON object whose values are strings, numbers or words; `None` if it is no
/// object. Values of members are taken as a program would print them.
pub(super) fn json_members(body: &[u8]) -> Option<Vec<Pair>> {
    let text = core::str::from_utf8(body).ok()?;
    let mut rest = text.trim().strip_prefix('{')?.trim_start();
    let mut members = Vec::new();
    while !rest.starts_with('}') {
        let (name, after) = string(rest)?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        let after = match value.as_bytes().first()? {
            b'"' => {
                let (value, after) = string(value)?;
                members.push(Pair::new(&name, &value, Source::Body));
                after
            }
            b'{' | b'[' => &value[nested(value)?..],
            _ => {
                let end = value.find([',', '}'])?;
                let word = value[..end].trim_end();
                if word.contains(|c: char| c.is_whitespace() || c == '"') {
                    return None;
                }
                members.push(Pair::new(&name, word, Source::Body));
                &value[end..]
            }
        };
        let after = after.trim_start();
        rest = after.strip_prefix(',').map_or(after, str::trim_start);
        if rest == after && !rest.starts_with('}') {
            return None;
        }
    }
    Some(members).filter(|members| !members.is_empty())
}

/// A string and what follows it.
fn string(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.strip_prefix('"')?.chars();
    loop {
        match chars.next()? {
            '"' => return Some((out, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'r' => out.push('\r'),
                'b' => out.push('\u{8}'),
                'f' => out.push('\u{c}'),
                'u' => {
                    let unit = |text: &str| u16::from_str_radix(text.get(..4)?, 16).ok();
                    let rest = chars.as_str();
                    let first = unit(rest)?;
                    let pair = rest.get(4..6) == Some("\\u");
                    let second = if pair { rest.get(6..).and_then(unit) } else { None };
                    let units = [first, second.unwrap_or_default()];
                    let surrogate = (0xd800..0xdc00).contains(&first) && second.is_some();
                    let length = 1 + usize::from(surrogate);
                    out.push(char::decode_utf16(units[..length].iter().copied()).next()?.ok()?);
                    chars = rest.get(if surrogate { 10 } else { 4 }..)?.chars();
                }
                other => out.push(other),
            },
            other => out.push(other),
        }
    }
}

/// The length of an object or array.
fn nested(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, octet) in text.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The fields of `multipart/form-data` that are no files; the boundary is taken from the body.
pub(super) fn multipart_fields(body: &[u8]) -> Option<Vec<Pair>> {
    let end = find(body, b"\r\n")?;
    let boundary = &body[..end];
    if !boundary.starts_with(b"--") || boundary.len() > 74 {
        return None;
    }
    let mut fields = Vec::new();
    let mut rest = &body[end..];
    while rest != b"--\r\n" && rest != b"--" {
        let part = rest.strip_prefix(b"\r\n")?;
        let head_end = find(part, b"\r\n\r\n")?;
        let head = core::str::from_utf8(&part[..head_end]).ok()?;
        let content = &part[head_end + 4..];
        let close = [b"\r\n", boundary].concat();
        let content_end = find(content, &close)?;
        if !head.contains("filename=") {
            let (_, name) = head.split_once("name=\"")?;
            let (name, _) = name.split_once('"')?;
            let value = String::from_utf8_lossy(&content[..content_end]);
            fields.push(Pair::new(name, &value, Source::Body));
        }
        rest = &content[content_end + close.len()..];
    }
    Some(fields).filter(|fields| !fields.is_empty())
}

fn find(data: &[u8], wanted: &[u8]) -> Option<usize> {
    data.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString, vec};

    use super::*;

    fn texts(pairs: Option<Vec<Pair>>) -> Option<Vec<(String, String)>> {
        let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
        Some(pairs?.iter().map(|pair| (text(&pair.name), text(&pair.value))).collect())
    }

    #[test]
    fn members_of_json() {
        let json = r#" {"a": "b\"\u00e9\ud83d\ude00\n", "c":1.5 , "d" : true,"e":{"x":"}"},"f":[1,"]"],"g":null} "#;
        let expected = [("a", "b\"é😀\n"), ("c", "1.5"), ("d", "true"), ("g", "null")];
        let expected = expected.map(|(name, value)| (name.to_string(), value.to_string()));
        assert_eq!(texts(json_members(json.as_bytes())), Some(expected.to_vec()));
        for none in [
            "",
            "{",
            "{}",
            "[1]",
            "{\"a\"}",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":\"\\u12\"}",
            "{\"a\":[}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":\"\\ud800\\u\"}",
            "{\"é\\",
            "{\"a\":\"\\ud83dé\"}",
        ] {
            assert_eq!(texts(json_members(none.as_bytes())), None, "{none}");
        }
    }

    #[test]
    fn fields_of_multipart() {
        let part = |head: &str, content: &str| {
            format!("Content-Disposition: form-data; {head}\r\n\r\n{content}")
        };
        let body = format!(
            "--x\r\n{}\r\n--x\r\n{}\r\n--x\r\n{}\r\n--x--\r\n",
            part("name=\"a\"", "1\r\n2"),
            part("name=\"f\"; filename=\"g\"", "octets"),
            part("name=\"b\"", ""),
        );
        let expected = vec![("a".to_string(), "1\r\n2".to_string()), ("b".into(), String::new())];
        assert_eq!(texts(multipart_fields(body.as_bytes())), Some(expected));
        for cut in 0..body.len() - 2 {
            assert_eq!(texts(multipart_fields(&body.as_bytes()[..cut])), None, "{cut}");
        }
    }
}
