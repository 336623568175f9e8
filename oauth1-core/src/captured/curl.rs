//! A curl line, as people and browsers copy it.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use super::{CaptureError, CapturedRequest, shell_words};
use crate::percent_encoding::encode;

/// The request that the line would send.
pub(super) fn parse<E: From<CaptureError>>(
    line: &str,
    files: &mut dyn FnMut(&str) -> Result<Vec<u8>, E>,
) -> Result<CapturedRequest, E> {
    let words = shell_words::split(line)
        .ok_or_else(|| unreadable("a quote is not closed", "copy the whole line"))?;
    let mut reader = Reader::new(files);
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            reader.long(long, &mut words)?;
        } else if let Some(short) = word.strip_prefix('-').filter(|s| !s.is_empty()) {
            reader.short(short, &mut words)?;
        } else {
            reader.url(word)?;
        }
    }
    reader.finish()
}

struct Reader<'f, E> {
    files: &'f mut dyn FnMut(&str) -> Result<Vec<u8>, E>,
    method: Option<String>,
    url: Option<String>,
    headers: Vec<(String, String)>,
    data: Option<Vec<u8>>,
    get: bool,
    head: bool,
    content_type: &'static str,
}

impl<'f, E: From<CaptureError>> Reader<'f, E> {
    fn new(files: &'f mut dyn FnMut(&str) -> Result<Vec<u8>, E>) -> Self {
        let content_type = "application/x-www-form-urlencoded";
        let (method, url, data, headers) = (None, None, None, Vec::new());
        Self { files, method, url, headers, data, get: false, head: false, content_type }
    }

    fn url(&mut self, url: String) -> Result<(), E> {
        if self.url.replace(url).is_some() {
            return Err(unreadable("it has more than one URL", "leave one").into());
        }
        Ok(())
    }

    /// `-XPOST`, `-X POST`, `-sS`.
    fn short(&mut self, options: &str, words: &mut impl Iterator<Item = String>) -> Result<(), E> {
        for (i, option) in options.char_indices() {
            let long = match option {
                'X' => "request",
                'H' => "header",
                'd' => "data",
                'F' => "form",
                'G' => "get",
                'I' => "head",
                'A' | 'b' | 'c' | 'e' | 'm' | 'o' | 'u' | 'w' | 'x' => "user",
                'f' | 'g' | 'i' | 'k' | 'L' | 'N' | 's' | 'S' | 'v' => "silent",
                _ => return Err(unknown(&format!("-{option}")).into()),
            };
            if TAKE_NOTHING.contains(&long) {
                self.option(long, String::new())?;
                continue;
            }
            let attached = &options[i + option.len_utf8()..];
            let value = match attached {
                "" => words.next().ok_or_else(|| valueless(&format!("-{option}")))?,
                attached => attached.into(),
            };
            return self.option(long, value);
        }
        Ok(())
    }

    fn long(&mut self, option: &str, words: &mut impl Iterator<Item = String>) -> Result<(), E> {
        let (name, attached) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (option, None),
        };
        if TAKE_NOTHING.contains(&name) {
            return self.option(name, String::new());
        }
        if !TAKE_VALUES.contains(&name) {
            return Err(unknown(&format!("--{name}")).into());
        }
        let value = attached.or_else(|| words.next());
        self.option(name, value.ok_or_else(|| valueless(&format!("--{name}")))?)
    }

    fn option(&mut self, name: &str, value: String) -> Result<(), E> {
        match name {
            "request" => self.method = Some(value),
            "url" => self.url(value)?,
            "header" => self.header(&value),
            "data" | "data-ascii" | "data-binary" | "data-raw" | "data-urlencode" => {
                let data = self.data_of(name, &value)?;
                self.push(data);
            }
            "json" => {
                self.content_type = "application/json";
                let data = match value.strip_prefix('@').or((value == "-").then_some("-")) {
                    Some(path) => (self.files)(path)?,
                    None => value.into_bytes(),
                };
                self.data.get_or_insert_default().extend(data);
            }
            // Multipart is never signed, so its parts do not matter.
            "form" => {
                self.content_type = "multipart/form-data";
                self.data.get_or_insert_default();
            }
            "get" => self.get = true,
            "head" => self.head = true,
            _ => {}
        }
        Ok(())
    }

    fn header(&mut self, header: &str) {
        if let Some((name, value)) = header.split_once(':').or_else(|| header.split_once(';'))
            && (!value.trim().is_empty() || header.ends_with(';'))
        {
            self.headers.push((name.trim().into(), value.trim().into()));
        }
    }

    fn data_of(&mut self, option: &str, value: &str) -> Result<Vec<u8>, E> {
        match (option, value.strip_prefix('@')) {
            ("data-raw", _) => Ok(value.into()),
            ("data-urlencode", _) => {
                let at = value.find(['=', '@']);
                let (name, content) = match at {
                    Some(at) if value[at..].starts_with('@') => {
                        (&value[..at], (self.files)(&value[at + 1..])?)
                    }
                    Some(at) => (&value[..at], value.as_bytes()[at + 1..].into()),
                    None => ("", value.as_bytes().into()),
                };
                let joint = if name.is_empty() { "" } else { "=" };
                Ok(format!("{name}{joint}{}", encode(&content)).into_bytes())
            }
            ("data-binary", Some(path)) => (self.files)(path),
            (_, Some(path)) => Ok((self.files)(path)?
                .into_iter()
                .filter(|b| !matches!(b, b'\r' | b'\n'))
                .collect()),
            (_, None) => Ok(value.into()),
        }
    }

    fn push(&mut self, data: Vec<u8>) {
        match &mut self.data {
            Some(all) => {
                all.push(b'&');
                all.extend(data);
            }
            None => self.data = Some(data),
        }
    }

    fn finish(mut self) -> Result<CapturedRequest, E> {
        let mut url = self.url.ok_or_else(|| unreadable("it has no URL", "copy the whole line"))?;
        if !url.contains("://") {
            url.insert_str(0, "http://");
        }
        let mut body = self.data;
        if self.get
            && let Some(data) = body.take()
        {
            let joint = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{joint}{}", String::from_utf8_lossy(&data));
        }
        let default = match (self.head, &body) {
            (true, _) => "HEAD",
            (_, Some(_)) => "POST",
            _ => "GET",
        };
        let typed = self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-type"));
        if body.is_some() && !typed {
            self.headers.push(("Content-Type".into(), self.content_type.into()));
        }
        Ok(CapturedRequest {
            method: self.method.unwrap_or_else(|| default.into()),
            url,
            headers: self.headers,
            body: body.unwrap_or_default(),
        })
    }
}

