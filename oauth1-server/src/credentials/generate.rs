//! How credentials are made: identifiers and secrets from the operating system's random bytes.

#[cfg(feature = "server")]
use oauth1_core::TemporaryCredentials;
use oauth1_core::{ClientCredentials, TokenCredentials};
use rand::{TryRng, rngs::SysRng};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Why no credentials were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes; no credentials were made")]
    NoRandomness,
    /// The token was to be for a client that does not exist.
    #[error("there is no such client")]
    ClientUnknown,
}

/// How identifiers and secrets look. Identifiers have 128 random bits or more, secrets 256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentifierStyle {
    /// `ak_`, `as_`, `at_` and `ats_` (and `rt_`, `rts_` for what is temporary) before letters and digits, and six characters of checksum
    /// at the end: a double click takes all of it, and scanners know a leaked secret without a
    /// call. The text, if any, stands before that with another `_`.
    Prefixed(Box<str>),
    /// Hexadecimal digits: 32 for identifiers, 64 for secrets.
    Hex,
}

/// Prefixed, with no text before.
impl Default for IdentifierStyle {
    fn default() -> Self {
        Self::Prefixed(Box::default())
    }
}

/// What a value is for; the prefix says it.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    AppKey,
    AppSecret,
    AccessToken,
    TokenSecret,
    #[cfg(feature = "server")]
    RequestToken,
    #[cfg(feature = "server")]
    RequestTokenSecret,
}

impl Purpose {
    const fn prefix(self) -> &'static str {
        match self {
            Self::AppKey => "ak_",
            Self::AppSecret => "as_",
            Self::AccessToken => "at_",
            Self::TokenSecret => "ats_",
            #[cfg(feature = "server")]
            Self::RequestToken => "rt_",
            #[cfg(feature = "server")]
            Self::RequestTokenSecret => "rts_",
        }
    }

    const fn is_secret(self) -> bool {
        match self {
            Self::AppSecret | Self::TokenSecret => true,
            #[cfg(feature = "server")]
            Self::RequestTokenSecret => true,
            _ => false,
        }
    }
}

impl IdentifierStyle {
    /// An identifier and a secret of a client.
    pub(crate) fn client(&self) -> Result<ClientCredentials, IssueError> {
        let identifier = self.value(Purpose::AppKey)?;
        Ok(ClientCredentials::new(identifier.as_str(), self.value(Purpose::AppSecret)?.as_str()))
    }

    /// An identifier and a secret of a token.
    pub(crate) fn token(&self) -> Result<TokenCredentials, IssueError> {
        let identifier = self.value(Purpose::AccessToken)?;
        Ok(TokenCredentials::new(identifier.as_str(), self.value(Purpose::TokenSecret)?.as_str()))
    }

    /// An identifier and a secret that are temporary.
    #[cfg(feature = "server")]
    pub(crate) fn temporary(&self) -> Result<TemporaryCredentials, IssueError> {
        let identifier = self.value(Purpose::RequestToken)?;
        let secret = self.value(Purpose::RequestTokenSecret)?;
        Ok(TemporaryCredentials::new(identifier.as_str(), secret.as_str()))
    }

    fn value(&self, purpose: Purpose) -> Result<Zeroizing<String>, IssueError> {
        match self {
            Self::Prefixed(text) => prefixed(text, purpose),
            Self::Hex if purpose.is_secret() => {
                Ok(Zeroizing::new([hexadecimal()?, hexadecimal()?].concat()))
            }
            Self::Hex => Ok(Zeroizing::new(hexadecimal()?)),
        }
    }
}

/// Whether the checksum at the end of a prefixed identifier or secret is right: a text that was
/// mistyped or cut off, or that is none of ours, has another.
#[must_use]
pub fn has_checksum(value: &str) -> bool {
    let Some(split) = value.len().checked_sub(CHECKSUM) else { return false };
    value.is_char_boundary(split)
        && value.contains('_')
        && checksum(&value.as_bytes()[..split]) == value.as_bytes()[split..]
}

/// A random identifier and a random secret.
pub(crate) fn new_client() -> Result<ClientCredentials, IssueError> {
    IdentifierStyle::default().client()
}

/// A random identifier and a random secret.
pub(crate) fn new_token() -> Result<TokenCredentials, IssueError> {
    IdentifierStyle::default().token()
}

/// Milliseconds since 1970, as tables hold times.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A UUID of version 7: row ids in the order in which rows were made.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn new_row_id(now: i64) -> Result<String, IssueError> {
    let mut random = [0; 10];
    SysRng.try_fill_bytes(&mut random).map_err(|_| IssueError::NoRandomness)?;
    let now = u64::try_from(now).unwrap_or(0);
    Ok(uuid::Builder::from_unix_timestamp_millis(now, &random).into_uuid().to_string())
}

/// A random UUID without hyphens.
fn hexadecimal() -> Result<String, IssueError> {
    let mut random = [0; 16];
    SysRng.try_fill_bytes(&mut random).map_err(|_| IssueError::NoRandomness)?;
    let uuid = uuid::Builder::from_random_bytes(random).into_uuid();
    Ok(uuid.simple().encode_lower(&mut Uuid::encode_buffer()).to_owned())
}

