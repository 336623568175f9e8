//! A request as RFC 9112 writes it.

use alloc::format;

use super::{CaptureError, CapturedRequest};
use crate::base_string_uri::Scheme;

/// Reads a request as RFC 9112 writes it; bare line feeds and folded headers are tolerated.
pub(super) fn parse(bytes: &[u8], scheme: Scheme) -> Result<CapturedRequest, CaptureError> {
    let (head, body) = split_head(bytes);
    let head = str::from_utf8(head).map_err(|_| malformed("its head is not UTF-8"))?;
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split_ascii_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(malformed("the first line is no request line"));
    };
    let mut request =
        CapturedRequest { method: method.into(), url: target.into(), ..CapturedRequest::default() };
    for line in lines {
        match (line.strip_prefix([' ', '\t']), request.headers.last_mut()) {
            (Some(folded), Some((_, value))) => {
                value.push(' ');
                value.push_str(folded.trim());
            }
            _ => {
                let (name, value) =
                    line.split_once(':').ok_or_else(|| malformed("a header has no colon"))?;
                request.headers.push((name.into(), value.trim().into()));
            }
        }
    }
    if target.starts_with('/') {
        let host = request.header("host").ok_or_else(|| malformed("there is no Host header"))?;
        request.url = format!("{}://{host}{target}", scheme.as_str());
    }
    // Without a length, a line end at the end is the editor's.
    let length = request.header("content-length").and_then(|length| length.parse::<usize>().ok());
    request.body = match length {
        Some(length) => body.get(..length).unwrap_or(body),
        None => match str::from_utf8(body) {
            Ok(text) => without_line_end(text).as_bytes(),
            Err(_) => body,
        },
    }
    .into();
    Ok(request)
}

fn split_head(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut start = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if line.trim_ascii().is_empty() {
            return (&bytes[..start], &bytes[start + line.len()..]);
        }
        start += line.len();
    }
    (bytes, &[])
}

/// Without one line end at the end.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn malformed(message: &str) -> CaptureError {
    CaptureError {
        message: format!("the raw HTTP request is malformed: {message}"),
        fix: "it starts with a line such as GET /path HTTP/1.1, then headers, an empty line, the body",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_requests_keep_every_octet_that_counts() {
        let input = parse(
            b"POST /a/../b?q='x HTTP/1.1\r\nHost: Example.com:443\r\nX-Fold: a\r\n  b\r\ncontent-length: 3\r\n\r\na=b\r\n",
            Scheme::Https,
        )
        .unwrap();
        assert_eq!(input.url, "https://Example.com:443/a/../b?q='x");
        assert_eq!(input.header("x-fold"), Some("a b"));
        assert_eq!(input.body, b"a=b");
        let bare = parse(b"GET http://h/ HTTP/1.1\nA: b\n\nx=1\n", Scheme::Https).unwrap();
        assert_eq!((bare.url.as_str(), bare.body.as_slice()), ("http://h/", &b"x=1"[..]));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (bytes, why) in [
            (&b""[..], "request line"),
            (b"GET\n\n", "request line"),
            (b"GET / HTTP/1.1\nHost\n\n", "colon"),
            (b"GET / HTTP/1.1\nA: b\n\n", "Host"),
        ] {
            let failure = parse(bytes, Scheme::Https).unwrap_err();
            assert!(failure.message.contains(why), "{}", failure.message);
        }
        assert!(parse(b"GET / HTTP/1.1\nA: \xff\n\n", Scheme::Https).is_err());
    }
}
