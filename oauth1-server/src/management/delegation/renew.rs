//! A new token for one that ends, by the session handle that came with it (the session extension
//! of OAuth 1.0).

use serde_json::json;
use zeroize::Zeroizing;

use super::{
    DelegationService, Failure, Issued, hashed,
    issue::{Holder, seconds},
};
use crate::{
    DelegationError,
    credentials::generate::now,
    management::{
        Caller,
        audit::{self, Subject},
    },
};

impl DelegationService {
    /// Renews a token, with which `client` has signed.
    ///
    /// The token that it replaces is good for another minute, for answers that get lost.
    pub(crate) async fn renew(
        &self,
        client: &str,
        token: &str,
        handle: &str,
        address: Option<&str>,
    ) -> Result<Issued, Failure> {
        let now = now();
        let mut transaction = self.management.transaction().await?;
        // Written first: of many at a time, one is the first.
        let sql = "UPDATE delegation SET revoked_at = revoked_at WHERE session_handle = $1";
        transaction.execute(sql, [hashed(handle).into()]).await?;
        let values = [token.into(), client.into(), hashed(handle).into(), now.into()];
        let row = transaction.row(FIND, values).await?;
        let row = row.ok_or(DelegationError::SessionHandle)?;
        let (old, delegation) = (row.text("token_id")?, row.text("id")?);
        let is_current = row.optional_text("current")?.as_deref() == Some(old.as_str());
        if !is_current && row.optional_integer("token_expires_at")?.is_none_or(|end| end <= now) {
            return Err(DelegationError::Used.into());
        }
        let end = row.optional_integer("expires_at")?;
        let (client_id, resource_owner) = (row.text("client_id")?, row.text("resource_owner")?);
        let holder = Holder {
            client: &client_id,
            delegation: &delegation,
            resource_owner: &resource_owner,
            scopes: &row.text("scopes")?,
            ends: end,
        };
        let issued = self.issue(&mut transaction, holder, now).await?;
        let sql = "UPDATE token SET expires_at = $1, changed_at = $2 WHERE delegation_id = $3
                   AND id <> $4 AND (expires_at IS NULL OR expires_at > $1)";
        let values =
            [(now + GRACE).into(), now.into(), delegation.into(), issued.id.as_str().into()];
        transaction.execute(sql, values).await?;
        let mut caller = Caller::system(format!("key:{client}"));
        caller.address = address.map(str::to_owned);
        let account = row.text("account_id")?;
        let subject =
            Subject { kind: "client", id: &client_id, name: client, account: Some(&account) };
        let states = (
            json!({ "access_token": token }),
            json!({ "access_token": issued.credentials.identifier(),
                    "resource_owner": resource_owner, "expires_at": issued.expires_at }),
        );
        audit::record(&mut transaction, &caller, "delegation.renew", subject, states, now).await?;
        transaction.commit().await?;
        if let Some(cache) = &self.management.cache {
            cache.forget_token(token);
        }
        Ok(Issued {
            credentials: issued.credentials,
            session_handle: Some(Zeroizing::new(handle.to_owned())),
            expires_in: seconds(issued.expires_at, now),
            authorization_expires_in: seconds(end, now),
            resource_owner,
        })
    }
}

const FIND: &str = "
    SELECT d.id, d.client_id, d.resource_owner, d.scopes, d.expires_at, d.token_id AS current,
           t.id AS token_id, t.expires_at AS token_expires_at, c.account_id
    FROM token t
    JOIN delegation d ON d.id = t.delegation_id
    JOIN client c ON c.id = d.client_id
    WHERE t.identifier = $1 AND c.identifier = $2 AND d.session_handle = $3
      AND t.revoked_at IS NULL AND t.deleted_at IS NULL AND d.revoked_at IS NULL
      AND (d.expires_at IS NULL OR d.expires_at > $4)";
/// Milliseconds.
const GRACE: i64 = 60_000;
