//! The `Authorization` header, RFC 5849 section 3.5.1: parsing and building.
//!
//! Read: `OAuth`, in any case, then `name="value"` pairs between commas and optional white space,
//! line folds included; empty list elements and white space around `=` are tolerated. Names and
//! values are percent-decoded, `+` is literal. `realm` is a quoted-string of RFC 2617 section 1.2:
//! backslash escapes, no percent escapes. Refused: unquoted values, other separators, anything
//! that is not ASCII outside of `realm`.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use memchr::memchr;

use crate::{
    encoded::{Piece, quoted},
    parameters::{Parameter, Source},
    percent_encoding::{MalformedEscape, encode_into},
    protocol_parameters::Known,
};

/// The parsed value of an `Authorization` header with the scheme `OAuth`.
#[derive(Clone, Debug)]
pub struct AuthorizationHeader<'a> {
    realm: Option<Cow<'a, str>>,
    parameters: Vec<Parameter<'a>>,
}

impl<'a> AuthorizationHeader<'a> {
    /// Parses the header's value. What the parameters mean is not looked at.
    ///
    /// # Errors
    /// [`HeaderError`], with the offset of what is wrong.
    ///
    /// ```
    /// use oauth1_core::authorization::AuthorizationHeader;
    /// let header = AuthorizationHeader::parse(br#"OAuth realm="a,b", oauth_nonce="n%31""#)?;
    /// assert_eq!(header.realm(), Some("a,b"));
    /// assert_eq!(&*header.parameters()[0].value(), b"n1");
    /// # Ok::<(), oauth1_core::authorization::HeaderError>(())
    /// ```
    pub fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
        let mut parameters = Vec::new();
        let realm = parse_each(value, |_, parameter| {
            parameters.push(parameter);
            Ok::<_, HeaderError>(())
        })?;
        Ok(Self { realm, parameters })
    }

    /// The protection realm, unescaped; never part of the base string (section 3.4.1.3.1).
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// All other parameters, in order.
    #[must_use]
    pub fn parameters(&self) -> &[Parameter<'a>] {
        &self.parameters
    }
}

/// Whether the value's scheme is `OAuth`, in any case (section 3.5.1).
#[must_use]
pub fn is_oauth(value: &[u8]) -> bool {
    value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"OAuth"))
        && value.get(5).is_none_or(|b| is_space(*b))
}

/// Hands each parameter of the header to `take`, with its name if it is known, and returns the
/// realm.
#[inline]
pub(crate) fn parse_each<'a, E: From<HeaderError>>(
    value: &'a [u8],
    mut take: impl FnMut(Option<Known>, Parameter<'a>) -> Result<(), E>,
) -> Result<Option<Cow<'a, str>>, E> {
    if !is_oauth(value) {
        return Err(HeaderError::NotOAuth.into());
    }
    let mut scan = Scan { value, at: 5 };
    let mut realm = None;
    loop {
        scan.skip(|b| is_space(b) || b == b',');
        let start = scan.at;
        if start == value.len() {
            return Ok(realm);
        }
        let (known, name) = scan.name()?;
        if known.is_none() && name.eq_ignore_ascii_case(b"realm") {
            let found = scan.quoted_string()?;
            if realm.replace(found).is_some() {
                return Err(HeaderError::RealmTwice { at: start }.into());
            }
        } else {
            let value = scan.text()?;
            let (known, name) = if known.is_some() {
                (known, Piece::literal(name))
            } else {
                let name = Piece::percent(name).map_err(malformed(start))?;
                (Known::of(&name.decoded()), name)
            };
            take(known, Parameter { name, value, source: Source::Header })?;
        }
        scan.skip(is_space);
        if scan.peek().is_some_and(|b| b != b',') {
            return Err(HeaderError::NoComma { at: scan.at }.into());
        }
    }
}

