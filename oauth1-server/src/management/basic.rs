//! Basic credentials: a name and a password instead of a signature, where the account permits it.

mod rows;

use serde_json::Value as Json;

use super::{
    Caller, Management, ManagementError, Right, audit,
    page::Limit,
    passwords::{self, Password},
    validate,
};
use crate::credentials::{
    generate::{new_row_id, now},
    sql::database::Value,
};
use rows::{ANY, FIND, KIND, PAGE, check_name, find};

/// A name and a password instead of a signature. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicCredential {
    /// The row id.
    pub id: String,
    /// Unique everywhere; what the sender writes before the colon.
    pub name: String,
    /// The account, by name.
    pub account: String,
    account_id: String,
    /// What it may do: scopes between spaces, or `*`.
    pub scopes: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// Grows with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: i64,
    /// Who made it.
    pub created_by: String,
    /// When it was changed last.
    pub changed_at: i64,
    /// When it was used last.
    pub last_used_at: Option<i64>,
    /// From where it was used last.
    pub last_used_address: Option<String>,
}

/// What a new Basic credential is to be.
#[derive(Debug, Default)]
pub struct NewBasicCredential {
    /// Unique everywhere.
    pub name: String,
    /// The account, by name; the caller's, or `default`, if there is none.
    pub account: Option<String>,
    /// What it may do; `None` for everything.
    pub scopes: Option<Vec<String>>,
    /// A random one if there is none.
    pub password: Option<Password>,
}

/// A Basic credential and its password, which is never shown again.
#[derive(Debug)]
pub struct CreatedBasicCredential {
    /// What is shown of it later.
    pub credential: BasicCredential,
    /// The password; `None` if it was given.
    pub password: Option<Password>,
}

/// Some Basic credentials, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicCredentialPage {
    /// The credentials.
    pub credentials: Vec<BasicCredential>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// Manages Basic credentials.
#[derive(Clone, Debug)]
pub struct BasicCredentialService {
    pub(super) management: Management,
}

