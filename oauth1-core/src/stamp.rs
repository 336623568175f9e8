//! Nonce and timestamp, RFC 5849 section 3.3.
//!
//! A [`Stamp`] makes one request unique. The clock is the caller's: core never reads the time.

use alloc::{boxed::Box, string::String};
use core::{fmt, num::NonZeroU64};

use crate::{
    sink::Sink,
    unreserved::is_plain,
    words::{ONCE, TWICE},
};

/// The `oauth_nonce` and `oauth_timestamp` of one request (section 3.3).
///
/// Each request needs a stamp of its own; a retry is a new request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Unique among all requests with the same timestamp, client and token.
    pub nonce: Nonce,
    /// Seconds since 1 January 1970 00:00:00 GMT.
    pub timestamp: Timestamp,
}

impl Stamp {
    #[inline]
    pub(crate) fn written(&self) -> Written<'_> {
        Written { nonce: &self.nonce, digits: Decimal::new(self.timestamp.seconds()) }
    }

    /// Joins a nonce and a timestamp.
    #[must_use]
    pub const fn new(nonce: Nonce, timestamp: Timestamp) -> Self {
        Self { nonce, timestamp }
    }

    /// A random nonce at the given time.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no random bytes.
    #[cfg(feature = "random")]
    pub fn random(timestamp: Timestamp) -> Result<Self, NoRandomness> {
        Ok(Self::new(Nonce::random()?, timestamp))
    }
}

#[cfg(all(feature = "std", feature = "random"))]
impl Stamp {
    /// A random nonce at the system clock's time.
    ///
    /// # Errors
    /// [`SignError::Stamp`](crate::SignError::Stamp) if the clock stands before 1970 or the
    /// operating system gives no random bytes.
    pub fn now() -> Result<Self, crate::SignError> {
        let timestamp = Timestamp::from_system_time(std::time::SystemTime::now())
            .map_err(|_| crate::SignError::Stamp("the system clock stands before 1970: set it"))?;
        Self::random(timestamp).map_err(|_| {
            crate::SignError::Stamp("the operating system gave no random bytes for a nonce")
        })
    }
}

/// A stamp with its timestamp in digits: they go into the base string and into the header.
pub(crate) struct Written<'a> {
    pub(crate) nonce: &'a Nonce,
    digits: Decimal,
}

impl Written<'_> {
    #[inline]
    pub(crate) fn timestamp(&self) -> &[u8] {
        self.digits.digits()
    }
}

/// A value the client never uses twice with the same timestamp, client and token (section 3.3).
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(Repr);

// The generated form lives in place, so that signing allocates nothing for it.
#[derive(Clone, PartialEq, Eq)]
enum Repr {
    #[cfg_attr(not(feature = "random"), allow(dead_code))]
    Letters([u8; RANDOM_LETTERS]),
    /// Unreserved characters only.
    Plain(Box<str>),
    Text(Box<str>),
}

impl Nonce {
    /// A nonce chosen by the caller.
    ///
    /// # Errors
    /// [`InvalidNonce`] if it is empty or has control characters.
    pub fn new(nonce: impl Into<String>) -> Result<Self, InvalidNonce> {
        let nonce = nonce.into();
        if nonce.is_empty() || nonce.chars().any(char::is_control) {
            return Err(InvalidNonce);
        }
        let plain = is_plain(nonce.as_bytes());
        let nonce = nonce.into_boxed_str();
        Ok(Self(if plain { Repr::Plain(nonce) } else { Repr::Text(nonce) }))
    }

    /// 128 random bits from the operating system, as 26 letters and digits: some servers refuse
    /// nonces that have fewer than 20 or more than 30.
    ///
    /// # Errors
    /// [`NoRandomness`] if the operating system gives no random bytes.
    #[cfg(feature = "random")]
    pub fn random() -> Result<Self, NoRandomness> {
        use rand::TryRng;
        let mut bytes = [0; 16];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(|_| NoRandomness)?;
        let mut bits = u128::from_le_bytes(bytes);
        let letters = core::array::from_fn(|_| {
            let letter = b"abcdefghijklmnopqrstuvwxyz234567"[(bits & 31) as usize];
            bits >>= 5;
            letter
        });
        Ok(Self(Repr::Letters(letters)))
    }