/// The error for an escape in a text that starts at `base`.
fn malformed(base: usize) -> impl Fn(MalformedEscape) -> HeaderError {
    move |error| HeaderError::Escape { at: base + error.at }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

struct Scan<'a> {
    value: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.value.get(self.at).copied()
    }

    #[inline]
    fn skip(&mut self, matches: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&matches) {
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, matches: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = &self.value[self.at..];
        let length = rest.iter().position(|b| !matches(*b)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// The name of a parameter; stops after the quote that opens its value.
    #[inline]
    fn name(&mut self) -> Result<(Option<Known>, &'a [u8]), HeaderError> {
        let rest = &self.value[self.at..];
        if let Some(known) = Known::starting(rest) {
            let length = known.name().len();
            self.at += length + 2;
            return Ok((Some(known), &rest[..length]));
        }
        let name = self.take(|b| b.is_ascii_graphic() && !matches!(b, b'=' | b',' | b'"'));
        let after_name = self.at;
        self.skip(is_space);
        if name.is_empty() || self.peek() != Some(b'=') {
            return Err(HeaderError::NoValue { at: after_name });
        }
        self.at += 1;
        self.skip(is_space);
        if self.peek() != Some(b'"') {
            return Err(HeaderError::Unquoted { at: self.at });
        }
        self.at += 1;
        Ok((None, name))
    }

    /// What stands before the next quote, which is read too.
    #[inline]
    fn text(&mut self) -> Result<Piece<'a>, HeaderError> {
        let value = match quoted(&self.value[self.at..]) {
            Some(value) => value,
            None => self.odd_text()?,
        };
        self.at += value.raw().len() + 1;
        Ok(value)
    }

    #[cold]
    fn odd_text(&self) -> Result<Piece<'a>, HeaderError> {
        let rest = &self.value[self.at..];
        let text = &rest[..memchr(b'"', rest).ok_or(HeaderError::Unterminated)?];
        let value = Piece::percent(text).map_err(malformed(self.at))?;
        match text.iter().position(|b| !(b' '..=b'~').contains(b)) {
            Some(odd) => Err(HeaderError::NotAscii { at: self.at + odd }),
            None => Ok(value),
        }
    }

    fn close(&mut self) -> Result<(), HeaderError> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(())
            }
            _ => Err(HeaderError::Unterminated),
        }
    }

    /// What stands between quotes, `\x` standing for `x`; the first quote was read.
    fn quoted_string(&mut self) -> Result<Cow<'a, str>, HeaderError> {
        let from = self.at;
        let plain = self.take(|b| b != b'"' && b != b'\\');
        let mut text = Cow::Borrowed(plain);
        while self.peek() == Some(b'\\') {
            let escaped = *self.value.get(self.at + 1).ok_or(HeaderError::Unterminated)?;
            self.at += 2;
            let owned = text.to_mut();
            owned.push(escaped);
            owned.extend_from_slice(self.take(|b| b != b'"' && b != b'\\'));
        }
        self.close()?;
        let not_text = |_| HeaderError::NotAscii { at: from };
        Ok(match text {
            Cow::Borrowed(text) => Cow::Borrowed(core::str::from_utf8(text).map_err(not_text)?),
            Cow::Owned(text) => {
                Cow::Owned(String::from_utf8(text).map_err(|e| not_text(e.utf8_error()))?)
            }
        })
    }
}

/// Where an `Authorization` header departs from section 3.5.1; `at` counts octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The scheme is not `OAuth`.
    NotOAuth,
    /// A parameter is not of the form `name="value"`.
    NoValue {
        /// Where `=` was expected.
        at: usize,
    },
    /// A value does not stand in double quotes.
    Unquoted {
        /// Where `"` was expected.
        at: usize,
    },
    /// The closing quote is missing.
    Unterminated,
    /// Something other than a comma follows a value.
    NoComma {
        /// Where `,` was expected.
        at: usize,
    },
    /// `realm` appears twice.
    RealmTwice {
        /// Where the second stands.
        at: usize,
    },
    /// A raw octet that section 3.6 would have escaped and no header should hold.
    NotAscii {
        /// Where it stands.
        at: usize,
    },
    /// `%` without two hexadecimal digits.
    Escape {
        /// Where the `%` stands.
        at: usize,
    },
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOAuth => f.write_str("the scheme is not OAuth"),
            Self::NoValue { at } => write!(f, "expected name=\"value\" at octet {at}"),
            Self::Unquoted { at } => {
                write!(f, "expected a double quote at octet {at}: values stand in quotes")
            }
            Self::Unterminated => f.write_str("a quoted value is not closed"),
            Self::NoComma { at } => {
                write!(f, "expected a comma at octet {at}: parameters are separated by commas")
            }
            Self::RealmTwice { at } => write!(f, "a second realm at octet {at}"),
            Self::NotAscii { at } => {
                write!(f, "an octet that must be escaped as %XX at octet {at}")
            }
            Self::Escape { at } => write!(
                f,
                "malformed percent escape at octet {at}: '%' must be followed by two hexadecimal digits"
            ),
        }
    }
}

