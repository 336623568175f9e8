//! Reading a secret again: only where the account permits it, only for who may, only shortly after
//! the password was given again, one value at a time, and never without an entry in the audit log.

use oauth1_core::SharedSecret;
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::{Caller, KeyService, ManagementError, Right, audit, create, key};
use crate::credentials::{generate::now, seal::Place, sql::records::SECRET_FIELD};

/// Which of the two secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    /// The app secret.
    App,
    /// The token secret.
    Token,
}

impl Secret {
    /// As the four values are called.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app_secret",
            Self::Token => "token_secret",
        }
    }
}

impl KeyService {
    /// A secret of a key, in clear.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was shown.
    pub async fn reveal(
        &self,
        caller: &Caller,
        key: &str,
        secret: Secret,
    ) -> Result<SharedSecret, ManagementError> {
        caller.require(Right::KeysReveal)?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let found = key::find(&mut transaction, caller, key).await?;
        let found = key::within(&mut transaction, caller, &found.id).await?;
        // Who reads the secrets of a key has its role.
        create::role(&mut transaction, caller, &found.account_id, found.role.as_deref()).await?;
        let account = self.management.account(caller, Some(&found.account_id)).await?;
        if !account.secret_reveal {
            return Err(ManagementError::RevealForbidden);
        }
        if caller.password_at.is_none_or(|at| at.saturating_add(STEP_UP) < now) {
            return Err(ManagementError::StepUp);
        }
        let (sql, credential) = match secret {
            Secret::App if found.rsa => return Err(ManagementError::NoSecret),
            Secret::App => (
                "SELECT id, key_id, sealed FROM secret WHERE client_id = $1 AND expires_at IS NULL",
                found.id.as_str(),
            ),
            Secret::Token => (
                "SELECT id, key_id, sealed FROM secret WHERE token_id = $1 AND expires_at IS NULL",
                found
                    .tokens
                    .iter()
                    .find(|token| token.own)
                    .map(|token| token.id.as_str())
                    .ok_or(ManagementError::NoToken)?,
            ),
        };
        let row = transaction.row(sql, [credential.into()]).await?;
        let row = row.ok_or(sqlx::Error::RowNotFound)?;
        let id = row.text("id")?;
        let place = Place { row: &id, credential, field: SECRET_FIELD };
        let keyring = self.management.store.keyring();
        let mut octets = keyring.open(place, &row.text("key_id")?, &row.octets("sealed")?)?;
        let value = String::from_utf8(std::mem::take(&mut *octets)).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            sqlx::Error::Decode("a secret is not UTF-8".into())
        })?;
        let states = (Json::Null, json!({ "revealed": secret.as_str() }));
        audit::record(&mut transaction, caller, "key.reveal", (&found).into(), states, now).await?;
        // Nothing is shown that is not in the log.
        let value = SharedSecret::new(value);
        transaction.commit().await?;
        Ok(value)
    }
}

/// Milliseconds.
pub(super) const STEP_UP: i64 = 5 * 60 * 1000;