    /// The nonce as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Letters(letters) => core::str::from_utf8(letters).unwrap_or_default(),
            Repr::Plain(text) | Repr::Text(text) => text,
        }
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Letters(letters) => letters,
            Repr::Plain(text) | Repr::Text(text) => text.as_bytes(),
        }
    }

    /// Writes it as it stands in the base string, encoded twice.
    #[inline(always)]
    pub(crate) fn write_twice<S: Sink>(&self, out: &mut S) {
        match &self.0 {
            Repr::Letters(letters) => out.put(letters),
            Repr::Plain(text) => out.put(text.as_bytes()),
            Repr::Text(text) => out.put_each(text.as_bytes(), &TWICE),
        }
    }

    /// Writes it as it is transmitted, encoded once.
    #[inline(always)]
    pub(crate) fn write_once<S: Sink>(&self, out: &mut S) {
        match &self.0 {
            Repr::Letters(letters) => out.put(letters),
            Repr::Plain(text) => out.put(text.as_bytes()),
            Repr::Text(text) => out.put_each(text.as_bytes(), &ONCE),
        }
    }
}

/// 26 times 5 bits hold 128.
const RANDOM_LETTERS: usize = 26;

/// The 128 bits of a UUID, as 32 hexadecimal digits.
#[cfg(feature = "random")]
impl From<uuid::Uuid> for Nonce {
    fn from(uuid: uuid::Uuid) -> Self {
        Self(Repr::Plain(alloc::format!("{}", uuid.simple()).into_boxed_str()))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({:?})", self.as_str())
    }
}

/// Seconds since 1 January 1970 00:00:00 GMT, a positive integer (section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroU64);

