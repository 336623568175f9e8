//! The constant runs of base string and header, encoded once per signer.

use alloc::{string::String, vec::Vec};

use zeroize::Zeroize;

use crate::{
    authorization::push_realm,
    percent_encoding::encode_into,
    protocol_parameters as names,
    signed::Signed,
    sink::Sink,
    stamp::Written,
    words::{ONCE, TWICE},
};

/// How protocol parameters are written for transmission (section 3.5).
#[derive(Clone, Copy)]
pub(crate) enum Style {
    /// `name="value", name="value"`.
    Header,
    /// `name=value&name=value`, for form bodies and queries.
    Form,
}

/// What stands between nonce, timestamp and signature. Wiped when dropped: it can hold a verifier.
#[derive(Clone, Default)]
pub(crate) struct Template {
    /// Encoded twice: up to the nonce, up to the timestamp, up to the end.
    base_string: [Vec<u8>; 3],
    /// Scheme and realm.
    scheme: String,
    /// Up to the nonce, the signature, the timestamp, and the end.
    header: [String; 4],
    form: [String; 4],
}

impl Template {
    /// `parameters` are decoded and sorted; those of each request have no value.
    pub(crate) fn new<'p>(
        realm: Option<&str>,
        parameters: impl Iterator<Item = (&'static str, Option<&'p str>)>,
    ) -> Self {
        let mut made = Self::default();
        made.scheme.push_str("OAuth ");
        if let Some(realm) = realm {
            push_realm(&mut made.scheme, realm);
            made.scheme.push_str(", ");
        }
        let (mut sent, mut signed) = (0, 0);
        let mut first = true;
        for (name, value) in parameters {
            let in_base_string = name != names::SIGNATURE;
            if !first {
                made.header[sent].push_str(", ");
                made.form[sent].push('&');
                if in_base_string {
                    made.base_string[signed].put(b"%26");
                }
            }
            first = false;
            for (out, equals) in [(&mut made.header[sent], "=\""), (&mut made.form[sent], "=")] {
                out.push_str(name);
                out.push_str(equals);
                encode_into(out, value.unwrap_or_default().as_bytes());
            }
            if in_base_string {
                made.base_string[signed].put(name.as_bytes());
                made.base_string[signed].put(b"%3D");
                made.base_string[signed].put_each(value.unwrap_or_default().as_bytes(), &TWICE);
            }
            if value.is_none() {
                sent += 1;
                signed += usize::from(in_base_string);
            }
            made.header[sent].push('"');
        }
        made
    }

    #[inline]
    pub(crate) const fn base_string(&self) -> &[Vec<u8>; 3] {
        &self.base_string
    }

    /// Writes all parameters, the signature among them, in one allocation.
    #[inline]
    pub(crate) fn write(
        &self,
        style: Style,
        stamp: &Written<'_>,
        body_hash: Option<&str>,
        signature: Signed<'_>,
    ) -> Vec<u8> {
        let (scheme, runs, quote, separator) = match style {
            Style::Header => (self.scheme.as_str(), &self.header, "=\"", "\", "),
            Style::Form => ("", &self.form, "=", "&"),
        };
        let [to_nonce, to_signature, to_timestamp, to_end] = runs;
        let constant =
            scheme.len() + to_nonce.len() + to_signature.len() + to_timestamp.len() + to_end.len();
        // Room for every octet to be escaped, so that the buffer never moves.
        let escaped = stamp.nonce.as_bytes().len() + body_hash.map_or(0, |hash| hash.len() + 24);
        let varying = 3 * escaped + stamp.timestamp().len() + signature.room() + 8;
        let mut out = Vec::with_capacity(constant + varying);
        out.put(scheme.as_bytes());
        if let Some(hash) = body_hash {
            out.put(names::BODY_HASH.as_bytes());
            out.put(quote.as_bytes());
            out.put_each(hash.as_bytes(), &ONCE);
            out.put(separator.as_bytes());
        }
        out.put(to_nonce.as_bytes());
        stamp.nonce.write_once(&mut out);
        out.put(to_signature.as_bytes());
        signature.write_once(&mut out);
        out.put(to_timestamp.as_bytes());
        out.put(stamp.timestamp());
        out.put(to_end.as_bytes());
        out
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        self.base_string.iter_mut().for_each(Zeroize::zeroize);
        self.header.iter_mut().for_each(Zeroize::zeroize);
        self.form.iter_mut().for_each(Zeroize::zeroize);
    }
}
