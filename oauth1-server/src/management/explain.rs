//! The explain window of a key: while it is open, senders whose signature does not match hear by
//! which mistake it was made. It closes by itself.

use std::time::Duration;

use super::{Caller, InvalidField, Key, KeyService, ManagementError, Right, audit, create, key};
use crate::credentials::generate::now;

impl KeyService {
    /// Opens the explain window from now on, for an hour at most; one that is open ends then as
    /// well. Who knows the app key can tell meanwhile that it exists.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn open_explain_window(
        &self,
        caller: &Caller,
        key: &str,
        length: Duration,
    ) -> Result<Key, ManagementError> {
        if length.is_zero() || length > LONGEST_EXPLAIN_WINDOW {
            let problem = "the window can be open for an hour at most, and for a second at least";
            return Err(InvalidField::new("seconds", problem).into());
        }
        self.set_explain_window(caller, key, "key.explain", Some(length)).await
    }

    /// Closes the explain window before its time.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn close_explain_window(
        &self,
        caller: &Caller,
        key: &str,
    ) -> Result<Key, ManagementError> {
        self.set_explain_window(caller, key, "key.finish_explaining", None).await
    }

    async fn set_explain_window(
        &self,
        caller: &Caller,
        key: &str,
        action: &'static str,
        length: Option<Duration>,
    ) -> Result<Key, ManagementError> {
        caller.require(Right::KeysUpdate)?;
        let now = now();
        let end = length.map(|length| {
            now.saturating_add(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
        });
        let mut transaction = self.management.transaction().await?;
        let before = key::lock(&mut transaction, caller, key, now).await?;
        create::role(&mut transaction, caller, &before.account_id, before.role.as_deref()).await?;
        let sql = "UPDATE client SET explain_until = $1 WHERE id = $2";
        transaction.execute(sql, [end.into(), before.id.as_str().into()]).await?;
        let after = key::within(&mut transaction, caller, &before.id).await?;
        let states = (before.json(), after.json());
        audit::record(&mut transaction, caller, action, (&after).into(), states, now).await?;
        transaction.commit().await?;
        self.management.forget_key(&before);
        Ok(after)
    }
}

/// How long an explain window can be open.
pub const LONGEST_EXPLAIN_WINDOW: Duration = Duration::from_secs(3_600);