/// Letters and digits, which nothing ever needs to encode.
fn prefixed(text: &str, purpose: Purpose) -> Result<Zeroizing<String>, IssueError> {
    let length = if purpose.is_secret() { SECRET_LETTERS } else { IDENTIFIER_LETTERS };
    // Never grown: a copy that is left behind would not be wiped.
    let mut value = Zeroizing::new(String::with_capacity(text.len() + 5 + length + CHECKSUM));
    if !text.is_empty() {
        value.push_str(text);
        value.push('_');
    }
    value.push_str(purpose.prefix());
    let end = value.len() + length;
    // Six bits select one of 64; the two without a letter are left out, so none is likelier.
    push_random(&mut value, end, |octet| ALPHABET.get(usize::from(octet & 63)).copied())?;
    let checksum = checksum(value.as_bytes());
    value.extend(checksum.map(char::from));
    Ok(value)
}

/// A verification code for redirections, or a session handle: 131 random bits.
#[cfg(feature = "server")]
pub(crate) fn new_code() -> Result<Zeroizing<String>, IssueError> {
    let mut code = Zeroizing::new(String::with_capacity(IDENTIFIER_LETTERS));
    let letter = |octet: u8| ALPHABET.get(usize::from(octet & 63)).copied();
    push_random(&mut code, IDENTIFIER_LETTERS, letter)?;
    Ok(code)
}

/// A verification code that people type: eight digits.
#[cfg(feature = "server")]
pub(crate) fn new_digits() -> Result<Zeroizing<String>, IssueError> {
    let mut code = Zeroizing::new(String::with_capacity(DIGITS));
    // 250 is the last multiple of ten, so no digit is likelier.
    push_random(&mut code, DIGITS, |octet| (octet < 250).then_some(b'0' + octet % 10))?;
    Ok(code)
}

/// Pushes random letters up to a length; an octet that makes no letter is left out.
fn push_random(
    value: &mut Zeroizing<String>,
    end: usize,
    letter: impl Fn(u8) -> Option<u8>,
) -> Result<(), IssueError> {
    let mut random = Zeroizing::new([0; 64]);
    while value.len() < end {
        SysRng.try_fill_bytes(&mut *random).map_err(|_| IssueError::NoRandomness)?;
        let letters = random.iter().filter_map(|octet| letter(*octet));
        for letter in letters.take(end - value.len()) {
            value.push(char::from(letter));
        }
    }
    Ok(())
}

/// CRC-32 (the one of ISO 3309, as in zip files) in base 62.
fn checksum(octets: &[u8]) -> [u8; CHECKSUM] {
    let mut crc = u32::MAX;
    for octet in octets {
        crc ^= u32::from(*octet);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let mut rest = !crc;
    let mut letters = [0; CHECKSUM];
    for letter in letters.iter_mut().rev() {
        *letter = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    letters
}

/// log2(62) × 22 = 131 bits.
const IDENTIFIER_LETTERS: usize = 22;
/// log2(62) × 43 = 256.03 bits.
const SECRET_LETTERS: usize = 43;
#[cfg(feature = "server")]
const DIGITS: usize = 8;
/// 62⁶ is more than 2³².
const CHECKSUM: usize = 6;
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn prefixed_values_say_what_they_are_and_have_a_checksum() {
        let (mut seen, mut letters) = (HashSet::new(), HashSet::new());
        for text in ["", "acme"] {
            let style = IdentifierStyle::Prefixed(text.into());
            for _ in 0..200 {
                let (client, token) = (style.client().unwrap(), style.token().unwrap());
                for (value, prefix, length) in [
                    (client.identifier(), "ak_", 22),
                    (client.secret().expose(), "as_", 43),
                    (token.identifier(), "at_", 22),
                    (token.secret().expose(), "ats_", 43),
                ] {
                    let rest = value.strip_prefix(text).unwrap().trim_start_matches('_');
                    let body = rest.strip_prefix(prefix).unwrap();
                    assert_eq!(body.len(), length + 6, "{value}");
                    assert!(body.bytes().all(|b| ALPHABET.contains(&b)), "{value}");
                    letters.extend(body[..length].bytes());
                    assert!(seen.insert(value.to_owned()));
                    assert!(has_checksum(value), "{value}");
                    let mut wrong = value.to_owned().into_bytes();
                    let last = wrong.len() - 7;
                    wrong[last] = if wrong[last] == b'A' { b'B' } else { b'A' };
                    assert!(!has_checksum(std::str::from_utf8(&wrong).unwrap()));
                }
            }
        }
        assert_eq!(letters.len(), 62);
        for none in ["", "short", "é_aaaaaé", "0123456789abcdef0123456789abcdef"] {
            assert!(!has_checksum(none), "{none}");
        }
    }

    #[cfg(feature = "server")]
    #[test]
    fn codes_have_every_letter_and_never_repeat() {
        let (mut seen, mut letters, mut digits) = (HashSet::new(), HashSet::new(), HashSet::new());
        for _ in 0..1_000 {
            let (code, typed) = (new_code().unwrap(), new_digits().unwrap());
            assert_eq!((code.len(), typed.len()), (22, 8));
            letters.extend(code.bytes());
            digits.extend(typed.bytes());
            assert!(seen.insert(code.to_string()));
        }
        assert!(letters.len() == 62 && digits == HashSet::from_iter(b'0'..=b'9'));
    }

    #[test]
    fn the_checksum_is_crc_32() {
        // The check value of its definition, CBF43926, in base 62.
        let mut number: u64 = 0;
        for letter in checksum(b"123456789") {
            let digit = ALPHABET.iter().position(|l| *l == letter).unwrap();
            number = number * 62 + digit as u64;
        }
        assert_eq!(number, 0xCBF4_3926);
    }

    #[test]
    fn hexadecimal_values_look_like_those_of_elsewhere() {
        let client = IdentifierStyle::Hex.client().unwrap();
        for (value, length) in [(client.identifier(), 32), (client.secret().expose(), 64)] {
            assert_eq!(value.len(), length);
            assert!(value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{value}");
        }
    }
}
