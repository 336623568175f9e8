//! Temporary credentials (section 2.1).

use oauth1_core::TemporaryCredentials;

use super::{DelegationService, Failure};
use crate::{
    DelegationError,
    credentials::{
        generate::{new_row_id, now},
        sql::{meta, records::temporary_secret},
    },
    management::callbacks,
};

impl DelegationService {
    /// Makes temporary credentials for a client that has signed for them. `scopes` are those that
    /// it asks for, between spaces; all of its own if there are none.
    pub(crate) async fn begin(
        &self,
        client: &str,
        callback: &str,
        scopes: Option<&str>,
    ) -> Result<TemporaryCredentials, Failure> {
        let now = now();
        let issued = self.management.style.temporary()?;
        let id = new_row_id(now)?;
        let mut transaction = self.management.transaction().await?;
        // Locked by being written, so that what is counted below stays so.
        let sql = "UPDATE client SET changed_at = changed_at WHERE identifier = $1
                   AND deleted_at IS NULL RETURNING id, callbacks, scopes";
        let row = transaction.row(sql, [client.into()]).await?;
        let row = row.ok_or(sqlx::Error::RowNotFound)?;
        if !callbacks::is_registered(&row.text("callbacks")?, callback) {
            return Err(DelegationError::Callback.into());
        }
        let (client, held) = (row.text("id")?, row.text("scopes")?);
        let scopes = asked(scopes, &held)?;
        let values = [client.as_str().into(), now.into(), MOST_PENDING.into()];
        if let Some(row) = transaction.row(PENDING, values).await? {
            let milliseconds = row.integer("expires_at")?.saturating_sub(now);
            let retry_after = u64::try_from(milliseconds).unwrap_or(0).div_ceil(1000).max(1);
            return Err(DelegationError::TooManyPending { retry_after }.into());
        }
        let database = self.management.store.database();
        let key_id = meta::key_id_for_writing(database, &mut transaction).await?;
        let secret = issued.secret().expose().as_bytes();
        let sealed =
            self.management.store.keyring().seal(&key_id, temporary_secret(&id), secret)?;
        let sql = "INSERT INTO temporary (id, client_id, identifier, key_id, sealed, callback,
                       scopes, created_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = [
            id.as_str().into(),
            client.into(),
            issued.identifier().into(),
            sealed.key_id.as_ref().into(),
            sealed.octets.into(),
            callback.into(),
            scopes.into(),
            now.into(),
            (now + self.temporary_lifetime()).into(),
        ];
        transaction.execute(sql, values).await?;
        transaction.commit().await?;
        Ok(issued)
    }
}

/// Each scope once, in the order of the client's.
fn asked(asked: Option<&str>, held: &str) -> Result<String, DelegationError> {
    let Some(asked) = asked else { return Ok(held.to_owned()) };
    let asked: Vec<_> = asked.split([' ', ',']).filter(|scope| !scope.is_empty()).collect();
    let held: Vec<_> = held.split(' ').filter(|scope| !scope.is_empty()).collect();
    if asked.is_empty() || !asked.iter().all(|scope| held.contains(scope)) {
        return Err(DelegationError::Scope);
    }
    Ok(held.into_iter().filter(|scope| asked.contains(scope)).collect::<Vec<_>>().join(" "))
}

/// A row only if there are as many as there may be.
const PENDING: &str = "
    SELECT min(expires_at) AS expires_at FROM
        (SELECT expires_at FROM temporary
         WHERE client_id = $1 AND expires_at > $2 AND state = 'pending' LIMIT $3) AS found
    HAVING count(*) >= $3";
const MOST_PENDING: i64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_asks_for_what_it_has() {
        assert_eq!(asked(None, "a b").as_deref(), Ok("a b"));
        assert_eq!(asked(Some("b a,b"), "a b c").as_deref(), Ok("a b"));
        for more in ["", " ", "a d", "*"] {
            assert_eq!(asked(Some(more), "a b"), Err(DelegationError::Scope), "{more:?}");
        }
        assert_eq!(asked(None, "").as_deref(), Ok(""));
    }
}
