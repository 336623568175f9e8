//! The decision of the resource owner (section 2.2).

use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::{DelegationService, ResourceOwner, within};
use crate::{
    credentials::{
        generate::{new_code, new_digits, now},
        sql::{
            database::{Row, Transaction},
            records::temporary_verifier,
        },
    },
    management::{
        ManagementError,
        audit::{self, Subject},
    },
};

/// What an application asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The name of the application.
    pub application: String,
    /// Who builds it.
    pub developer: String,
    /// What it is for.
    pub description: String,
    /// Between spaces.
    pub scopes: String,
    /// Where the resource owner is sent to, or `oob`.
    pub callback: String,
}

/// What the resource owner decided, and where he goes.
#[derive(Debug)]
pub struct Decision {
    /// The name of the application.
    pub application: String,
    /// Where he is sent to, or `oob`.
    pub callback: String,
    /// The verification code; `None` if he refused.
    pub verifier: Option<Zeroizing<String>>,
}

impl DelegationService {
    /// What temporary credentials ask for, as far as the resource owner may do it himself, if nobody
    /// has decided yet.
    ///
    /// # Errors
    /// [`ManagementError`]; unknown ones, and such as cannot be decided any more.
    pub async fn pending(
        &self,
        temporary: &str,
        owner: &ResourceOwner,
    ) -> Result<Pending, ManagementError> {
        let values = [temporary.into()];
        let row = self.management.store.database().row(FIND, values).await?;
        let row = row.ok_or_else(unknown)?;
        undecided(&row, now())?;
        Ok(Pending {
            application: row.text("display_name")?,
            developer: row.text("developer_name")?,
            description: row.text("description")?,
            scopes: self.grantable(&row.text("scopes")?, owner)?,
            callback: row.text("callback")?,
        })
    }

    /// An application that names what it wants gets some of it, or nothing.
    fn grantable(&self, scopes: &str, owner: &ResourceOwner) -> Result<String, ManagementError> {
        let grantable = within(&self.management.catalogue, scopes, &owner.scopes);
        if grantable.is_empty() && !scopes.is_empty() {
            let told = "the application asks for nothing that you may do yourself, so there is nothing to grant";
            return Err(ManagementError::Refused(told.to_owned()));
        }
        Ok(grantable)
    }

    /// Grants what temporary credentials ask for, as far as the resource owner may do it himself.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was granted.
    pub async fn allow(
        &self,
        temporary: &str,
        owner: &ResourceOwner,
    ) -> Result<Decision, ManagementError> {
        self.decide(temporary, owner, true).await
    }

    /// Refuses it.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was decided.
    pub async fn deny(
        &self,
        temporary: &str,
        owner: &ResourceOwner,
    ) -> Result<Decision, ManagementError> {
        self.decide(temporary, owner, false).await
    }

    async fn decide(
        &self,
        temporary: &str,
        owner: &ResourceOwner,
        allowed: bool,
    ) -> Result<Decision, ManagementError> {
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let row = lock(&mut transaction, temporary).await?;
        undecided(&row, now)?;
        let id = row.text("id")?;
        let callback = row.text("callback")?;
        let mut scopes = row.text("scopes")?;
        let mut verifier = None;
        if allowed {
            scopes = self.grantable(&scopes, owner)?;
            let code = if callback == "oob" { new_digits()? } else { new_code()? };
            let keyring = self.management.store.keyring();
            let place = temporary_verifier(&id);
            let sealed = keyring.seal(&row.text("key_id")?, place, code.as_bytes())?;
            let sql = "UPDATE temporary SET verifier = $1 WHERE id = $2";
            transaction.execute(sql, [sealed.octets.into(), id.as_str().into()]).await?;
            verifier = Some(code);
        }
        let sql = "UPDATE temporary SET state = $1, resource_owner = $2, person_id = $3,
                       scopes = $4, expires_at = $5 WHERE id = $6";
        let values = [
            if allowed { "authorized" } else { "denied" }.into(),
            owner.name.as_str().into(),
            owner.person.as_deref().into(),
            scopes.as_str().into(),
            (now + self.temporary_lifetime()).into(),
            id.into(),
        ];
        transaction.execute(sql, values).await?;
        let (client, app_key, account) =
            (row.text("client_id")?, row.text("app_key")?, row.text("account_id")?);
        let subject =
            Subject { kind: "client", id: &client, name: &app_key, account: Some(&account) };
        let action = if allowed { "delegation.allow" } else { "delegation.deny" };
        let states = (Json::Null, json!({ "resource_owner": owner.name, "scopes": scopes }));
        audit::record(&mut transaction, &owner.caller(), action, subject, states, now).await?;
        transaction.commit().await?;
        Ok(Decision { application: row.text("display_name")?, callback, verifier })
    }
}

/// The temporary credentials, which nobody else changes until the transaction ends.
async fn lock(transaction: &mut Transaction, temporary: &str) -> Result<Row, ManagementError> {
    let sql = "UPDATE temporary SET failures = failures WHERE identifier = $1";
    transaction.execute(sql, [temporary.into()]).await?;
    transaction.row(FIND, [temporary.into()]).await?.ok_or_else(unknown)
}

fn undecided(row: &Row, now: i64) -> Result<(), ManagementError> {
    let told = match row.text("state")?.as_str() {
        "pending" if row.integer("expires_at")? > now => return Ok(()),
        "pending" => "the application asked too long ago; go back to it and begin again",
        _ => "this was decided before; go back to the application",
    };
    Err(ManagementError::Blocked(told.to_owned()))
}

fn unknown() -> ManagementError {
    ManagementError::Unknown { kind: "request for access", name: "of this link".to_owned() }
}

/// An application that was disabled meanwhile asks for nothing.
const FIND: &str = "
    SELECT t.id, t.client_id, t.key_id, t.callback, t.scopes, t.state, t.expires_at,
           c.identifier AS app_key, c.account_id, c.display_name, c.developer_name, c.description
    FROM temporary t JOIN client c ON c.id = t.client_id
    WHERE t.identifier = $1 AND c.deleted_at IS NULL AND c.enabled";
