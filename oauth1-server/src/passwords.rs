//! Passwords and their argon2id hashes: made and compared away from the threads that serve, and a
//! few at a time, whoever asks.

use std::sync::LazyLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use rand::{TryRng, rngs::SysRng};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::spawn_blocking,
};
use zeroize::Zeroizing;

/// Why a password was neither hashed nor compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("the operating system gave no random bytes")]
    NoRandomness,
    #[error("a stored password hash cannot be read")]
    Unreadable,
    #[error("the server is ending")]
    Ending,
}

/// A place to hash or compare one password in. The process has few, and gives them in the order
/// that they were asked for.
#[derive(Debug)]
pub(crate) struct Place {
    _permit: SemaphorePermit<'static>,
}

impl Place {
    /// The next that is free.
    pub(crate) async fn free() -> Result<Self, PasswordError> {
        let permit = PLACES.acquire().await;
        permit.map(|_permit| Self { _permit }).map_err(|_| PasswordError::Ending)
    }

    /// The PHC string of a password.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) async fn hash(self, password: Zeroizing<String>) -> Result<String, PasswordError> {
        self.work(move || hashed(password.as_bytes()).map(|hash| hash.to_string())).await
    }

    /// Whether it is the password of a PHC string. Without one it takes the same time and is wrong.
    pub(crate) async fn compare(
        self,
        password: Zeroizing<String>,
        stored: Option<Zeroizing<String>>,
    ) -> Result<bool, PasswordError> {
        self.work(move || {
            let known = stored.as_deref().map(|stored| PasswordHash::new(stored)).transpose();
            let known = known.map_err(|_| PasswordError::Unreadable)?;
            let hash = match &known {
                Some(hash) => hash,
                None => NOBODY.as_ref().ok_or(PasswordError::NoRandomness)?,
            };
            let right = Argon2::default().verify_password(password.as_bytes(), hash).is_ok();
            Ok(right && known.is_some())
        })
        .await
    }

    /// The place is kept until it is done, even if nobody waits for it any more.
    async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let work = move || {
            let done = work();
            drop(self);
            done
        };
        spawn_blocking(work).await.map_err(|_| PasswordError::Ending)?
    }
}

fn hashed(password: &[u8]) -> Result<PasswordHash, PasswordError> {
    // Its one reason to fail, with parameters that are right, is the salt.
    Argon2::default().hash_password(password).map_err(|_| PasswordError::NoRandomness)
}

/// The hash of a password that nobody has; its cost is that of any other.
static NOBODY: LazyLock<Option<PasswordHash>> = LazyLock::new(|| {
    let mut password = Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(&mut *password).ok()?;
    hashed(&*password).ok()
});
static PLACES: Semaphore = Semaphore::const_new(AT_ONCE);
/// Each takes 19 MiB and some 20 ms of a processor.
const AT_ONCE: usize = 2;

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use tokio::time::timeout;

    use super::*;

    async fn compare(password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
        let stored = stored.map(|stored| Zeroizing::new(stored.to_owned()));
        Place::free().await.unwrap().compare(password.to_owned().into(), stored).await
    }

    #[tokio::test]
    async fn a_password_is_right_for_its_own_hash_only() {
        let hash = hashed(b"correct horse battery").unwrap().to_string();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(compare("correct horse battery", Some(&hash)).await, Ok(true));
        assert_eq!(compare("correct horse batteri", Some(&hash)).await, Ok(false));
        assert_eq!(compare("", Some(&hash)).await, Ok(false));
        assert_eq!(compare("correct horse battery", None).await, Ok(false));
        for damaged in ["", "no hash"] {
            let found = compare("correct horse battery", Some(damaged)).await;
            assert_eq!(found, Err(PasswordError::Unreadable), "{damaged:?}");
        }
    }

    /// Senders that leave at once make no more work than those that wait.
    #[tokio::test]
    async fn work_that_nobody_waits_for_keeps_its_place() {
        let (end, ended) = mpsc::channel::<()>();
        let place = Place::free().await.unwrap();
        let work = place.work(move || Ok(ended.recv().is_err()));
        assert!(timeout(Duration::from_millis(1), work).await.is_err(), "it was still at work");
        // Other tests may have the other places.
        assert!(PLACES.available_permits() < AT_ONCE);
        drop(end);
        let all = timeout(Duration::from_secs(60), PLACES.acquire_many(AT_ONCE as u32)).await;
        assert!(all.unwrap().is_ok());
    }
}