impl BasicCredentialService {
    /// At most `limit` credentials by name, from where an earlier page ended.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn list(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: u16,
    ) -> Result<BasicCredentialPage, ManagementError> {
        caller.require(Right::OrgSettings)?;
        let limit = Limit::new(limit);
        let (account, after) = (caller.account.as_deref(), after.unwrap_or_default());
        let values = [account.into(), after.into(), limit.rows()];
        let rows = self.management.store.database().rows(PAGE, values).await?;
        let (credentials, next) = limit.page(&rows, BasicCredential::of, |c| &c.name)?;
        Ok(BasicCredentialPage { credentials, next })
    }

    /// A credential by name or row id.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn show(
        &self,
        caller: &Caller,
        credential: &str,
    ) -> Result<BasicCredential, ManagementError> {
        caller.require(Right::OrgSettings)?;
        let values = [credential.into(), caller.account.as_deref().into()];
        let row = self.management.store.database().row(FIND, values).await?;
        let row = row.ok_or_else(|| ManagementError::unknown(KIND, credential))?;
        Ok(BasicCredential::of(&row)?)
    }

    /// Makes a credential. It works once the account permits Basic.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was made.
    pub async fn create(
        &self,
        caller: &Caller,
        new: &NewBasicCredential,
    ) -> Result<CreatedBasicCredential, ManagementError> {
        caller.require(Right::OrgSettings)?;
        check_name(&new.name)?;
        let (made, password) = self.password(&new.name, new.password.as_ref())?;
        let account = self.management.account(caller, new.account.as_deref()).await?;
        if let Some(scopes) = new.scopes.as_deref().filter(|scopes| *scopes != ["*"]) {
            validate::scopes(scopes, self.management.catalogue(), &account.assignments)?;
        }
        let hash = passwords::hash(&password).await?;
        let now = now();
        let id = new_row_id(now)?;
        let mut transaction = self.management.transaction().await?;
        let taken = "SELECT id FROM basic_credential WHERE name = $1 AND deleted_at IS NULL";
        if transaction.row(taken, [new.name.as_str().into()]).await?.is_some() {
            return Err(ManagementError::NameTaken(new.name.clone()));
        }
        let sql = "INSERT INTO basic_credential (id, account_id, name, password_hash, scopes,
                       created_at, created_by, changed_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $6)";
        let values = [
            id.as_str().into(),
            account.id.into(),
            new.name.as_str().into(),
            hash.into(),
            new.scopes.as_ref().map_or("*".to_owned(), |scopes| scopes.join(" ")).into(),
            now.into(),
            caller.name.as_str().into(),
        ];
        transaction.execute(sql, values).await?;
        let credential = find(&mut transaction, caller, &id).await?;
        let states = (Json::Null, credential.json());
        let subject = (&credential).into();
        audit::record(&mut transaction, caller, "basic.create", subject, states, now).await?;
        transaction.commit().await?;
        self.management.forget_all();
        Ok(CreatedBasicCredential { credential, password: made.then_some(password) })
    }

    /// Enables or disables a credential; `version` is the one that the caller has read.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn set_enabled(
        &self,
        caller: &Caller,
        credential: &str,
        enabled: bool,
        version: Option<i64>,
    ) -> Result<BasicCredential, ManagementError> {
        let action = if enabled { "basic.enable" } else { "basic.disable" };
        let sql = "UPDATE basic_credential SET enabled = $3, changed_at = $2,
                       version = version + 1 WHERE id = $1";
        self.change(caller, credential, version, (action, sql), enabled.into()).await
    }

    /// Gives a credential another password, a random one if there is none; the old one ends now.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn set_password(
        &self,
        caller: &Caller,
        credential: &str,
        password: Option<&Password>,
    ) -> Result<CreatedBasicCredential, ManagementError> {
        let found = self.show(caller, credential).await?;
        let (made, password) = self.password(&found.name, password)?;
        let hash = passwords::hash(&password).await?;
        let sql = "UPDATE basic_credential SET password_hash = $3, changed_at = $2,
                       version = version + 1 WHERE id = $1";
        let credential =
            self.change(caller, &found.id, None, ("basic.password", sql), hash.into()).await?;
        Ok(CreatedBasicCredential { credential, password: made.then_some(password) })
    }

    /// Deletes a credential; it is refused from now on.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn delete(
        &self,
        caller: &Caller,
        credential: &str,
        version: Option<i64>,
    ) -> Result<BasicCredential, ManagementError> {
        // The hash of a password that nobody has to keep.
        let sql = "UPDATE basic_credential SET deleted_at = $2, changed_at = $2, enabled = FALSE,
                       password_hash = $3, version = version + 1 WHERE id = $1";
        self.change(caller, credential, version, ("basic.delete", sql), "".into()).await
    }

    async fn change(
        &self,
        caller: &Caller,
        credential: &str,
        version: Option<i64>,
        (action, sql): (&'static str, &'static str),
        value: Value,
    ) -> Result<BasicCredential, ManagementError> {
        caller.require(Right::OrgSettings)?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let before = find(&mut transaction, caller, credential).await?;
        let lock = "UPDATE basic_credential SET version = version WHERE id = $1
                    AND deleted_at IS NULL RETURNING version";
        let locked = transaction.row(lock, [before.id.as_str().into()]).await?;
        let locked = locked.ok_or_else(|| ManagementError::unknown(KIND, credential))?;
        let found = locked.integer("version")?;
        if version.is_some_and(|version| version != found) {
            return Err(ManagementError::Conflict { found });
        }
        transaction.execute(sql, [before.id.as_str().into(), now.into(), value]).await?;
        let after = transaction.row(ANY, [before.id.as_str().into()]).await?;
        let after = BasicCredential::of(&after.ok_or(sqlx::Error::RowNotFound)?)?;
        let states = (before.json(), after.json());
        audit::record(&mut transaction, caller, action, (&after).into(), states, now).await?;
        transaction.commit().await?;
        self.management.forget_all();
        Ok(after)
    }

    /// The password, and whether it was made here.
    fn password(
        &self,
        name: &str,
        given: Option<&Password>,
    ) -> Result<(bool, Password), ManagementError> {
        match given {
            Some(password) => {
                passwords::check(name, password)?;
                Ok((false, password.clone()))
            }
            None => Ok((true, passwords::random()?)),
        }
    }
}
