//! Passwords of people and of Basic credentials: what they must be, and random ones.

use rand::{TryRng, rngs::SysRng};
use zeroize::Zeroizing;

use super::{InvalidField, ManagementError};
use crate::{
    IssueError,
    passwords::{PasswordError, Place},
};

/// A password in clear; wiped when it is dropped.
pub type Password = Zeroizing<String>;

/// What a password for somebody of this name must be.
pub(super) fn check(name: &str, password: &str) -> Result<(), InvalidField> {
    let problem = match password.chars().count() {
        n if n < SHORTEST => format!("must have {SHORTEST} characters or more"),
        n if n > LONGEST => format!("must have {LONGEST} characters or fewer"),
        _ if password.to_lowercase() == name.to_lowercase() => {
            "must not be the name; choose a sentence of several words".to_owned()
        }
        _ => return Ok(()),
    };
    Err(InvalidField::new("password", problem))
}

/// The PHC string of a password.
pub(super) async fn hash(password: &Password) -> Result<String, ManagementError> {
    Ok(Place::free().await?.hash(password.clone()).await?)
}

/// Whether it is the password of a PHC string. Without one that can be read it is wrong.
pub(super) async fn compare(
    password: &Password,
    hash: Option<String>,
) -> Result<bool, ManagementError> {
    let place = Place::free().await?;
    match place.compare(password.clone(), hash.map(Zeroizing::new)).await {
        Err(PasswordError::Unreadable) => Ok(false),
        compared => Ok(compared?),
    }
}

impl From<PasswordError> for ManagementError {
    fn from(_: PasswordError) -> Self {
        // It has no other reason that is left, but for the end of the process.
        IssueError::NoRandomness.into()
    }
}

/// A password that somebody else keeps: 131 random bits, in letters that are not taken for another.
pub(super) fn random() -> Result<Password, IssueError> {
    let mut password = Zeroizing::new(String::with_capacity(RANDOM_LETTERS));
    let mut random = Zeroizing::new([0; 64]);
    while password.len() < RANDOM_LETTERS {
        SysRng.try_fill_bytes(&mut *random).map_err(|_| IssueError::NoRandomness)?;
        // Five bits select one of 32.
        let letters = random.iter().map(|octet| char::from(LETTERS[usize::from(octet & 31)]));
        let wanted = RANDOM_LETTERS - password.len();
        password.extend(letters.take(wanted));
    }
    Ok(password)
}

const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const RANDOM_LETTERS: usize = 27;
const SHORTEST: usize = 12;
const LONGEST: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_password_must_be() {
        assert_eq!(check("ada", "twelve chars"), Ok(()));
        assert_eq!(check("ada", &"x".repeat(1000)), Ok(()));
        for bad in ["", "eleven char", "Ada.Lovelace", &"x".repeat(1001)] {
            assert_eq!(check("ada.lovelace", bad).unwrap_err().field, "password", "{bad}");
        }
    }

    #[tokio::test]
    async fn a_password_is_right_for_its_own_hash_only() {
        let password = random().unwrap();
        assert!(password.len() == RANDOM_LETTERS && password != random().unwrap());
        let hash = hash(&password).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(compare(&password, Some(hash.clone())).await.unwrap());
        assert!(!compare(&random().unwrap(), Some(hash.clone())).await.unwrap());
        for nobody in [None, Some(String::new()), Some("no hash".to_owned())] {
            assert!(!compare(&password, nobody).await.unwrap());
        }
        assert!(!compare(&Password::from("x".repeat(5000)), Some(hash)).await.unwrap());
    }
}
