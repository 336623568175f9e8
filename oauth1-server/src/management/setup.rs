//! The first person: made once, with a code that the first start prints.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    Caller, Management, ManagementError, Person, SignInError,
    passwords::{self, Password},
    people::{self, Inserted, NewPerson},
    roles::{self, SUPER_ADMIN},
};
use crate::{IssueError, credentials::generate::now};

/// Makes the first person.
#[derive(Clone, Debug)]
pub struct SetupService {
    pub(super) management: Management,
}

impl SetupService {
    /// Whether the first person is still to be made.
    ///
    /// # Errors
    /// [`ManagementError::Database`].
    pub async fn is_open(&self) -> Result<bool, ManagementError> {
        let row = self.management.store.database().row(OPEN, []).await?;
        Ok(row.ok_or(sqlx::Error::RowNotFound)?.boolean("open")?)
    }

    /// A code for the first person, instead of the one before; `None` if there is somebody already.
    /// Only its hash is kept.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn new_code(&self) -> Result<Option<Zeroizing<String>>, ManagementError> {
        let code = passwords::random()?;
        // In groups, because people type it.
        let mut grouped = Zeroizing::new(String::with_capacity(code.len() * 2));
        for (at, letter) in code.chars().take(CODE_LETTERS).enumerate() {
            if at > 0 && at % GROUP == 0 {
                grouped.push('-');
            }
            grouped.push(letter);
        }
        let mut transaction = self.management.transaction().await?;
        let sql = "UPDATE meta SET setup_code = $1 WHERE setup_at IS NULL
                   AND NOT EXISTS (SELECT 1 FROM person WHERE deleted_at IS NULL)";
        let made = transaction.execute(sql, [hashed(&grouped).into()]).await?;
        transaction.commit().await?;
        Ok((made > 0).then_some(grouped))
    }

    /// A code at the first start, when there is neither a person nor a code.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn first_code(&self) -> Result<Option<Zeroizing<String>>, ManagementError> {
        let sql = "SELECT setup_code FROM meta";
        let row = self.management.store.database().row(sql, []).await?;
        match row.ok_or(sqlx::Error::RowNotFound)?.optional_text("setup_code")? {
            Some(_) => Ok(None),
            None => self.new_code().await,
        }
    }

    /// Makes the first person, a super administrator, and uses up the code.
    ///
    /// # Errors
    /// [`SignInError`]; nothing was made.
    pub async fn run(
        &self,
        code: &str,
        name: &str,
        password: Password,
        address: Option<&str>,
    ) -> Result<Person, SignInError> {
        let management = &self.management;
        if !self.is_open().await? {
            return Err(SignInError::SetupDone);
        }
        let started = now();
        if let Err(wait) = management.throttle.attempt(THROTTLED, started) {
            return Err(SignInError::throttled(wait));
        }
        let row = management.store.database().row(CODE, [hashed(code).into()]).await;
        if !row
            .map_err(ManagementError::from)?
            .is_some_and(|row| row.boolean("good").is_ok_and(|good| good))
        {
            return Err(SignInError::WrongCode);
        }
        management.throttle.succeeded(THROTTLED);
        let new = NewPerson {
            name: name.to_owned(),
            role: "super_admin".to_owned(),
            password: Some(password),
            ..NewPerson::default()
        };
        new.check().map_err(ManagementError::from)?;
        let hash = match &new.password {
            Some(password) => Some(passwords::hash(password).await?),
            None => None,
        };
        let caller = Caller { address: address.map(str::to_owned), ..Caller::system("setup") };
        self.once(&caller, code, &new, hash).await?.ok_or(SignInError::SetupDone)
    }

    /// `None` if somebody was faster.
    async fn once(
        &self,
        caller: &Caller,
        code: &str,
        new: &NewPerson,
        hash: Option<String>,
    ) -> Result<Option<Person>, ManagementError> {
        let now = now();
        let mut transaction = self.management.transaction().await?;
        // Of many at once, one finds the code there.
        let sql = "UPDATE meta SET setup_code = NULL, setup_at = $2
                   WHERE setup_code = $1 AND setup_at IS NULL
                   AND NOT EXISTS (SELECT 1 FROM person WHERE deleted_at IS NULL)";
        if transaction.execute(sql, [hashed(code).into(), now.into()]).await? == 0 {
            return Ok(None);
        }
        let role = roles::find(&mut transaction, caller, SUPER_ADMIN).await?;
        let inserted = Inserted { new, account: None, role: &role, hash };
        let person = people::insert(&mut transaction, caller, &inserted, now).await?;
        transaction.commit().await?;
        Ok(Some(person))
    }
}

/// Hexadecimal SHA-256 of a code, however it was typed.
fn hashed(code: &str) -> String {
    let plain = code.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_lowercase());
    let plain: Zeroizing<String> = Zeroizing::new(plain.collect());
    hex(&Sha256::digest(plain.as_bytes()))
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

impl From<IssueError> for SignInError {
    fn from(error: IssueError) -> Self {
        Self::Management(error.into())
    }
}

const OPEN: &str = "SELECT setup_at IS NULL AND NOT EXISTS
                    (SELECT 1 FROM person WHERE deleted_at IS NULL) AS open FROM meta";
const CODE: &str = "SELECT coalesce(setup_code, '') = $1 AS good FROM meta";
const THROTTLED: &str = " setup";
/// 100 bits.
const CODE_LETTERS: usize = 20;
const GROUP: usize = 5;
