//! A name and a password for token credentials, without a visit to the server (xAuth): for clients
//! that were named, and people who are known here.

use super::{DelegationService, Failure, Issued, exchange::Grant, within};
use crate::{
    DelegationError,
    credentials::generate::now,
    management::{ManagementError, Password, SignInError},
};

impl DelegationService {
    /// Makes a token for whose name and password they are. Wrong ones are counted as everywhere.
    pub(crate) async fn by_password(
        &self,
        client: &str,
        name: &str,
        password: &Password,
        address: Option<&str>,
    ) -> Result<Issued, Failure> {
        let verified = self.management.sessions().verified(name, password, address).await;
        let person = verified.map_err(|error| match error {
            SignInError::Throttled { retry_after } => {
                DelegationError::Throttled { retry_after }.into()
            }
            SignInError::Management(error) => Failure::Store(error),
            _ => DelegationError::Password.into(),
        })?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        // Nobody who was disabled since, or has another password by now.
        let sql = "UPDATE person SET failures = 0, failed_at = NULL
                   WHERE id = $1 AND enabled AND deleted_at IS NULL AND version = $2";
        let values = [person.id.as_str().into(), person.version.into()];
        if transaction.execute(sql, values).await? == 0 {
            return Err(DelegationError::Password.into());
        }
        let sql = "SELECT id, account_id, scopes FROM client WHERE identifier = $1
                   AND deleted_at IS NULL";
        let row = transaction.row(sql, [client.into()]).await?;
        let row = row.ok_or_else(|| ManagementError::from(sqlx::Error::RowNotFound))?;
        let granted = Grant {
            client_id: row.text("id")?,
            app_key: client.to_owned(),
            account_id: row.text("account_id")?,
            scopes: within(&self.management.catalogue, &row.text("scopes")?, &person.scopes),
            resource_owner: person.name,
            person: Some(person.id),
        };
        let issued = self.grant(&mut transaction, granted, address, now).await?;
        transaction.commit().await?;
        Ok(issued)
    }
}