fn unreadable(why: &str, fix: &'static str) -> CaptureError {
    CaptureError { message: format!("the curl line cannot be read: {why}"), fix }
}

fn unknown(option: &str) -> CaptureError {
    unreadable(
        &format!("the option {option} is not known here"),
        "leave it out if it does not change method, URL, headers or body",
    )
}

fn valueless(option: &str) -> CaptureError {
    unreadable(&format!("{option} has no value"), "copy the whole line")
}

/// Options that change the request, then those that do not.
const TAKE_VALUES: &[&str] = &[
    "request",
    "url",
    "header",
    "data",
    "data-ascii",
    "data-binary",
    "data-raw",
    "data-urlencode",
    "json",
    "form",
    "form-string",
    "user",
    "user-agent",
    "referer",
    "cookie",
    "cookie-jar",
    "output",
    "max-time",
    "connect-timeout",
    "proxy",
    "cacert",
    "cert",
    "key",
    "write-out",
    "retry",
    "resolve",
];
const TAKE_NOTHING: &[&str] = &[
    "get",
    "head",
    "silent",
    "show-error",
    "location",
    "insecure",
    "verbose",
    "include",
    "compressed",
    "globoff",
    "fail",
    "http1.1",
    "http2",
    "path-as-is",
    "no-progress-meter",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::is_form;

    fn read(line: &str) -> Result<CapturedRequest, CaptureError> {
        parse(line, &mut |path| Ok(format!("file {path}").into_bytes()))
    }

    #[test]
    fn what_curl_would_send_is_read() {
        let input = read(
            "curl -sSLXPUT 'https://h/a?b=c' -H 'X-A: 1' -HX-B:2 --data-urlencode 'q=a b&' -d c=d",
        )
        .unwrap();
        assert_eq!((input.method.as_str(), input.url.as_str()), ("PUT", "https://h/a?b=c"));
        assert_eq!(input.body, b"q=a%20b%26&c=d");
        assert_eq!(input.header("x-b"), Some("2"));
        assert!(is_form(input.header("content-type").unwrap()));
        let json = read("curl h/x --json '{}'").unwrap();
        assert_eq!((json.method.as_str(), json.url.as_str()), ("POST", "http://h/x"));
        assert!(!is_form(json.header("content-type").unwrap()) && json.body == b"{}");
        assert_eq!(read("curl h -d @a --data-urlencode q@b").unwrap().body, b"file a&q=file%20b");
        let get = read("curl -G -d a=1 --data-raw @b --url https://h/").unwrap();
        assert_eq!((get.method.as_str(), get.url.as_str()), ("GET", "https://h/?a=1&@b"));
        assert_eq!(read("curl -I h").unwrap().method, "HEAD");
    }

    #[test]
    fn what_cannot_be_understood_is_not_guessed() {
        for line in ["curl", "curl 'h", "curl h i", "curl h -X", "curl h --frobnicate", "curl h -Z"]
        {
            assert!(read(line).is_err(), "{line}");
        }
        let message = read("curl h --oauth-secret=canary").unwrap_err().message;
        assert!(!message.contains("canary"), "{message}");
    }
}
