//! What is forgotten with time.

use std::time::Duration;

use super::{Management, ManagementError};
use crate::credentials::generate::now;

/// Tokens that ended, but for those that can be renewed.
macro_rules! over {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "expires_at < $1 AND NOT own AND NOT EXISTS
             (SELECT 1 FROM delegation d WHERE d.token_id = token.id AND d.revoked_at IS NULL
                  AND d.session_handle IS NOT NULL
                  AND (d.expires_at IS NULL OR d.expires_at > $1))",
            $after
        )
    };
}

/// How many rows were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Short-lived tokens that ended more than a day ago.
    pub tokens: u64,
    /// Temporary credentials that ended more than a day ago.
    pub temporary: u64,
    /// Entries of the audit log.
    pub audit: u64,
    /// Sessions that ended.
    pub sessions: u64,
    /// Answers that were kept for a repeated `Idempotency-Key`.
    pub answers: u64,
}

impl Management {
    /// Removes what is over; entries of the audit log when they are older than `audit`.
    ///
    /// # Errors
    /// [`ManagementError::Database`].
    pub async fn tidy(&self, audit: Duration) -> Result<Tidied, ManagementError> {
        let now = now();
        let before = |age: i64| now.saturating_sub(age);
        let audit = i64::try_from(audit.as_millis()).unwrap_or(i64::MAX);
        let mut removed = [0; 5];
        for (count, statements) in removed.iter_mut().zip([
            (TOKENS, before(DAY)),
            (DELEGATIONS, before(DAY)),
            (&["DELETE FROM audit WHERE at < $1"][..], before(audit)),
            (&["DELETE FROM session WHERE expires_at < $1"][..], now),
            (&["DELETE FROM idempotency WHERE created_at < $1"][..], before(DAY)),
        ]) {
            let (statements, end) = statements;
            let mut transaction = self.store.database().begin().await?;
            for sql in statements {
                *count = transaction.execute(*sql, [end.into()]).await?;
            }
            transaction.commit().await?;
        }
        let [tokens, temporary, audit, sessions, answers] = removed;
        Ok(Tidied { tokens, temporary, audit, sessions, answers })
    }
}

const TOKENS: &[&str] = &[
    over!("DELETE FROM secret WHERE token_id IN (SELECT id FROM token WHERE ", ")"),
    over!("DELETE FROM token WHERE ", ""),
];
/// After a day, so that those who come late hear why they are refused.
const DELEGATIONS: &[&str] = &[
    "DELETE FROM delegation WHERE (expires_at < $1 OR revoked_at < $1)
     AND NOT EXISTS (SELECT 1 FROM token t WHERE t.delegation_id = delegation.id)",
    "DELETE FROM temporary WHERE expires_at < $1",
];
/// Milliseconds.
const DAY: i64 = 24 * 3600 * 1000;
