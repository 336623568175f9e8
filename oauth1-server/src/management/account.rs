//! Accounts: how many keys they may have, how these are treated, and what they were assigned.

use super::{Caller, Management, ManagementError};
use crate::credentials::sql::database::{Row, Transaction};

/// An account: who owns keys. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its row id.
    pub id: String,
    /// Unique, without spaces.
    pub name: String,
    /// Any text.
    pub display_name: String,
    /// How many keys it may have, 0 for any number. Deleted ones do not count.
    pub max_keys: i64,
    /// Whether a name and a password are accepted instead of a signature.
    pub basic_auth: bool,
    /// Whether who may reveal and gives the password again can read a secret again.
    pub secret_reveal: bool,
    /// Whether each key must end.
    pub expiry_required: bool,
    /// Whether keys can be deleted.
    pub deletion_allowed: bool,
    /// A name of the IANA database, by which dates without a time are read.
    pub time_zone: String,
    /// Grows with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: i64,
    /// Privileges that need an assignment, and that it was given.
    pub assignments: Vec<String>,
}

/// What the making of a key needs to know of its account.
pub(super) struct Reserved {
    pub(super) id: String,
    pub(super) expiry_required: bool,
}

impl Reserved {
    pub(super) async fn assigned(
        &self,
        transaction: &mut Transaction,
    ) -> Result<Vec<String>, ManagementError> {
        let rows = transaction.rows(ASSIGNED, [self.id.as_str().into()]).await?;
        Ok(rows.iter().map(|row| row.text("scope")).collect::<Result<_, _>>()?)
    }
}

impl Management {
    /// All accounts that the caller may touch, by name.
    ///
    /// # Errors
    /// [`ManagementError::Database`].
    pub async fn accounts(&self, caller: &Caller) -> Result<Vec<Account>, ManagementError> {
        let values = [caller.account.as_deref().into()];
        let rows = self.store.database().rows(LIST, values).await?;
        let mut accounts = rows.iter().map(Account::of).collect::<Result<Vec<_>, _>>()?;
        for account in &mut accounts {
            account.assignments = self.assignments(&account.id).await?;
        }
        Ok(accounts)
    }

    /// An account by its name or row id; the caller's own, or `default`, without one.
    ///
    /// # Errors
    /// [`ManagementError::Unknown`] or [`ManagementError::Database`].
    pub async fn account(
        &self,
        caller: &Caller,
        account: Option<&str>,
    ) -> Result<Account, ManagementError> {
        let name = named(caller, account);
        let values = [name.into(), caller.account.as_deref().into()];
        let row = self.store.database().row(FIND, values).await?;
        let row = row.ok_or_else(|| ManagementError::unknown("account", name))?;
        let mut account = Account::of(&row)?;
        account.assignments = self.assignments(&account.id).await?;
        Ok(account)
    }

    pub(super) async fn account_id(
        &self,
        caller: &Caller,
        name: &str,
    ) -> Result<String, ManagementError> {
        Ok(self.account(caller, Some(name)).await?.id)
    }

    async fn assignments(&self, id: &str) -> Result<Vec<String>, ManagementError> {
        let rows = self.store.database().rows(ASSIGNED, [id.into()]).await?;
        Ok(rows.iter().map(|row| row.text("scope")).collect::<Result<_, _>>()?)
    }

    /// What the change of a key needs to know of its account.
    pub(super) async fn account_within(
        &self,
        transaction: &mut Transaction,
        caller: &Caller,
        id: &str,
    ) -> Result<Reserved, ManagementError> {
        let account = within(transaction, caller, id).await?;
        Ok(Reserved { id: account.id, expiry_required: account.expiry_required })
    }

    /// Refuses if the account has as many keys as it may. Until the transaction ends, nobody else
    /// makes one.
    pub(super) async fn reserve(
        &self,
        transaction: &mut Transaction,
        caller: &Caller,
        account: Option<&str>,
    ) -> Result<Reserved, ManagementError> {
        let name = named(caller, account);
        let values = [name.into(), caller.account.as_deref().into()];
        let row = transaction.row(FIND, values).await?;
        let row = row.ok_or_else(|| ManagementError::unknown("account", name))?;
        let id = row.text("id")?;
        let sql = "UPDATE account SET changed_at = changed_at WHERE id = $1
                   RETURNING max_keys, expiry_required";
        let row = transaction.row(sql, [id.as_str().into()]).await?;
        let row = row.ok_or(sqlx::Error::RowNotFound)?;
        let (limit, expiry_required) = (row.integer("max_keys")?, row.boolean("expiry_required")?);
        if limit > 0 {
            let sql = "SELECT count(*) AS n FROM (SELECT 1 FROM client
                       WHERE account_id = $1 AND deleted_at IS NULL LIMIT $2) AS found";
            let row = transaction.row(sql, [id.as_str().into(), limit.into()]).await?;
            if row.ok_or(sqlx::Error::RowNotFound)?.integer("n")? >= limit {
                return Err(ManagementError::LimitReached(limit));
            }
        }
        Ok(Reserved { id, expiry_required })
    }
}

impl Account {
    fn of(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.text("id")?,
            name: row.text("name")?,
            display_name: row.text("display_name")?,
            max_keys: row.integer("max_keys")?,
            basic_auth: row.boolean("basic_auth")?,
            secret_reveal: row.text("secret_reveal")? == "step_up",
            expiry_required: row.boolean("expiry_required")?,
            deletion_allowed: row.boolean("deletion_allowed")?,
            time_zone: row.text("time_zone")?,
            version: row.integer("version")?,
            created_at: row.integer("created_at")?,
            assignments: Vec::new(),
        })
    }
}

/// What is looked for: what was named, or the caller's account, or the one that is always there.
pub(super) fn named<'a>(caller: &'a Caller, account: Option<&'a str>) -> &'a str {
    account.or(caller.account.as_deref()).unwrap_or(DEFAULT_ACCOUNT)
}

pub(super) async fn within(
    transaction: &mut Transaction,
    caller: &Caller,
    name: &str,
) -> Result<Account, ManagementError> {
    let values = [name.into(), caller.account.as_deref().into()];
    let row = transaction.row(FIND, values).await?;
    let row = row.ok_or_else(|| ManagementError::unknown("account", name))?;
    let mut account = Account::of(&row)?;
    let rows = transaction.rows(ASSIGNED, [account.id.as_str().into()]).await?;
    account.assignments = rows.iter().map(|row| row.text("scope")).collect::<Result<_, _>>()?;
    Ok(account)
}

/// The account that the tables begin with.
pub(super) const DEFAULT_ACCOUNT: &str = "00000000-0000-7000-8000-000000000000";
const FIND: &str = "SELECT * FROM account WHERE (name = $1 OR id = $1) AND deleted_at IS NULL
                    AND ($2 IS NULL OR id = $2)";
const LIST: &str = "SELECT * FROM account WHERE deleted_at IS NULL AND ($1 IS NULL OR id = $1)
                    ORDER BY name";
const ASSIGNED: &str = "SELECT scope FROM assignment WHERE account_id = $1 ORDER BY scope";
