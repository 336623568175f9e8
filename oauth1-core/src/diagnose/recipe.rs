//! How a signature comes about (RFC 5849 section 3.4), with every step a value: a mistake is a
//! recipe in which one of them is another one.

use alloc::{string::String, vec::Vec};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE},
};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::order::Order;
use crate::{base_string_uri::Scheme, parameters::Source, signature_method::HashAlgorithm};

/// A name and a value, decoded, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) source: Source,
    /// It has no `=` in the request.
    pub(super) bare: bool,
}

impl Pair {
    pub(super) fn new(name: &str, value: &str, source: Source) -> Self {
        Self { name: name.into(), value: value.into(), source, bare: false }
    }

    pub(super) fn is_protocol(&self) -> bool {
        self.name.starts_with(b"oauth_")
    }
}

/// Which octets an encoder escapes, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Alphabet {
    /// Reserved characters that it leaves.
    pub(super) left: &'static [u8],
    /// Unreserved characters that it escapes.
    pub(super) escaped: &'static [u8],
    /// It writes a space as `+`.
    pub(super) plus: bool,
    /// It writes `%3d` for `%3D`.
    pub(super) lower: bool,
}

impl Alphabet {
    pub(super) fn encode(self, octets: &[u8], out: &mut Vec<u8>) {
        let digits: &[u8; 16] = if self.lower { b"0123456789abcdef" } else { b"0123456789ABCDEF" };
        for &octet in octets {
            let plain = octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~');
            if octet == b' ' && self.plus {
                out.push(b'+');
            } else if (plain && !self.escaped.contains(&octet)) || self.left.contains(&octet) {
                out.push(octet);
            } else {
                out.extend([
                    b'%',
                    digits[usize::from(octet >> 4)],
                    digits[usize::from(octet & 15)],
                ]);
            }
        }
    }

    /// So many times.
    pub(super) fn encoded(self, octets: &[u8], times: u8) -> Vec<u8> {
        let mut text = octets.to_vec();
        for _ in 0..times {
            let mut out = Vec::with_capacity(text.len() * 3);
            self.encode(&text, &mut out);
            text = out;
        }
        text
    }
}

/// What is done with base string and key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Hmac(HashAlgorithm),
    /// The base string is the key, and the key the text.
    Swapped(HashAlgorithm),
    /// A hash of the base string, without a key.
    Hash(HashAlgorithm),
    /// The key itself.
    Plaintext,
    /// Only the base string counts: a public key looks at it.
    Rsa(HashAlgorithm),
}

/// How the signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Base64,
    Unpadded,
    UrlSafe,
    /// With line ends, as MIME has them.
    Lines,
    Hex,
    UpperHex,
    Base64OfHex,
    /// Encoded once more than its place asks for.
    EncodedAgain,
    /// Not encoded for its place, where `+` is a space.
    PlusAsSpace,
}

/// The key of HMAC and PLAINTEXT.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) client: Zeroizing<Vec<u8>>,
    /// `None` without a token.
    pub(super) token: Option<Zeroizing<Vec<u8>>>,
    pub(super) times: u8,
    /// The `&` is there also when no token secret follows.
    pub(super) separator: bool,
    /// How often all of it is encoded.
    pub(super) whole: u8,
}

impl Key {
    pub(super) fn octets(&self, alphabet: Alphabet) -> Zeroizing<Vec<u8>> {
        let encoded = |secret: &[u8]| Zeroizing::new(alphabet.encoded(secret, self.times));
        let mut key = encoded(&self.client);
        let token = self.token.as_ref().map(|token| encoded(token)).unwrap_or_default();
        if self.separator || !token.is_empty() {
            key.push(b'&');
        }
        key.extend_from_slice(&token);
        if self.whole > 0 { Zeroizing::new(alphabet.encoded(&key, self.whole)) } else { key }
    }
}

#[derive(Clone)]
pub(super) struct Recipe {
    pub(super) method: Vec<u8>,
    /// Scheme, host and port are part of the URI.
    pub(super) absolute: bool,
    pub(super) scheme: Scheme,
    /// As sent.
    pub(super) host: Vec<u8>,
    pub(super) lower_host: bool,
    /// As it stands in the base string.
    pub(super) port: Option<u16>,
    pub(super) path: Vec<u8>,
    /// What follows the path.
    pub(super) rest: Vec<u8>,
    pub(super) uri_times: u8,
    pub(super) pairs: Vec<Pair>,
    /// Pairs without `=` are written without.
    pub(super) bare: bool,
    /// Names are encoded neither by themselves nor with the whole.
    pub(super) raw_names: bool,
    pub(super) order: Order,
    pub(super) name_times: u8,
    pub(super) value_times: u8,
    pub(super) joined_times: u8,
    /// For names and values.
    pub(super) inner: Alphabet,
    /// For the three parts.
    pub(super) outer: Alphabet,
    /// Between the three parts.
    pub(super) separator: &'static [u8],
    pub(super) key: Key,
    pub(super) algorithm: Algorithm,
    pub(super) form: Form,
}

