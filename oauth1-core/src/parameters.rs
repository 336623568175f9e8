//! Request parameters, RFC 5849 section 3.4.1.3: their sources, and how they are normalized.
//!
//! Contract: query and form body are read in the form they travel in and decoded once, `+` as a
//! space; `Authorization` parameters are percent-decoded, `+` literal. Every pair is kept, however
//! often its name appears. `realm` and `oauth_signature` are left out by the callers that collect.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use memchr::memchr;

use crate::{encoded::Piece, percent_encoding::MalformedEscape, sink::Sink};

/// Where a parameter came from (section 3.4.1.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The `Authorization` header (section 3.5.1).
    Header,
    /// The form-encoded body (section 3.5.2).
    Body,
    /// The query of the request URI (section 3.5.3).
    Query,
}

impl Source {
    /// `header`, `body` or `query`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Body => "body",
            Self::Query => "query",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One name and value of a request, borrowed from it.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    pub(crate) name: Piece<'a>,
    pub(crate) value: Piece<'a>,
    pub(crate) source: Source,
}

impl<'a> Parameter<'a> {
    /// From decoded octets.
    pub fn decoded<N, V>(name: &'a N, value: &'a V, source: Source) -> Self
    where
        N: AsRef<[u8]> + ?Sized,
        V: AsRef<[u8]> + ?Sized,
    {
        let (name, value) = (Piece::literal(name.as_ref()), Piece::literal(value.as_ref()));
        Self { name, value, source }
    }

    /// The decoded name.
    #[must_use]
    pub fn name(&self) -> Cow<'a, [u8]> {
        self.name.decoded()
    }

    /// The decoded value; empty if there was none.
    #[must_use]
    pub fn value(&self) -> Cow<'a, [u8]> {
        self.value.decoded()
    }

    /// Name and value as they stood in the request.
    #[must_use]
    pub const fn raw(&self) -> (&'a [u8], &'a [u8]) {
        (self.name.raw(), self.value.raw())
    }

    /// Name and value encoded by section 3.6, as they are sorted and joined.
    #[must_use]
    pub fn encoded(&self) -> (Vec<u8>, Vec<u8>) {
        (self.name.encoded(), self.value.encoded())
    }

    /// Where it came from.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    /// Whether the name starts with `oauth_`, which section 3.5 reserves.
    #[must_use]
    #[inline]
    pub fn is_protocol(&self) -> bool {
        self.name.is_reserved()
    }

    /// Whether it stands before the name, which has unreserved characters only.
    #[inline]
    pub(crate) fn sorts_before(&self, name: &str) -> bool {
        self.name.sorts_before(name)
    }

    /// Writes `name=value` for the base string: both encoded twice, `=` once.
    #[inline(always)]
    pub(crate) fn write_twice<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
        let source = self.source;
        let unwritable = |error| Unwritable { source, error };
        self.name.write_twice(out).map_err(unwritable)?;
        out.put(b"%3D");
        self.value.write_twice(out).map_err(unwritable)
    }
}

/// Reads `application/x-www-form-urlencoded` data: the query of a URI or a form body.
///
/// Pairs are separated by `&`, name and value by the first `=`; a pair without `=` has an empty
/// value, and empty pairs (`&&`) are no parameters. `;` is an ordinary character.
///
/// # Errors
/// The iterator yields [`MalformedEscape`] for a `%` without two hexadecimal digits; its offset
/// counts from the start of the name or value.
///
/// ```
/// use oauth1_core::parameters::{parse_form, Source};
/// let pairs: Vec<_> = parse_form(b"c2&a3=2+q", Source::Body).collect::<Result<_, _>>()?;
/// assert_eq!((&*pairs[0].name(), &*pairs[0].value()), (&b"c2"[..], &b""[..]));
/// assert_eq!(&*pairs[1].value(), b"2 q");
/// # Ok::<(), oauth1_core::percent_encoding::MalformedEscape>(())
/// ```
pub fn parse_form(
    data: &[u8],
    source: Source,
) -> impl Iterator<Item = Result<Parameter<'_>, MalformedEscape>> {
    split_form(data).map(move |(name, value)| {
        Ok(Parameter { name: Piece::form(name)?, value: Piece::form(value)?, source })
    })
}

