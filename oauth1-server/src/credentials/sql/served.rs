//! Which credentials these are, and whether a server has ever used them.

use super::{SqlCredentialStore, settings::OpenError};
use crate::credentials::generate::now;

impl SqlCredentialStore {
    /// The identity of these credentials, made at random with them.
    ///
    /// # Errors
    /// [`OpenError::Database`].
    pub async fn identity(&self) -> Result<String, OpenError> {
        let row = self.database().row("SELECT identity FROM meta", []).await?;
        Ok(row.ok_or(sqlx::Error::RowNotFound)?.text("identity")?)
    }

    /// Whether a server has used these credentials before. If none has, no request was ever
    /// accepted, and an empty store of nonces has forgotten nothing.
    ///
    /// # Errors
    /// [`OpenError::Database`].
    pub async fn has_served(&self) -> Result<bool, OpenError> {
        let row = self.database().row("SELECT served_at FROM meta", []).await?;
        let row = row.ok_or(sqlx::Error::RowNotFound)?;
        Ok(row.optional_integer("served_at")?.is_some())
    }

    /// Notes that a server is about to accept requests with these credentials.
    ///
    /// # Errors
    /// [`OpenError::Database`]; the server must not accept anything then.
    pub async fn note_served(&self) -> Result<(), OpenError> {
        let mut transaction = self.database().begin().await?;
        let sql = "UPDATE meta SET served_at = $1 WHERE served_at IS NULL";
        transaction.execute(sql, [now().into()]).await?;
        Ok(transaction.commit().await?)
    }
}