impl Recipe {
    pub(super) fn base_string(&self) -> Vec<u8> {
        let mut uri = Vec::with_capacity(64 + self.path.len() + self.rest.len());
        if self.absolute {
            uri.extend_from_slice(self.scheme.as_str().as_bytes());
            uri.extend_from_slice(b"://");
            match self.lower_host {
                true => uri.extend(self.host.iter().map(u8::to_ascii_lowercase)),
                false => uri.extend_from_slice(&self.host),
            }
            if let Some(port) = self.port {
                uri.push(b':');
                uri.extend_from_slice(alloc::format!("{port}").as_bytes());
            }
        }
        for &octet in &self.path {
            match octet {
                b'!'..=b'~' => uri.push(octet),
                other => Alphabet::default().encode(&[other], &mut uri),
            }
        }
        uri.extend_from_slice(&self.rest);
        let mut out = self.method.clone();
        out.extend_from_slice(self.separator);
        out.extend(self.outer.encoded(&uri, self.uri_times));
        out.extend_from_slice(self.separator);
        match self.raw_names {
            true => self.write_raw_names(&mut out),
            false => out.extend(self.outer.encoded(&self.parameters(), self.joined_times)),
        }
        out
    }

    fn write_raw_names(&self, out: &mut Vec<u8>) {
        let encoded = |pair| {
            let Pair { name, value, .. }: &Pair = pair;
            (name.clone(), self.inner.encoded(value, self.value_times), pair)
        };
        let mut encoded: Vec<_> = self.pairs.iter().map(encoded).collect();
        self.order.sort(&mut encoded);
        for (i, (name, value, _)) in encoded.iter().enumerate() {
            if i > 0 {
                out.extend(self.outer.encoded(b"&", self.joined_times));
            }
            out.extend_from_slice(name);
            out.extend(self.outer.encoded(b"=", self.joined_times));
            out.extend(self.outer.encoded(value, self.joined_times));
        }
    }

    /// The normalized parameters (section 3.4.1.3.2).
    fn parameters(&self) -> Vec<u8> {
        let encoded = self.pairs.iter().map(|pair| {
            let name = self.inner.encoded(&pair.name, self.name_times);
            (name, self.inner.encoded(&pair.value, self.value_times), pair)
        });
        let mut encoded: Vec<_> = encoded.collect();
        self.order.sort(&mut encoded);
        let mut out = Vec::new();
        for (i, (name, value, pair)) in encoded.iter().enumerate() {
            if i > 0 {
                out.push(b'&');
            }
            out.extend_from_slice(name);
            if !(self.bare && pair.bare) {
                out.push(b'=');
                out.extend_from_slice(value);
            }
        }
        out
    }

    /// Whether its base string is the one that somebody with the private key has signed.
    #[cfg(feature = "rsa")]
    pub(super) fn makes_for(&self, key: &crate::rsa::RsaPublicKey, signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Rsa(hash) => key.verify(hash, &self.base_string(), signature),
            _ => false,
        }
    }

    /// Whether it makes the text.
    pub(super) fn makes(&self, signature: &[u8]) -> bool {
        let octets = match self.algorithm {
            Algorithm::Plaintext => {
                let key = self.key.octets(self.outer);
                return match self.form {
                    Form::EncodedAgain => *self.outer.encoded(&key, 1) == *signature,
                    _ => **key == *signature,
                };
            }
            Algorithm::Rsa(_) => return false,
            Algorithm::Hmac(hash) => mac(hash, &self.key.octets(self.outer), &self.base_string()),
            Algorithm::Swapped(hash) => {
                mac(hash, &self.base_string(), &self.key.octets(self.outer))
            }
            Algorithm::Hash(hash) => digest(hash, &self.base_string()),
        };
        self.form.write(&octets) == signature
    }
}

impl Form {
    fn write(self, octets: &[u8]) -> Vec<u8> {
        let text = match self {
            Self::Base64 => BASE64_STANDARD.encode(octets),
            Self::Unpadded => BASE64_STANDARD_NO_PAD.encode(octets),
            Self::UrlSafe => BASE64_URL_SAFE.encode(octets),
            Self::Lines => return lines(&BASE64_STANDARD.encode(octets)),
            Self::Hex => return hex(octets, b"0123456789abcdef"),
            Self::UpperHex => return hex(octets, b"0123456789ABCDEF"),
            Self::Base64OfHex => BASE64_STANDARD.encode(hex(octets, b"0123456789abcdef")),
            Self::EncodedAgain => {
                return Alphabet::default().encoded(BASE64_STANDARD.encode(octets).as_bytes(), 1);
            }
            Self::PlusAsSpace => BASE64_STANDARD.encode(octets).replace('+', " "),
        };
        String::into_bytes(text)
    }
}

/// A line of 60 characters each, as Ruby's `encode64` has them; those of others are as long or
/// longer than every signature but SHA-512's.
fn lines(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for line in text.as_bytes().chunks(60) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    out
}

fn hex(octets: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let digit = |value: u8| digits[usize::from(value)];
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

fn mac(hash: HashAlgorithm, key: &[u8], text: &[u8]) -> Vec<u8> {
    fn with<M: Mac + KeyInit>(key: &[u8], text: &[u8]) -> Vec<u8> {
        // HMAC takes keys of any length.
        <M as KeyInit>::new_from_slice(key)
            .map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
            .unwrap_or_default()
    }
    match hash {
        HashAlgorithm::Sha1 => with::<Hmac<Sha1>>(key, text),
        HashAlgorithm::Sha256 => with::<Hmac<Sha256>>(key, text),
        HashAlgorithm::Sha512 => with::<Hmac<Sha512>>(key, text),
    }
}

fn digest(hash: HashAlgorithm, text: &[u8]) -> Vec<u8> {
    match hash {
        HashAlgorithm::Sha1 => Sha1::digest(text).to_vec(),
        HashAlgorithm::Sha256 => Sha256::digest(text).to_vec(),
        HashAlgorithm::Sha512 => Sha512::digest(text).to_vec(),
    }
}
