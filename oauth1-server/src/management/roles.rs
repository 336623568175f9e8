//! Roles: names for sets of rights. Four are built in, accounts can have their own.

mod rows;

use serde_json::{Value as Json, json};

use super::{
    Caller, Management, ManagementError, Right, Rights,
    audit::{self, Subject},
    validate,
};
use crate::credentials::{
    generate::{new_row_id, now},
    sql::database::Row,
};
use rows::{FIND, LIST, TAKEN, USED, changeable, given, text};
pub(super) use rows::{SUPER_ADMIN, find, lock_all, within};

/// A role. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Its row id.
    pub id: String,
    /// Unique, without spaces.
    pub name: String,
    /// Any text.
    pub display_name: String,
    /// What it permits.
    pub rights: Rights,
    /// Whether it can never be changed.
    pub built_in: bool,
    /// The account that it belongs to, by name; `None` if every account has it.
    pub account: Option<String>,
    pub(super) account_id: Option<String>,
    /// Grows with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: i64,
    /// When it was changed last.
    pub changed_at: i64,
}

/// What a new role is to be.
#[derive(Clone, Debug, Default)]
pub struct NewRole {
    /// Unique, without spaces.
    pub name: String,
    /// Any text; the name if there is none.
    pub display_name: Option<String>,
    /// What it permits, such as `keys.read`.
    pub permissions: Vec<String>,
    /// The account, by name; the caller's if there is none.
    pub account: Option<String>,
}

/// What is to be changed of a role; `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub struct RoleChange {
    /// Any text.
    pub display_name: Option<String>,
    /// What it permits, all of it.
    pub permissions: Option<Vec<String>>,
}

/// Manages roles.
#[derive(Clone, Debug)]
pub struct RoleService {
    pub(super) management: Management,
}

impl RoleService {
    /// All roles that the caller's account has, built-in ones first.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Role>, ManagementError> {
        caller.require(Right::UsersManage)?;
        let values = [caller.account.as_deref().into()];
        let rows = self.management.store.database().rows(LIST, values).await?;
        Ok(rows.iter().map(Role::of).collect::<Result<_, _>>()?)
    }

    /// A role by its name or row id.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn show(&self, caller: &Caller, role: &str) -> Result<Role, ManagementError> {
        caller.require(Right::UsersManage)?;
        let values = [role.into(), caller.account.as_deref().into()];
        let rows = self.management.store.database().rows(FIND, values).await?;
        let row = rows.first().ok_or_else(|| ManagementError::unknown("role", role))?;
        Ok(Role::of(row)?)
    }

    /// Makes a role.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was made.
    pub async fn create(&self, caller: &Caller, new: &NewRole) -> Result<Role, ManagementError> {
        caller.require(Right::UsersManage)?;
        validate::name(&new.name)?;
        let display_name = new.display_name.as_deref().unwrap_or(&new.name);
        validate::text("display_name", display_name, 1, 100)?;
        let rights = given(caller, &new.permissions)?;
        let account = self.management.account_for(caller, new.account.as_deref()).await?;
        let now = now();
        let id = new_row_id(now)?;
        let mut transaction = self.management.transaction().await?;
        lock_all(&mut transaction).await?;
        let values = [new.name.as_str().into(), account.as_deref().into()];
        if transaction.row(TAKEN, values).await?.is_some() {
            return Err(ManagementError::NameTaken(new.name.clone()));
        }
        let sql = "INSERT INTO role (id, account_id, name, display_name, permissions,
                                     created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $6)";
        let values = [
            id.as_str().into(),
            account.as_deref().into(),
            new.name.as_str().into(),
            display_name.into(),
            text(rights).into(),
            now.into(),
        ];
        transaction.execute(sql, values).await?;
        let role = find(&mut transaction, caller, &id).await?;
        let states = (Json::Null, role.json());
        audit::record(&mut transaction, caller, "role.create", (&role).into(), states, now).await?;
        transaction.commit().await?;
        Ok(role)
    }

    /// Changes a role; `version` is the one that the caller has read.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn update(
        &self,
        caller: &Caller,
        role: &str,
        change: &RoleChange,
        version: Option<i64>,
    ) -> Result<Role, ManagementError> {
        caller.require(Right::UsersManage)?;
        if let Some(name) = &change.display_name {
            validate::text("display_name", name, 1, 100)?;
        }
        let rights = change.permissions.as_deref().map(|names| given(caller, names)).transpose()?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        lock_all(&mut transaction).await?;
        let before = changeable(&mut transaction, caller, role, version).await?;
        let sql = "UPDATE role SET display_name = $2, permissions = $3, changed_at = $4,
                       version = version + 1 WHERE id = $1";
        let values = [
            before.id.as_str().into(),
            change.display_name.as_ref().unwrap_or(&before.display_name).as_str().into(),
            text(rights.unwrap_or(before.rights)).into(),
            now.into(),
        ];
        transaction.execute(sql, values).await?;
        let after = find(&mut transaction, caller, &before.id).await?;
        let states = (before.json(), after.json());
        audit::record(&mut transaction, caller, "role.update", (&after).into(), states, now)
            .await?;
        transaction.commit().await?;
        Ok(after)
    }

    /// Deletes a role that nobody has.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn delete(
        &self,
        caller: &Caller,
        role: &str,
        version: Option<i64>,
    ) -> Result<Role, ManagementError> {
        caller.require(Right::UsersManage)?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        lock_all(&mut transaction).await?;
        let role = changeable(&mut transaction, caller, role, version).await?;
        let used = transaction.row(USED, [role.id.as_str().into()]).await?;
        if used.ok_or(sqlx::Error::RowNotFound)?.integer("n")? > 0 {
            return Err(ManagementError::Blocked(format!(
                "people or keys have the role {:?}; give them another first",
                role.name
            )));
        }
        let sql = "UPDATE role SET deleted_at = $1, changed_at = $1, version = version + 1
                   WHERE id = $2";
        transaction.execute(sql, [now.into(), role.id.as_str().into()]).await?;
        let states = (role.json(), Json::Null);
        audit::record(&mut transaction, caller, "role.delete", (&role).into(), states, now).await?;
        transaction.commit().await?;
        Ok(role)
    }
}

impl Role {
    pub(super) fn of(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.text("id")?,
            name: row.text("name")?,
            display_name: row.text("display_name")?,
            rights: Rights::parse(&row.text("permissions")?),
            built_in: row.boolean("built_in")?,
            account: row.optional_text("account")?,
            account_id: row.optional_text("account_id")?,
            version: row.integer("version")?,
            created_at: row.integer("created_at")?,
            changed_at: row.integer("changed_at")?,
        })
    }

    /// Whether it holds what no other role may.
    pub(super) fn is_super(&self) -> bool {
        self.rights.iter().any(Right::is_super)
    }

    fn json(&self) -> Json {
        json!({
            "name": self.name, "display_name": self.display_name, "account": self.account,
            "permissions": self.rights.iter().map(Right::as_str).collect::<Vec<_>>(),
        })
    }
}

impl<'a> From<&'a Role> for Subject<'a> {
    fn from(role: &'a Role) -> Self {
        let account = role.account_id.as_deref();
        Self { kind: "role", id: &role.id, name: &role.name, account }
    }
}
