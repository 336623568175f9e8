//! The signature base string, RFC 5849 section 3.4.1.1.
//!
//! Method, base string URI and normalized parameters, each percent-encoded, joined by `&`. Signing
//! and verifying write it for the hash function at once; [`SignatureBaseString`] is the same
//! writing kept as text.

use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::{
    base_string_uri::BaseStringUri,
    parameters::{self, Parameter, Unwritable},
    sink::Sink,
    words::ONCE,
};

/// Something that writes a base string, as often as it is asked.
pub(crate) trait WriteBaseString {
    fn write<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable>;
}

/// A finished base string writes itself.
impl WriteBaseString for &[u8] {
    #[inline(always)]
    fn write<S: Sink>(&self, out: &mut S) -> Result<(), Unwritable> {
        out.put(self);
        Ok(())
    }
}

/// Method and base string URI, each with the `&` that follows it.
#[inline(always)]
pub(crate) fn write_target<S: Sink>(out: &mut S, method: &str, uri: &BaseStringUri<'_>) {
    if method.bytes().all(|b| b.is_ascii_uppercase()) {
        out.put(method.as_bytes());
    } else {
        for byte in method.bytes() {
            out.put_each(&[byte.to_ascii_uppercase()], &ONCE);
        }
    }
    out.put(b"&");
    uri.write_encoded(out);
    out.put(b"&");
}

/// Sorted parameters, joined by an encoded `&`.
#[inline(always)]
pub(crate) fn write_parameters<S: Sink>(
    out: &mut S,
    sorted: &[Parameter<'_>],
) -> Result<(), Unwritable> {
    for (i, parameter) in sorted.iter().enumerate() {
        if i > 0 {
            out.put(b"%26");
        }
        parameter.write_twice(out)?;
    }
    Ok(())
}

/// The text that is signed (section 3.4.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureBaseString(String);

impl SignatureBaseString {
    /// Builds it from the request method, the base string URI and all parameters of
    /// section 3.4.1.3, `realm` and `oauth_signature` left out by the caller.
    ///
    /// ```
    /// use oauth1_core::{base_string_uri::BaseStringUri, SignatureBaseString};
    /// let uri = BaseStringUri::parse("http://EXAMPLE.com:80/r%20v/X?id=123")?;
    /// let base = SignatureBaseString::new("get", &uri, []);
    /// assert_eq!(base.as_str(), "GET&http%3A%2F%2Fexample.com%2Fr%2520v%2FX&");
    /// # Ok::<(), oauth1_core::base_string_uri::UriError>(())
    /// ```
    pub fn new<'a>(
        method: &str,
        uri: &BaseStringUri<'_>,
        parameters: impl IntoIterator<Item = Parameter<'a>>,
    ) -> Self {
        let mut sorted: Vec<_> = parameters.into_iter().collect();
        parameters::sort(&mut sorted);
        let mut out = Vec::new();
        write_target(&mut out, method, uri);
        // Parameters that the caller holds were checked when they were read.
        let _ = write_parameters(&mut out, &sorted);
        Self(String::from_utf8_lossy(&out).into_owned())
    }

    pub(crate) fn of<W: WriteBaseString>(source: &W) -> Self {
        let mut out = Vec::new();
        let _ = source.write(&mut out);
        Self(String::from_utf8_lossy(&out).into_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SignatureBaseString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
