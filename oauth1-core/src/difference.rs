//! The first difference between two signature base strings, in words.

use alloc::{borrow::Cow, format, string::String, vec::Vec};
use core::fmt;

use crate::{percent_encoding::decode, signature_base_string::SignatureBaseString};

/// Where two base strings part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    at: usize,
    part: Part,
    ours: String,
    theirs: String,
}

/// The part of the base string (section 3.4.1.1) that differs. Names and values are encoded once,
/// as they stand in the normalized parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// Theirs is not three parts joined by `&`.
    Structure,
    /// The request method.
    Method,
    /// The base string URI (section 3.4.1.2).
    Uri,
    /// Only ours has this parameter.
    Missing(String),
    /// Only theirs has this parameter.
    Unexpected(String),
    /// The parameter has another value.
    Value(String),
    /// The same parameters in another order (section 3.4.1.3.2).
    Order,
    /// The same content, percent-encoded another way (section 3.6).
    Encoding,
}

impl SignatureBaseString {
    /// Compares with a base string that somebody else built for the same request; `None` if they
    /// are equal.
    ///
    /// ```
    /// use oauth1_core::{BaseStringUri, Part, SignatureBaseString};
    /// let ours = SignatureBaseString::new("GET", &BaseStringUri::parse("https://h/a")?, []);
    /// let difference = ours.first_difference("GET&http%3A%2F%2Fh%2Fa&").unwrap();
    /// assert_eq!((difference.part(), difference.at()), (&Part::Uri, 8));
    /// # Ok::<(), oauth1_core::base_string_uri::UriError>(())
    /// ```
    #[must_use]
    pub fn first_difference(&self, theirs: &str) -> Option<Difference> {
        Difference::between(self.as_str(), theirs)
    }
}

const BEFORE: usize = 24;
const AFTER: usize = 36;

impl Difference {
    /// The first difference of two base strings that were written down; `None` if they are equal.
    ///
    /// ```
    /// use oauth1_core::{Difference, Part};
    /// let difference = Difference::between("GET&http%3A%2F%2Fh%2F&a%3D1", "GET&http%3A%2F%2Fh%2F&a%3D2");
    /// assert_eq!(difference.unwrap().part(), &Part::Value("a".into()));
    /// ```
    #[must_use]
    pub fn between(ours: &str, theirs: &str) -> Option<Self> {
        if ours == theirs {
            return None;
        }
        let at = ours.bytes().zip(theirs.bytes()).take_while(|(a, b)| a == b).count();
        let excerpt = |text: &str| {
            let bytes = text.as_bytes();
            let window = &bytes[at.saturating_sub(BEFORE)..bytes.len().min(at + AFTER)];
            String::from_utf8_lossy(window).into_owned()
        };
        Some(Self { at, part: part(ours, theirs), ours: excerpt(ours), theirs: excerpt(theirs) })
    }

    /// Octets that are equal before the first that is not.
    #[must_use]
    pub const fn at(&self) -> usize {
        self.at
    }

    /// What differs.
    #[must_use]
    pub const fn part(&self) -> &Part {
        &self.part
    }
}

fn part(ours: &str, theirs: &str) -> Part {
    let split = |text: &str| -> Option<[String; 3]> {
        let decoded: Vec<String> = text.split('&').map(decode_lossy).collect();
        decoded.try_into().ok()
    };
    let (Some(ours), Some(theirs)) = (split(ours), split(theirs)) else { return Part::Structure };
    if ours[0] != theirs[0] {
        return Part::Method;
    }
    if ours[1] != theirs[1] {
        return Part::Uri;
    }
    let pairs = |normalized: &str| -> Vec<(String, String)> {
        let split = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.into(), value.into())
        };
        normalized.split('&').filter(|pair| !pair.is_empty()).map(split).collect()
    };
    let (mut ours, mut theirs) = (pairs(&ours[2]), pairs(&theirs[2]));
    if ours == theirs {
        return Part::Encoding;
    }
    // What both have is taken out of both; duplicates count.
    ours.retain(|pair| match theirs.iter().position(|other| other == pair) {
        Some(at) => {
            theirs.remove(at);
            false
        }
        None => true,
    });
    match (ours.first(), theirs.first()) {
        (None, None) => Part::Order,
        (Some((name, _)), _) if theirs.iter().any(|(other, _)| other == name) => {
            Part::Value(name.clone())
        }
        (Some((name, _)), _) => Part::Missing(name.clone()),
        (None, Some((name, _))) => Part::Unexpected(name.clone()),
    }
}