impl Timestamp {
    /// From seconds; `None` for 0 and for more than 2⁶³ − 1.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Option<Self> {
        match NonZeroU64::new(seconds) {
            Some(seconds) if seconds.get() <= i64::MAX as u64 => Some(Self(seconds)),
            _ => None,
        }
    }

    /// Reads `oauth_timestamp`: ASCII digits without sign or leading zero, greater than 0.
    ///
    /// # Errors
    /// [`InvalidTimestamp`] for everything else.
    ///
    /// ```
    /// use oauth1_core::stamp::Timestamp;
    /// assert_eq!(Timestamp::parse("137131201")?.seconds(), 137_131_201);
    /// assert!(Timestamp::parse("1e9").is_err());
    /// # Ok::<(), oauth1_core::stamp::InvalidTimestamp>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, InvalidTimestamp> {
        Self::read(text.as_bytes())
    }

    #[inline]
    pub(crate) fn read(digits: &[u8]) -> Result<Self, InvalidTimestamp> {
        // 2⁶³ − 1 has 19 digits, and no number of 19 digits overflows 64 bits.
        if !(1..=19).contains(&digits.len()) || digits[0] == b'0' {
            return Err(InvalidTimestamp);
        }
        let mut seconds = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return Err(InvalidTimestamp);
            }
            seconds = seconds * 10 + u64::from(digit - b'0');
        }
        Self::from_seconds(seconds).ok_or(InvalidTimestamp)
    }

    /// The system clock's time.
    ///
    /// # Errors
    /// [`InvalidTimestamp`] if the clock stands before 1970.
    #[cfg(feature = "std")]
    pub fn from_system_time(time: std::time::SystemTime) -> Result<Self, InvalidTimestamp> {
        time.duration_since(std::time::UNIX_EPOCH)
            .ok()
            .and_then(|since| Self::from_seconds(since.as_secs()))
            .ok_or(InvalidTimestamp)
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The nonce is empty or has control characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a nonce must not be empty or hold control characters (RFC 5849 section 3.3)")]
pub struct InvalidNonce;

/// The timestamp is no positive integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a timestamp must be a positive integer of seconds since 1970 (RFC 5849 section 3.3)")]
pub struct InvalidTimestamp;

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes for a nonce; nothing was signed")]
pub struct NoRandomness;

/// The decimal digits of a number, without an allocation.
#[derive(Clone, Copy)]
pub(crate) struct Decimal {
    digits: [u8; 24],
    at: usize,
}

impl Decimal {
    #[inline]
    pub(crate) fn new(number: u64) -> Self {
        const EIGHT: u64 = 100_000_000;
        let mut digits = [b'0'; 24];
        let (mut rest, last) = (number / EIGHT, number % EIGHT);
        digits[16..].copy_from_slice(&eight_digits(last));
        let mut at = 16;
        // Two more in all timestamps until the year 2286.
        while rest > 0 && at > 0 {
            let pair = (rest % 100) as u8;
            rest /= 100;
            at -= 2;
            digits[at] += pair / 10;
            digits[at + 1] += pair % 10;
        }
        while at < 23 && digits[at] == b'0' {
            at += 1;
        }
        Self { digits, at }
    }

    #[inline]
    pub(crate) fn digits(&self) -> &[u8] {
        &self.digits[self.at..]
    }
}

/// All eight at once: halves of a word are divided together, by multiplying with the inverse.
#[inline]
const fn eight_digits(number: u64) -> [u8; 8] {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let pairs = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((pairs * 103) >> 10) & 0x0f_000f_000f_000f;
    let ones = tens | ((pairs - tens * 10) << 8);
    (ones | 0x3030_3030_3030_3030).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_integers_are_timestamps() {
        for bad in [
            "",
            "0",
            "-1",
            "+1",
            "01",
            "1.0",
            "1e9",
            "0x65",
            "1_700",
            " 1",
            "1 ",
            "１７",
            "9223372036854775808",
            "18446744073709551616",
            "1000000000000000000000000000000",
        ] {
            assert_eq!(Timestamp::parse(bad), Err(InvalidTimestamp), "{bad:?}");
        }
        assert_eq!(Timestamp::parse("9223372036854775807").unwrap().seconds(), i64::MAX as u64);
    }

    #[test]
    fn digits_are_written_as_display_writes_them() {
        let powers = (0..20).map(|power| 10_u64.pow(power));
        let around = powers.flat_map(|power| [power - 1, power, power / 10 * 9]);
        let all_pairs = (0..10_000).map(|pair| pair * 10_001);
        let given = [101, 1_318_622_958, u64::MAX];
        for number in around.chain(all_pairs).chain(given) {
            assert_eq!(Decimal::new(number).digits(), alloc::format!("{number}").as_bytes());
        }
    }

    #[cfg(feature = "random")]
    #[test]
    fn random_nonces_differ() {
        let nonces: std::collections::HashSet<_> =
            (0..10_000).map(|_| String::from(Nonce::random().unwrap().as_str())).collect();
        assert_eq!(nonces.len(), 10_000);
        assert!(nonces.iter().all(|n| n.len() == 26 && is_plain(n.as_bytes())));
        // Every letter stands in every place but the last, which has three bits.
        for place in 0..26 {
            let letters: std::collections::HashSet<_> =
                nonces.iter().map(|nonce| nonce.as_bytes()[place]).collect();
            assert_eq!(letters.len(), if place < 25 { 32 } else { 8 }, "{place}");
        }
    }

    #[cfg(feature = "random")]
    #[test]
    fn a_uuid_is_its_digits() {
        let nonce = Nonce::from(uuid::Uuid::from_u128(0xfeed));
        assert_eq!(nonce.as_str(), "0000000000000000000000000000feed");
    }
}
