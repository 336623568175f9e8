//! `--from`: a request that was written down, as a curl line or as raw HTTP.

use clap::Args;

use crate::{
    curl,
    failure::{Failure, Kind},
    input::Input,
    source::{Sources, utf8, without_line_end},
};

#[derive(Args, Debug)]
#[command(next_help_heading = "Request")]
pub(crate) struct FromArgs {
    /// A file with a curl line or a raw HTTP request, - for stdin; in place of the URL
    #[arg(
        long, value_name = "FILE|-",
        conflicts_with_all = ["url", "items", "method", "data", "content_type", "json_body", "headers"]
    )]
    pub(crate) from: Option<String>,
    /// Scheme of a raw HTTP request, which does not say
    #[arg(long, default_value = "https", value_parser = ["http", "https"], requires = "from")]
    pub(crate) scheme: String,
}

impl FromArgs {
    /// The request in the file, if there is one.
    pub(crate) fn input(&self, sources: &Sources) -> Result<Option<Input>, Failure> {
        let Some(path) = &self.from else { return Ok(None) };
        let bytes = sources.file(path, "the request", Kind::Usage)?;
        let start = bytes.trim_ascii_start();
        let input = if start.starts_with(b"curl") {
            curl::parse(utf8(start, "the curl line")?, sources)?
        } else if start.starts_with(b"{") {
            return Err(Failure::usage(
                "HAR is not read yet",
                "copy the request as a curl line: browsers offer that next to HAR",
            ));
        } else {
            parse_http(start, &self.scheme)?
        };
        input.checked().map(Some)
    }
}

/// Reads a request as RFC 9112 writes it; bare line feeds and folded headers are tolerated.
fn parse_http(bytes: &[u8], scheme: &str) -> Result<Input, Failure> {
    let (head, body) = split_head(bytes);
    let head = utf8(head, "the head of the request")?;
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split_ascii_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(malformed("the first line is no request line"));
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        match (line.strip_prefix([' ', '\t']), headers.last_mut()) {
            (Some(folded), Some((_, value))) => {
                value.push(' ');
                value.push_str(folded.trim());
            }
            _ => {
                let (name, value) =
                    line.split_once(':').ok_or_else(|| malformed("a header has no colon"))?;
                headers.push((name.into(), value.trim().into()));
            }
        }
    }
    let named = |wanted: &str| {
        headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(wanted)).map(|(_, v)| v.as_str())
    };
    let url = if target.starts_with('/') {
        let host = named("host").ok_or_else(|| malformed("there is no Host header"))?;
        format!("{scheme}://{host}{target}")
    } else {
        target.into()
    };
    // Without a length, a line end at the end is the editor's.
    let body = match named("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => body.get(..length).unwrap_or(body),
        None => match core::str::from_utf8(body) {
            Ok(text) => without_line_end(text).as_bytes(),
            Err(_) => body,
        },
    };
    Ok(Input { method: method.into(), given: url.clone(), url, body: body.into(), headers })
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

fn malformed(message: &str) -> Failure {
    Failure::usage(
        format!("the raw HTTP request is malformed: {message}"),
        "it starts with a line such as GET /path HTTP/1.1, then headers, an empty line, the body",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_requests_keep_every_octet_that_counts() {
        let input = parse_http(
            b"POST /a/../b?q='x HTTP/1.1\r\nHost: Example.com:443\r\nX-Fold: a\r\n  b\r\ncontent-length: 3\r\n\r\na=b\r\n",
            "https",
        )
        .unwrap();
        assert_eq!(input.url, "https://Example.com:443/a/../b?q='x");
        assert_eq!(input.header("x-fold"), Some("a b"));
        assert_eq!(input.body, b"a=b");
        let bare = parse_http(b"GET http://h/ HTTP/1.1\nA: b\n\nx=1\n", "https").unwrap();
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
            let failure = parse_http(bytes, "https").unwrap_err();
            assert!(failure.message.contains(why), "{}", failure.message);
        }
        assert!(parse_http(b"GET / HTTP/1.1\nA: \xff\n\n", "https").is_err());
    }
}
