//! Disabling, enabling and deleting keys.

use serde_json::Value as Json;

use super::{Actor, Key, KeyError, KeyService, audit, key};
use crate::credentials::generate::now;

impl KeyService {
    /// Disables or enables a key. Says what it is now.
    ///
    /// # Errors
    /// [`KeyError`]; nothing was changed.
    pub async fn set_enabled(
        &self,
        actor: &Actor,
        key: &str,
        enabled: bool,
    ) -> Result<Key, KeyError> {
        let now = now();
        let mut transaction = self.store.database().begin().await?;
        let before = key::lock(&mut transaction, key, now).await?;
        let sql = "UPDATE client SET enabled = $1 WHERE id = $2";
        transaction.execute(sql, [enabled.into(), before.id.as_str().into()]).await?;
        let after = Key { enabled, ..before.clone() };
        let action = if enabled { "key.enable" } else { "key.disable" };
        let (old, new) = (before.json(), after.json());
        audit::record(&mut transaction, actor, action, &after, old, new, now).await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Deletes a key and its tokens. Their secrets are erased at once; their identifiers are never
    /// used again, and the audit log stays.
    ///
    /// # Errors
    /// [`KeyError`]; nothing was changed.
    pub async fn delete(&self, actor: &Actor, key: &str) -> Result<Key, KeyError> {
        let now = now();
        let mut transaction = self.store.database().begin().await?;
        let deleted = key::lock(&mut transaction, key, now).await?;
        let id = deleted.id.as_str();
        for sql in [
            "DELETE FROM secret WHERE token_id IN (SELECT id FROM token WHERE client_id = $1)",
            "DELETE FROM secret WHERE client_id = $1",
        ] {
            transaction.execute(sql, [id.into()]).await?;
        }
        for sql in [
            "UPDATE token SET deleted_at = $1, changed_at = $1
             WHERE client_id = $2 AND deleted_at IS NULL",
            "UPDATE client SET deleted_at = $1, enabled = FALSE, rsa_public_key = NULL
             WHERE id = $2",
        ] {
            transaction.execute(sql, [now.into(), id.into()]).await?;
        }
        let before = deleted.json();
        audit::record(&mut transaction, actor, "key.delete", &deleted, before, Json::Null, now)
            .await?;
        transaction.commit().await?;
        Ok(deleted)
    }
}
