//! Sessions: who is signed in. The browser holds 256 random bits, the database their SHA-256.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rand::{TryRng, rngs::SysRng};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    Caller, Management, ManagementError, Person,
    audit::{self, Subject},
    passwords::Password,
    setup::hex,
};
use crate::{IssueError, credentials::generate::now};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The name, the password, or both.
    #[error("name or password are wrong; ask an administrator for a new password if it is lost")]
    Wrong,
    /// The code of the first start.
    #[error("the setup code is wrong; make another one with: oauth1-server setup-code")]
    WrongCode,
    /// There is somebody already.
    #[error("the first person was made already; sign in instead")]
    SetupDone,
    /// Too many wrong tries.
    #[error("too many wrong tries; wait {retry_after} seconds")]
    Throttled {
        /// Seconds.
        retry_after: u64,
    },
    /// Anything else.
    #[error(transparent)]
    Management(#[from] ManagementError),
}

impl SignInError {
    pub(super) fn throttled(milliseconds: i64) -> Self {
        let seconds = u64::try_from(milliseconds).unwrap_or(0).div_ceil(1000);
        Self::Throttled { retry_after: seconds }
    }
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who.
    pub person: Person,
    /// As the rest of the management knows him.
    pub caller: Caller,
    /// When it ends at the latest, in milliseconds since 1970.
    pub expires_at: i64,
    /// When it ends if it is not used before.
    pub idle_at: i64,
}

/// What the browser keeps; wiped when it is dropped.
pub type SessionToken = Zeroizing<String>;

/// Signs people in and out.
#[derive(Clone, Debug)]
pub struct SessionService {
    pub(super) management: Management,
    pub(super) audience: Audience,
}

/// Whom a session is with. One of them is none of the other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// The console and `/v1`.
    Console,
    /// The pages on which people grant access.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    Owner,
}

impl Audience {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Owner => "owner",
        }
    }
}

