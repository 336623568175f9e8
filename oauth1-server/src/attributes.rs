//! Attributes of a client as headers, for services that read nothing else.
//!
//! The attribute `till` arrives as `X-OAuth1-Attr-Till`. What a sender writes under such a name
//! never arrives, whichever case it has and whether it is written with `-` or `_`.
//!
//! Values are visible ASCII with spaces in between; all other octets of the UTF-8 text, and `%`
//! itself, are percent-encoded. Whoever reads one decodes it.

use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// The default attributes of a client, and the methods that they are handed on for.
#[derive(Clone, Debug, Default)]
pub(crate) struct DefaultAttributes {
    methods: Box<[Method]>,
    values: Box<[(Box<str>, Box<str>)]>,
    headers: Box<[(HeaderName, HeaderValue)]>,
}

impl DefaultAttributes {
    pub(crate) fn new(
        values: Vec<(String, String)>,
        methods: &[Method],
    ) -> Result<Self, AttributeNameError> {
        let header = |(name, value): &(String, String)| {
            let header = HeaderName::try_from(format!("{PREFIX}{}", name.to_ascii_lowercase()));
            let value = HeaderValue::try_from(encoded(value));
            match (header, value) {
                (Ok(header), Ok(value)) => Ok((header, value)),
                _ => Err(AttributeNameError(name.as_str().into())),
            }
        };
        let headers = values.iter().map(header).collect::<Result<_, _>>()?;
        let values = values.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Ok(Self { methods: methods.into(), values, headers })
    }

    /// Whether they are handed on with this method.
    pub(crate) fn are_for(&self, method: &Method) -> bool {
        !self.values.is_empty() && self.methods.contains(method)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Sets the headers. Names and values are shared, not copied.
    pub(crate) fn set(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
    }
}

/// An attribute whose name cannot stand in a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the attribute {0:?} cannot stand in a header name; use letters, digits, '.', '_' and '-' only"
)]
pub struct AttributeNameError(Box<str>);

/// Removes what only the server may say.
pub(crate) fn strip(headers: &mut HeaderMap) {
    // Hardly any request has one, and looking costs nothing.
    if !headers.keys().any(is_reserved) {
        return;
    }
    let reserved: Vec<HeaderName> =
        headers.keys().filter(|name| is_reserved(name)).cloned().collect();
    for name in reserved {
        headers.remove(name);
    }
}

/// Gateways turn `_` into `-` and back.
fn is_reserved(name: &HeaderName) -> bool {
    let start = name.as_str().as_bytes().get(..PREFIX.len());
    start.is_some_and(|start| {
        start.iter().zip(PREFIX.as_bytes()).all(|(a, b)| a == b || (*a == b'_' && *b == b'-'))
    })
}

fn encoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (at, octet) in value.bytes().enumerate() {
        let inner = at > 0 && at + 1 < value.len();
        match octet {
            b' ' if inner => out.push(' '),
            b'%' => out += "%25",
            0x21..=0x7e => out.push(char::from(octet)),
            _ => out += &format!("%{octet:02X}"),
        }
    }
    out
}

/// Header names are kept in lower case.
const PREFIX: &str = "x-oauth1-attr-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded() {
        for (value, expected) in [
            ("T42", "T42"),
            ("Main Street 7", "Main Street 7"),
            (" a ", "%20a%20"),
            ("100%", "100%25"),
            ("caf\u{e9}\r\nX: y", "caf%C3%A9%0D%0AX: y"),
            ("", ""),
        ] {
            assert_eq!(encoded(value), expected);
        }
    }

    #[test]
    fn names_of_the_sender_are_removed() {
        let mut headers = HeaderMap::new();
        for name in ["X-OAuth1-Attr-Till", "x_oauth1_attr_till", "X-OAuth1_Attr-", "x-oauth1-at"] {
            headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_static("1"));
            headers.append(HeaderName::try_from(name).unwrap(), HeaderValue::from_static("2"));
        }
        strip(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-oauth1-at"]);
        let values = vec![("till".to_owned(), "T42".to_owned())];
        let defaults = DefaultAttributes::new(values, &[Method::POST]).unwrap();
        defaults.set(&mut headers);
        assert_eq!(headers["X-OAuth1-Attr-Till"], "T42");
        assert!(defaults.are_for(&Method::POST) && !defaults.are_for(&Method::GET));
        assert!(DefaultAttributes::new(vec![("a b".into(), "c".into())], &[]).is_err());
    }
}
