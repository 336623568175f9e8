//! What a resource owner has granted, and its end (section 2: "Servers SHOULD enable resource
//! owners to revoke token credentials").

use serde_json::json;

use super::{DelegationService, ResourceOwner};
use crate::{
    credentials::{
        generate::now,
        sql::database::{Row, Transaction, Value},
    },
    management::{
        ManagementError,
        audit::{self, Subject},
    },
};

/// Access that an application has. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The row id.
    pub id: String,
    /// The name of the application.
    pub application: String,
    /// Who builds it.
    pub developer: String,
    /// Between spaces.
    pub scopes: String,
    /// Since when.
    pub created_at: i64,
    /// When it ends; `None` for when it is revoked.
    pub expires_at: Option<i64>,
    /// When the application used it last.
    pub last_used_at: Option<i64>,
}

impl DelegationService {
    /// What the resource owner has granted and not revoked, the newest first, at most 200.
    ///
    /// # Errors
    /// [`ManagementError::Database`].
    pub async fn granted(&self, owner: &ResourceOwner) -> Result<Vec<Granted>, ManagementError> {
        let mut values = owner_values(owner).to_vec();
        values.push(now().into());
        let rows = self.management.store.database().rows(LIST, values).await?;
        Ok(rows.iter().map(granted).collect::<Result<_, _>>()?)
    }

    /// Ends what the resource owner has granted, with all its tokens.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was revoked.
    pub async fn revoke(&self, owner: &ResourceOwner, id: &str) -> Result<(), ManagementError> {
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let [name, person] = owner_values(owner);
        let values = [name, person, id.into(), now.into()];
        let row = transaction.row(REVOKE, values).await?;
        let row = row.ok_or_else(|| ManagementError::unknown("access to revoke", id))?;
        let tokens = revoke_tokens(&mut transaction, id, now).await?;
        let (client, app_key, account) =
            (row.text("client_id")?, row.text("app_key")?, row.text("account_id")?);
        let subject =
            Subject { kind: "client", id: &client, name: &app_key, account: Some(&account) };
        let states = (
            json!({ "resource_owner": owner.name, "scopes": row.text("scopes")? }),
            json!({ "revoked_at": now }),
        );
        let action = "delegation.revoke";
        audit::record(&mut transaction, &owner.caller(), action, subject, states, now).await?;
        transaction.commit().await?;
        if let Some(cache) = &self.management.cache {
            tokens.iter().for_each(|token| cache.forget_token(token));
        }
        Ok(())
    }
}

/// Revokes the tokens of a delegation; their secrets stay, so that a request with one is told from
/// a stranger's.
async fn revoke_tokens(
    transaction: &mut Transaction,
    delegation: &str,
    now: i64,
) -> Result<Vec<String>, ManagementError> {
    let sql = "UPDATE token SET revoked_at = $1, changed_at = $1
               WHERE delegation_id = $2 AND revoked_at IS NULL AND deleted_at IS NULL
               RETURNING identifier";
    let rows = transaction.rows(sql, [now.into(), delegation.into()]).await?;
    Ok(rows.iter().map(|row| row.text("identifier")).collect::<Result<_, _>>()?)
}

/// Somebody of another system is nobody of the same name here.
fn owner_values(owner: &ResourceOwner) -> [Value; 2] {
    [owner.name.as_str().into(), owner.person.as_deref().into()]
}

fn granted(row: &Row) -> Result<Granted, sqlx::Error> {
    Ok(Granted {
        id: row.text("id")?,
        application: row.text("display_name")?,
        developer: row.text("developer_name")?,
        scopes: row.text("scopes")?,
        created_at: row.integer("created_at")?,
        expires_at: row.optional_integer("expires_at")?,
        last_used_at: row.optional_integer("last_used_at")?,
    })
}

const LIST: &str = "
    SELECT d.id, c.display_name, c.developer_name, d.scopes, d.created_at, d.expires_at,
           (SELECT max(t.last_used_at) FROM token t WHERE t.delegation_id = d.id) AS last_used_at
    FROM delegation d JOIN client c ON c.id = d.client_id
    WHERE d.revoked_at IS NULL AND c.deleted_at IS NULL
      AND ((d.person_id IS NULL AND CAST($2 AS TEXT) IS NULL AND d.resource_owner = $1)
           OR d.person_id = $2)
      AND (d.expires_at IS NULL OR d.expires_at > $3)
    ORDER BY d.id DESC LIMIT 200";
const REVOKE: &str = "
    UPDATE delegation SET revoked_at = $4 WHERE id = $3 AND revoked_at IS NULL
      AND ((person_id IS NULL AND CAST($2 AS TEXT) IS NULL AND resource_owner = $1)
           OR person_id = $2)
    RETURNING client_id, scopes,
        (SELECT identifier FROM client c WHERE c.id = delegation.client_id) AS app_key,
        (SELECT account_id FROM client c WHERE c.id = delegation.client_id) AS account_id";