/// Names and values as they stand in [`parse_form`]'s data.
#[inline]
pub(crate) fn split_form(data: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = data;
    core::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = memchr(b'&', rest).unwrap_or(rest.len());
            let pair = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            if !pair.is_empty() {
                let at = memchr(b'=', pair).unwrap_or(pair.len());
                return Some((&pair[..at], pair.get(at + 1..).unwrap_or_default()));
            }
        }
        None
    })
}

/// The number of pairs that [`parse_form`] yields, counted without looking inside them.
pub(crate) fn count_form(data: &[u8]) -> usize {
    split_form(data).count()
}

/// A malformed escape, met while the base string was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwritable {
    pub(crate) source: Source,
    pub(crate) error: MalformedEscape,
}

/// Sorts by encoded name, then encoded value, in byte order (section 3.4.1.3.2, 2).
pub(crate) fn sort(parameters: &mut [Parameter<'_>]) {
    let order = |a: &Parameter<'_>, b: &Parameter<'_>| {
        a.name.cmp_encoded(&b.name).then_with(|| a.value.cmp_encoded(&b.value))
    };
    // Few parameters are often sorted already, and moving none is faster than moving some.
    if !parameters.is_sorted_by(|a, b| order(a, b).is_le()) {
        parameters.sort_unstable_by(order);
    }
}

/// Request parameters in normal form (section 3.4.1.3.2), before the base string encodes them
/// again.
///
/// ```
/// use oauth1_core::parameters::{NormalizedParameters, Parameter, Source};
/// let pairs = [("a3", "a"), ("c2", ""), ("c@", ""), ("a3", "2 q")];
/// let normalized = NormalizedParameters::new(
///     pairs.iter().map(|(n, v)| Parameter::decoded(n, v, Source::Query)),
/// );
/// assert_eq!(normalized.as_str(), "a3=2%20q&a3=a&c%40=&c2=");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormalizedParameters(String);

impl NormalizedParameters {
    /// Encodes, sorts and joins the parameters.
    pub fn new<'a>(parameters: impl IntoIterator<Item = Parameter<'a>>) -> Self {
        let mut parameters: Vec<_> = parameters.into_iter().collect();
        sort(&mut parameters);
        let mut out = Vec::new();
        for (i, parameter) in parameters.iter().enumerate() {
            if i > 0 {
                out.push(b'&');
            }
            out.extend(parameter.name.encoded());
            out.push(b'=');
            out.extend(parameter.value.encoded());
        }
        Self(String::from_utf8_lossy(&out).into_owned())
    }

    /// `name=value` pairs joined by `&`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn pairs(data: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        parse_form(data, Source::Query)
            .map(|p| p.map(|p| (p.name().into_owned(), p.value().into_owned())).unwrap())
            .collect()
    }

    #[test]
    fn every_pair_is_kept_and_split_at_its_first_equals_sign() {
        let expected = vec![
            (b"a".to_vec(), b"b=c".to_vec()),
            (b"a".to_vec(), b"".to_vec()),
            (b"".to_vec(), b"x".to_vec()),
            (b"".to_vec(), b"".to_vec()),
            (b"p;q".to_vec(), b"1;r=2".to_vec()),
        ];
        assert_eq!(pairs(b"&a=b=c&&a&=x&=&p;q=1;r=2&"), expected);
        assert_eq!(count_form(b"&a=b=c&&a&=x&=&p;q=1;r=2&"), expected.len());
    }

    #[test]
    fn sorting_looks_at_encoded_names_then_encoded_values() {
        let normalized =
            |data| NormalizedParameters::new(parse_form(data, Source::Query).map(Result::unwrap)).0;
        assert_eq!(normalized(b"c2&c@&c%2540"), "c%2540=&c%40=&c2=");
        assert_eq!(normalized(b"name10=1&name1=2&name1-2=3"), "name1=2&name1-2=3&name10=1");
        assert_eq!(normalized("tag=perl&tag=ブ".as_bytes()), "tag=%E3%83%96&tag=perl");
        assert_eq!(normalized(b"x=200&x=25"), "x=200&x=25");
    }
}