impl SessionService {
    /// Signs somebody in: a new session, whatever the browser had before, which ends.
    ///
    /// # Errors
    /// [`SignInError`]. What is wrong is not told, and takes the same time.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &Password,
        address: Option<&str>,
        before: Option<&str>,
    ) -> Result<(SessionToken, Session), SignInError> {
        let person = self.verified(name, password, address).await?;
        let token = new_token()?;
        let now = now();
        let transaction = self.management.transaction().await;
        let mut transaction = transaction.map_err(ManagementError::from)?;
        let done = async {
            for (sql, value) in [
                ("DELETE FROM session WHERE expires_at < $1", now.into()),
                ("DELETE FROM session WHERE seen_at < $1", (now - IDLE).into()),
                ("DELETE FROM session WHERE id = $1", hashed(before.unwrap_or_default()).into()),
            ] {
                transaction.execute(sql, [value]).await?;
            }
            // Nobody who was disabled since, or has another password by now.
            let sql = "UPDATE person SET signed_in_at = $1, failures = 0, failed_at = NULL
                       WHERE id = $2 AND enabled AND deleted_at IS NULL AND version = $3";
            let values = [now.into(), person.id.as_str().into(), person.version.into()];
            if transaction.execute(sql, values).await? == 0 {
                return Ok(false);
            }
            let sql = "INSERT INTO session (id, person_id, address, created_at, seen_at,
                           expires_at, password_at, audience)
                       VALUES ($1, $2, $3, $4, $4, $5, $4, $6)";
            let values = [
                hashed(&token).into(),
                person.id.as_str().into(),
                address.into(),
                now.into(),
                (now + LONGEST).into(),
                self.audience.as_str().into(),
            ];
            transaction.execute(sql, values).await?;
            let caller = caller(&person, address, now);
            let subject = (&person).into();
            let states = (Json::Null, Json::Null);
            audit::record(&mut transaction, &caller, "session.sign_in", subject, states, now)
                .await?;
            transaction.commit().await?;
            Ok::<_, ManagementError>(true)
        };
        if !done.await? {
            return Err(SignInError::Wrong);
        }
        let session = Session {
            caller: caller(&person, address, now),
            person: Person { signed_in_at: Some(now), ..person },
            expires_at: now + LONGEST,
            idle_at: now + IDLE,
        };
        Ok((token, session))
    }

    /// Who is signed in with this token; `None` if nobody is, or no longer.
    ///
    /// # Errors
    /// [`ManagementError::Database`].
    pub async fn find(
        &self,
        token: &str,
        address: Option<&str>,
    ) -> Result<Option<Session>, ManagementError> {
        let (now, id) = (now(), hashed(token));
        let audience = self.audience.as_str().into();
        let values = [id.as_str().into(), now.into(), (now - IDLE).into(), audience];
        let Some(row) = self.management.store.database().row(FIND, values).await? else {
            return Ok(None);
        };
        let person = Person::of(&row)?;
        // Once a minute is enough to know how long it was not used.
        if row.integer("seen_at")? < now - MINUTE {
            let mut transaction = self.management.transaction().await?;
            let sql = "UPDATE session SET seen_at = $1 WHERE id = $2 AND seen_at < $1";
            transaction.execute(sql, [now.into(), id.into()]).await?;
            transaction.commit().await?;
        }
        let expires_at = row.integer("expires_at")?;
        let caller = caller(&person, address, row.integer("password_at")?);
        Ok(Some(Session { person, caller, expires_at, idle_at: expires_at.min(now + IDLE) }))
    }

    /// Takes the password again, for what needs one that was given shortly before.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn step_up(
        &self,
        token: &str,
        password: &Password,
        address: Option<&str>,
    ) -> Result<Session, SignInError> {
        let session = self.find(token, address).await?.ok_or(SignInError::Wrong)?;
        let person = self.verified(&session.person.name, password, address).await?;
        let now = now();
        let caller = caller(&person, address, now);
        let done = async {
            let mut transaction = self.management.transaction().await?;
            let sql = "UPDATE session SET password_at = $1 WHERE id = $2 AND person_id = $3";
            let values = [now.into(), hashed(token).into(), person.id.as_str().into()];
            let found = transaction.execute(sql, values).await?;
            let sql = "UPDATE person SET failures = 0, failed_at = NULL WHERE id = $1";
            transaction.execute(sql, [person.id.as_str().into()]).await?;
            let states = (Json::Null, Json::Null);
            let subject = (&person).into();
            audit::record(&mut transaction, &caller, "session.step_up", subject, states, now)
                .await?;
            transaction.commit().await?;
            Ok::<_, ManagementError>(found)
        };
        if done.await? == 0 {
            return Err(SignInError::Wrong);
        }
        Ok(Session { caller, ..session })
    }

    /// Signs out.
    ///
    /// # Errors
    /// [`ManagementError`]; nobody was signed out.
    pub async fn sign_out(&self, token: &str, caller: &Caller) -> Result<(), ManagementError> {
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let sql = "DELETE FROM session WHERE id = $1 RETURNING person_id";
        if let Some(row) = transaction.row(sql, [hashed(token).into()]).await? {
            let id = row.text("person_id")?;
            let name = caller.name.trim_start_matches("person:");
            let account = caller.account.as_deref();
            let subject = Subject { kind: "person", id: &id, name, account };
            let states = (Json::Null, Json::Null);
            audit::record(&mut transaction, caller, "session.sign_out", subject, states, now)
                .await?;
        }
        Ok(transaction.commit().await?)
    }
}

pub(super) fn caller(person: &Person, address: Option<&str>, password_at: i64) -> Caller {
    Caller {
        name: format!("person:{}", person.name),
        address: address.map(str::to_owned),
        account: person.account_id.clone(),
        rights: person.rights,
        person: Some(person.id.clone()),
        password_at: Some(password_at),
    }
}

fn new_token() -> Result<SessionToken, IssueError> {
    let mut random = Zeroizing::new([0; 32]);
    SysRng.try_fill_bytes(&mut *random).map_err(|_| IssueError::NoRandomness)?;
    Ok(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(random.as_slice())))
}

fn hashed(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

const FIND: &str = "
    SELECT p.*, s.seen_at, s.expires_at, s.password_at FROM session s
    JOIN (SELECT p.id, p.name, p.display_name, p.account_id, p.role_id, p.scopes, p.enabled,
                 p.password_hash IS NOT NULL AS has_password, p.version, p.created_at,
                 p.created_by, p.changed_at, p.signed_in_at, a.name AS account,
                 r.name AS role, r.permissions
          FROM person p JOIN role r ON r.id = p.role_id
          LEFT JOIN account a ON a.id = p.account_id
          WHERE p.deleted_at IS NULL AND p.enabled) p ON p.id = s.person_id
    WHERE s.id = $1 AND s.expires_at > $2 AND s.seen_at > $3 AND s.audience = $4";
/// Milliseconds.
const MINUTE: i64 = 60 * 1000;
const IDLE: i64 = 30 * MINUTE;
const LONGEST: i64 = 12 * 60 * MINUTE;