impl core::error::Error for HeaderError {}

/// Builds the value of an `Authorization` header from decoded pairs, in the order given.
///
/// ```
/// use oauth1_core::authorization::build_header;
/// let value = build_header(Some("Photos"), [("oauth_nonce", "a b")], ", ");
/// assert_eq!(value, r#"OAuth realm="Photos", oauth_nonce="a%20b""#);
/// ```
pub fn build_header<N: AsRef<[u8]>, V: AsRef<[u8]>>(
    realm: Option<&str>,
    parameters: impl IntoIterator<Item = (N, V)>,
    separator: &str,
) -> String {
    let mut out = String::from("OAuth ");
    if let Some(realm) = realm {
        push_realm(&mut out, realm);
    }
    for (i, (name, value)) in parameters.into_iter().enumerate() {
        if i > 0 || realm.is_some() {
            out.push_str(separator);
        }
        encode_into(&mut out, name.as_ref());
        out.push_str("=\"");
        encode_into(&mut out, value.as_ref());
        out.push('"');
    }
    out
}

/// Appends `realm="…"` as a quoted-string. Control characters, which no header may hold, become
/// spaces.
pub fn push_realm(out: &mut String, realm: &str) {
    out.push_str("realm=\"");
    for c in realm.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realm_is_a_quoted_string() {
        let header = AuthorizationHeader::parse(br#"OAuth realm="a,\"b\\ %41",x="1""#).unwrap();
        assert_eq!(header.realm(), Some(r#"a,"b\ %41"#));
        assert_eq!(
            build_header(header.realm(), [("x", "1")], ","),
            r#"OAuth realm="a,\"b\\ %41",x="1""#
        );
    }

    #[test]
    fn what_departs_from_the_grammar_is_refused_with_its_place() {
        use HeaderError as E;
        for (value, error) in [
            (&br#"OAuthX a="b""#[..], E::NotOAuth),
            (b"Basic dTpw", E::NotOAuth),
            (b"OAuth a", E::NoValue { at: 7 }),
            (b"OAuth =\"x\"", E::NoValue { at: 6 }),
            (b"OAuth a=b", E::Unquoted { at: 8 }),
            (b"OAuth a=\"b", E::Unterminated),
            (b"OAuth realm=\"b\\", E::Unterminated),
            (b"OAuth a=\"b\"; c=\"d\"", E::NoComma { at: 11 }),
            (b"OAuth a=\"b\" c=\"d\"", E::NoComma { at: 12 }),
            (b"OAuth a=\"b\", Basic dTpw", E::NoValue { at: 18 }),
            (b"OAuth realm=\"b\", realm=\"b\"", E::RealmTwice { at: 17 }),
            (b"OAuth a=\"\xc3\xa9\"", E::NotAscii { at: 9 }),
            (b"OAuth a=\"%4\"", E::Escape { at: 9 }),
        ] {
            assert_eq!(AuthorizationHeader::parse(value).err(), Some(error), "{value:?}");
        }
    }

    #[test]
    fn case_folds_and_empty_elements_are_tolerated() {
        for value in [
            &b"oauth a=\"b\",c=\"d\""[..],
            b"OAUTH\ta = \"b\" ,,\r\n\t c=\"d\" , ",
            b"OAuth ,a=\"b\"\n,c=\"d\",",
        ] {
            let header = AuthorizationHeader::parse(value).unwrap();
            assert_eq!(header.parameters().len(), 2, "{value:?}");
        }
        assert!(AuthorizationHeader::parse(b"OAuth").unwrap().parameters().is_empty());
    }
}
