//! Temporary credentials for token credentials (section 2.3): each works once.

use serde_json::{Value as Json, json};
use subtle::ConstantTimeEq;

use super::{
    DelegationService, Failure, Issued, hashed,
    issue::{Holder, seconds},
};
use crate::{
    DelegationError,
    credentials::{
        generate::{new_code, new_row_id, now},
        sql::{
            database::{Row, Transaction},
            records::temporary_verifier,
        },
    },
    management::{
        Caller,
        audit::{self, Subject},
    },
};

impl DelegationService {
    /// Exchanges temporary credentials, with which `client` has signed, for a token.
    pub(crate) async fn exchange(
        &self,
        client: &str,
        temporary: &str,
        verifier: &str,
        address: Option<&str>,
    ) -> Result<Issued, Failure> {
        let now = now();
        let mut transaction = self.management.transaction().await?;
        // Written first: of many at a time, one is the first.
        let sql = "UPDATE temporary SET failures = failures WHERE identifier = $1";
        transaction.execute(sql, [temporary.into()]).await?;
        let row = transaction.row(FIND, [temporary.into(), client.into()]).await?;
        let row = row.ok_or(DelegationError::WrongToken)?;
        check(&row, now)?;
        let id = row.text("id")?;
        if !self.is_right(&row, &id, verifier)? {
            let sql = "UPDATE temporary SET failures = failures + 1,
                           state = CASE WHEN failures + 1 >= $1 THEN 'locked' ELSE state END
                       WHERE id = $2";
            transaction.execute(sql, [MOST_FAILURES.into(), id.into()]).await?;
            transaction.commit().await?;
            return Err(DelegationError::Verifier.into());
        }
        let sql = "UPDATE temporary SET state = 'used', verifier = NULL WHERE id = $1";
        transaction.execute(sql, [id.into()]).await?;
        let granted = Grant {
            client_id: row.text("client_id")?,
            app_key: client.to_owned(),
            account_id: row.text("account_id")?,
            resource_owner: row.optional_text("resource_owner")?.unwrap_or_default(),
            person: row.optional_text("person_id")?,
            scopes: row.text("scopes")?,
        };
        let issued = self.grant(&mut transaction, granted, address, now).await?;
        transaction.commit().await?;
        Ok(issued)
    }

    /// Keeps what was granted, with its first token.
    pub(super) async fn grant(
        &self,
        transaction: &mut Transaction,
        granted: Grant,
        address: Option<&str>,
        now: i64,
    ) -> Result<Issued, Failure> {
        let delegation = new_row_id(now)?;
        let ends = self.end(now);
        // What does not end is not renewed.
        let session_handle = self.times.token.map(|_| new_code()).transpose()?;
        let sql = "INSERT INTO delegation (id, client_id, resource_owner, person_id, scopes,
                       session_handle, created_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = [
            delegation.as_str().into(),
            granted.client_id.as_str().into(),
            granted.resource_owner.as_str().into(),
            granted.person.as_deref().into(),
            granted.scopes.as_str().into(),
            session_handle.as_ref().map(|handle| hashed(handle)).as_deref().into(),
            now.into(),
            ends.into(),
        ];
        transaction.execute(sql, values).await?;
        let holder = Holder {
            client: &granted.client_id,
            delegation: &delegation,
            resource_owner: &granted.resource_owner,
            scopes: &granted.scopes,
            ends,
        };
        let token = self.issue(transaction, holder, now).await?;
        let mut caller = Caller::system(format!("key:{}", granted.app_key));
        caller.address = address.map(str::to_owned);
        let subject = Subject {
            kind: "client",
            id: &granted.client_id,
            name: &granted.app_key,
            account: Some(&granted.account_id),
        };
        let after = json!({ "access_token": token.credentials.identifier(),
            "resource_owner": granted.resource_owner, "scopes": granted.scopes,
            "expires_at": token.expires_at });
        let states = (Json::Null, after);
        audit::record(transaction, &caller, "delegation.grant", subject, states, now).await?;
        Ok(Issued {
            credentials: token.credentials,
            session_handle,
            expires_in: seconds(token.expires_at, now),
            authorization_expires_in: seconds(ends, now),
            resource_owner: granted.resource_owner,
        })
    }

    /// In constant time. People put spaces into digits that they copy.
    fn is_right(&self, row: &Row, id: &str, presented: &str) -> Result<bool, Failure> {
        let Some(sealed) = row.optional_octets("verifier")? else { return Ok(false) };
        let keyring = self.management.store.keyring();
        let code = keyring.open(temporary_verifier(id), &row.text("key_id")?, &sealed)?;
        let typed: zeroize::Zeroizing<String>;
        let presented = if row.text("callback")? == "oob" {
            typed = zeroize::Zeroizing::new(presented.replace([' ', '-'], ""));
            typed.as_str()
        } else {
            presented
        };
        Ok(bool::from(code.as_slice().ct_eq(presented.as_bytes())))
    }
}

/// What is granted, to whom and by whom.
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) app_key: String,
    pub(super) account_id: String,
    pub(super) resource_owner: String,
    pub(super) person: Option<String>,
    pub(super) scopes: String,
}

/// Whether temporary credentials can be exchanged now.
fn check(row: &Row, now: i64) -> Result<(), Failure> {
    let in_time = row.integer("expires_at")? > now;
    Err(match row.text("state")?.as_str() {
        "used" => DelegationError::Used,
        "locked" => DelegationError::Locked,
        _ if !in_time => DelegationError::Expired,
        "denied" => DelegationError::Denied,
        "authorized" => return Ok(()),
        _ => DelegationError::Undecided,
    }
    .into())
}

/// Only those of the client that signed.
const FIND: &str = "
    SELECT t.id, t.client_id, t.key_id, t.verifier, t.callback, t.scopes, t.state, t.expires_at,
           t.resource_owner, t.person_id, c.account_id
    FROM temporary t JOIN client c ON c.id = t.client_id
    WHERE t.identifier = $1 AND c.identifier = $2 AND c.deleted_at IS NULL";
/// Of 10⁸ codes that are typed, a guess finds one with 5 × 10⁻⁸.
const MOST_FAILURES: i64 = 5;
