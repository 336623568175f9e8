//! Token credentials for what was granted.

use oauth1_core::TokenCredentials;

use super::{DelegationService, Failure};
use crate::{
    credentials::{generate::new_row_id, sql::database::Transaction},
    management::create::Owner,
};

/// For whom a token is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder<'a> {
    /// The row id of the client.
    pub(super) client: &'a str,
    /// The row id of the delegation.
    pub(super) delegation: &'a str,
    pub(super) resource_owner: &'a str,
    pub(super) scopes: &'a str,
    /// When the delegation ends.
    pub(super) ends: Option<i64>,
}

/// A token, and when it ends.
#[derive(Debug)]
pub(super) struct NewToken {
    pub(super) id: String,
    pub(super) credentials: TokenCredentials,
    pub(super) expires_at: Option<i64>,
}

impl DelegationService {
    /// When what is granted now ends.
    pub(super) fn end(&self, now: i64) -> Option<i64> {
        self.times.authorization.map(|seconds| now + i64::from(seconds) * 1000)
    }

    /// Makes the current token of a delegation.
    pub(super) async fn issue(
        &self,
        transaction: &mut Transaction,
        holder: Holder<'_>,
        now: i64,
    ) -> Result<NewToken, Failure> {
        let credentials = self.management.style.token()?;
        let id = new_row_id(now)?;
        let expires_at = self.times.token.map(|seconds| now + i64::from(seconds) * 1000);
        // No token outlives what it is for.
        let expires_at = match (expires_at, holder.ends) {
            (Some(token), Some(end)) => Some(token.min(end)),
            (token, end) => token.or(end),
        };
        let sql = "INSERT INTO token (id, client_id, identifier, own, resource_owner, scopes,
                       expires_at, created_at, changed_at, delegation_id)
                   VALUES ($1, $2, $3, FALSE, $4, $5, $6, $7, $7, $8)";
        let values = [
            id.as_str().into(),
            holder.client.into(),
            credentials.identifier().into(),
            holder.resource_owner.into(),
            holder.scopes.into(),
            expires_at.into(),
            now.into(),
            holder.delegation.into(),
        ];
        transaction.execute(sql, values).await?;
        let owner = Owner::Token(&id);
        self.management.store_secret(transaction, owner, credentials.secret(), now).await?;
        let sql = "UPDATE delegation SET token_id = $1 WHERE id = $2";
        transaction.execute(sql, [id.as_str().into(), holder.delegation.into()]).await?;
        Ok(NewToken { id, credentials, expires_at })
    }
}

/// Seconds from now, for the client.
pub(super) fn seconds(until: Option<i64>, now: i64) -> Option<i64> {
    until.map(|until| until.saturating_sub(now).max(0) / 1000)
}
