//! The audit log: who did what, in the transaction that did it.

use serde_json::Value as Json;

use super::{Actor, Key, KeyError};
use crate::credentials::{generate::new_row_id, sql::database::Transaction};

/// Writes an entry about a key. Neither state has a secret in it.
pub(super) async fn record(
    transaction: &mut Transaction,
    actor: &Actor,
    action: &str,
    key: &Key,
    before: Json,
    after: Json,
    now: i64,
) -> Result<(), KeyError> {
    let sql = "INSERT INTO audit (id, at, actor, address, action, account_id, subject_kind,
                                  subject_id, subject, detail)
               VALUES ($1, $2, $3, $4, $5, $6, 'client', $7, $8, $9)";
    let detail = serde_json::json!({ "before": before, "after": after }).to_string();
    let values = [
        new_row_id(now)?.into(),
        now.into(),
        actor.name.as_str().into(),
        actor.address.as_deref().into(),
        action.into(),
        key.account_id.as_str().into(),
        key.id.as_str().into(),
        key.app_key.as_str().into(),
        detail.into(),
    ];
    transaction.execute(sql, values).await?;
    Ok(())
}