fn decode_lossy(text: &str) -> String {
    match decode(text.as_bytes()) {
        Ok(decoded) => String::from_utf8_lossy(&decoded).into_owned(),
        Err(_) => text.into(),
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: Cow<'_, str> = match self {
            Self::Structure => "theirs is not method, URI and parameters joined by two '&'".into(),
            Self::Method => "the request methods differ".into(),
            Self::Uri => "the base string URIs differ: scheme, host, port or path".into(),
            Self::Missing(name) => format!("theirs lacks the parameter {name}").into(),
            Self::Unexpected(name) => format!("theirs has one more parameter {name}").into(),
            Self::Value(name) => format!("the values of the parameter {name} differ").into(),
            Self::Order => "the parameters are sorted differently".into(),
            Self::Encoding => "the same content is percent-encoded differently".into(),
        };
        f.write_str(&text)
    }
}

/// Three lines: the words, then both base strings around the place, a caret below.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (first different octet: {})", self.part, self.at)?;
        writeln!(f, "  ours:   {}", self.ours)?;
        writeln!(f, "  theirs: {}", self.theirs)?;
        write!(f, "          {:>width$}", '^', width = self.at.min(BEFORE) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        BaseStringUri,
        parameters::{Source, parse_form},
    };

    fn base(method: &str, url: &str, query: &str) -> SignatureBaseString {
        let uri = BaseStringUri::parse(url).unwrap();
        let pairs = parse_form(query.as_bytes(), Source::Query).map(Result::unwrap);
        SignatureBaseString::new(method, &uri, pairs)
    }

    #[test]
    fn each_part_is_named() {
        let ours = base("GET", "http://h/p", "a=1&b=2&b=3");
        let part = |theirs: &str| ours.first_difference(theirs).map(|d| d.part);
        assert_eq!(part(ours.as_str()), None);
        assert_eq!(part(base("PUT", "http://h/p", "a=1&b=2&b=3").as_str()), Some(Part::Method));
        assert_eq!(part(base("GET", "http://h/p/", "a=1&b=2&b=3").as_str()), Some(Part::Uri));
        assert_eq!(
            part(base("GET", "http://h/p", "b=2&b=3").as_str()),
            Some(Part::Missing("a".into()))
        );
        assert_eq!(
            part(base("GET", "http://h/p", "a=1&b=2").as_str()),
            Some(Part::Missing("b".into()))
        );
        assert_eq!(
            part(base("GET", "http://h/p", "a=1&b=2&b=3&b=3").as_str()),
            Some(Part::Unexpected("b".into()))
        );
        assert_eq!(
            part(base("GET", "http://h/p", "a=9&b=2&b=3").as_str()),
            Some(Part::Value("a".into()))
        );
        assert_eq!(part("GET&http%3A%2F%2Fh%2Fp&b%3D2%26a%3D1%26b%3D3"), Some(Part::Order));
        assert_eq!(part("GET&http%3a%2F%2Fh%2Fp&a%3D1%26b%3D2%26b%3D3"), Some(Part::Encoding));
        assert_eq!(part("GET http://h/p"), Some(Part::Structure));
    }

    #[test]
    fn the_caret_points_at_the_octet() {
        let difference = base("GET", "http://h/p", "a=1").first_difference("GET&https").unwrap();
        let shown = format!("{difference}");
        let lines: Vec<_> = shown.lines().collect();
        let column = lines[3].find('^').unwrap();
        assert_eq!((&lines[1][column..=column], &lines[2][column..=column]), ("%", "s"));
    }
}
