//! How credentials are made: identifiers and secrets from the operating system's random bytes.

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

/// A random identifier and a random secret.
pub(crate) fn new_client() -> Result<ClientCredentials, IssueError> {
    Ok(ClientCredentials::new(identifier()?, secret()?.as_str()))
}

/// A random identifier and a random secret.
pub(crate) fn new_token() -> Result<TokenCredentials, IssueError> {
    Ok(TokenCredentials::new(identifier()?, secret()?.as_str()))
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
fn identifier() -> Result<String, IssueError> {
    let mut random = [0; 16];
    SysRng.try_fill_bytes(&mut random).map_err(|_| IssueError::NoRandomness)?;
    Ok(uuid::Builder::from_random_bytes(random)
        .into_uuid()
        .simple()
        .encode_lower(&mut Uuid::encode_buffer())
        .to_owned())
}

/// 160 random bits as letters and digits, which nothing ever needs to encode. Two of them and the
/// `&` between fit into one block of SHA-1, so that an HMAC key needs no hash of its own.
fn secret() -> Result<Zeroizing<String>, IssueError> {
    let mut secret = Zeroizing::new(String::with_capacity(SECRET_LENGTH));
    let mut random = Zeroizing::new([0; 64]);
    while secret.len() < SECRET_LENGTH {
        SysRng.try_fill_bytes(&mut *random).map_err(|_| IssueError::NoRandomness)?;
        // Six bits select one of 64; the two without a letter are left out, so none is likelier.
        let letters = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        for letter in letters.take(SECRET_LENGTH - secret.len()) {
            secret.push(char::from(*letter));
        }
    }
    Ok(secret)
}

/// log2(62) × 27 = 160.7 bits.
pub(super) const SECRET_LENGTH: usize = 27;
pub(super) const ALPHABET: &[u8; 62] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
