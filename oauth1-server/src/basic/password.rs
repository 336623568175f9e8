//! A password that was right is remembered for a while as a keyed hash, so that the next request
//! costs little.

use std::{sync::Arc, time::Duration};

use quick_cache::sync::Cache;
use rand::{TryRng, rngs::SysRng};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

use super::{BasicError, BasicRecord, Presented};
use crate::{IssueError, StoreError, passwords::Place};

/// Compares passwords. Cheap to clone; clones share what they remember.
#[derive(Clone)]
pub struct PasswordChecker(Arc<Inner>);

struct Inner {
    lifetime: Duration,
    /// Of this process, so that what is remembered means nothing elsewhere.
    key: Zeroizing<[u8; 32]>,
    right: Cache<[u8; 32], Instant>,
}

impl PasswordChecker {
    /// Remembers passwords that were right for this long: the lifetime of the cache of credentials.
    ///
    /// # Errors
    /// [`IssueError::NoRandomness`].
    pub fn new(lifetime: Duration) -> Result<Self, IssueError> {
        let mut key = Zeroizing::new([0; 32]);
        SysRng.try_fill_bytes(&mut *key).map_err(|_| IssueError::NoRandomness)?;
        Ok(Self(Arc::new(Inner { lifetime, key, right: Cache::new(REMEMBERED) })))
    }

    /// Whether the password is the credential's. Unknown names, disabled credentials and wrong
    /// passwords take the same time.
    ///
    /// `Err` if it could not be compared, because too many others wait.
    pub(crate) async fn check(
        &self,
        presented: Presented,
        record: Option<&BasicRecord>,
    ) -> Result<Result<(), BasicError>, StoreError> {
        let doubt = record.map_or(Some(BasicError::Unknown), BasicRecord::doubt);
        // With the stored hash in it, a changed password is never mistaken for the one before.
        let digest = record.map(|record| self.digest(&presented, record));
        let known = digest.and_then(|digest| self.0.right.get(&digest));
        if known.is_some_and(|since| since.elapsed() < self.0.lifetime) {
            return Ok(doubt.map_or(Ok(()), Err));
        }
        let Ok(place) = timeout(LONGEST_WAIT, Place::free()).await else {
            return Err(StoreError::new("too many passwords are being compared"));
        };
        let stored = record.map(|record| record.password_hash().to_owned().into());
        let password = presented.password().to_owned().into();
        let compared = place.map_err(StoreError::new)?.compare(password, stored).await;
        let right = compared.map_err(StoreError::new)?;
        if let (true, Some(digest)) = (right, digest) {
            self.0.right.insert(digest, Instant::now());
        }
        Ok(match doubt {
            Some(doubt) => Err(doubt),
            None if right => Ok(()),
            None => Err(BasicError::Password),
        })
    }

    fn digest(&self, presented: &Presented, record: &BasicRecord) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(*self.0.key);
        for part in [presented.name(), record.password_hash(), presented.password()] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().into()
    }
}

impl std::fmt::Debug for PasswordChecker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordChecker")
            .field("lifetime", &self.0.lifetime)
            .finish_non_exhaustive()
    }
}

/// More are refused with 503.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// Passwords, of 40 octets each.
const REMEMBERED: usize = 10_000;
