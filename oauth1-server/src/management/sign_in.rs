//! Whether a name and a password belong together, and how often that can be tried.

use serde_json::{Value as Json, json};

use super::{
    Caller, ManagementError, Person, Rights, SessionService, SignInError, audit,
    passwords::{self, Password},
    people::people,
    sessions::caller,
    throttle::Tries,
};
use crate::credentials::generate::now;

impl SessionService {
    /// Somebody whose password it is. The try is counted before it is known to be wrong.
    pub(super) async fn verified(
        &self,
        name: &str,
        password: &Password,
        address: Option<&str>,
    ) -> Result<Person, SignInError> {
        let now = now();
        let found = self.attempt(name, now).await?;
        let hash = found.as_ref().and_then(|(_, hash)| hash.clone());
        let right = passwords::compare(password, hash).await?;
        match found {
            Some((person, _)) if right && person.enabled => Ok(person),
            found => {
                self.note_failure(name, found.map(|(person, _)| person), address, now).await?;
                Err(SignInError::Wrong)
            }
        }
    }

    /// Counts a try; the person with the hash, if there is one.
    async fn attempt(
        &self,
        name: &str,
        now: i64,
    ) -> Result<Option<(Person, Option<String>)>, SignInError> {
        // A name that could not be anybody's is not worth an entry.
        let key: String = name.chars().take(NAME).collect();
        let done = async {
            let mut transaction = self.management.transaction().await?;
            let sql = "UPDATE person SET failures = failures + 1
                       WHERE name = $1 AND deleted_at IS NULL
                       RETURNING id, failures, failed_at, password_hash";
            let values = [key.replace('\0', " ").into()];
            let Some(row) = transaction.row(sql, values).await? else { return Ok(Ok(None)) };
            let at = row.optional_integer("failed_at")?.unwrap_or(0);
            let tries = Tries { failures: row.integer("failures")? - 1, at };
            if let Some(wait) = tries.wait(now) {
                // Rolled back: what was not tried does not count.
                return Ok(Err(wait));
            }
            let id = row.text("id")?;
            let sql = "UPDATE person SET failed_at = $1 WHERE id = $2";
            transaction.execute(sql, [now.into(), id.as_str().into()]).await?;
            let person = transaction.row(PERSON, [id.into()]).await?;
            let person = Person::of(&person.ok_or(sqlx::Error::RowNotFound)?)?;
            let hash = row.optional_text("password_hash")?;
            transaction.commit().await?;
            Ok::<_, ManagementError>(Ok(Some((person, hash))))
        };
        match done.await? {
            Ok(None) => {
                let tried = self.management.throttle.attempt(&key, now);
                tried.map(|()| None).map_err(SignInError::throttled)
            }
            Ok(found) => Ok(found),
            Err(wait) => Err(SignInError::throttled(wait)),
        }
    }

    async fn note_failure(
        &self,
        name: &str,
        person: Option<Person>,
        address: Option<&str>,
        now: i64,
    ) -> Result<(), ManagementError> {
        // What was typed for a name may be a password.
        let Some(person) = person else {
            tracing::info!(characters = name.chars().count(), "sign-in with an unknown name");
            return Ok(());
        };
        let caller = Caller { rights: Rights::default(), ..caller(&person, address, now) };
        let mut transaction = self.management.transaction().await?;
        let states = (Json::Null, json!({ "enabled": person.enabled }));
        let subject = (&person).into();
        audit::record(&mut transaction, &caller, "session.sign_in_failed", subject, states, now)
            .await?;
        Ok(transaction.commit().await?)
    }
}

const PERSON: &str = people!("AND p.id = $1");
/// Characters of a name that are looked at.
const NAME: usize = 64;
