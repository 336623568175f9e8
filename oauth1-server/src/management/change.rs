//! Changing, disabling, enabling and deleting keys. None of it touches a secret, but for deleting.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    Caller, InvalidField, Key, KeyService, ManagementError, Right, audit, callbacks, create, key,
    validate, words,
};
use crate::credentials::{
    generate::now,
    sql::database::{Transaction, Value},
};

/// What is to be changed of a key; `None` stays as it is. For the fields, see
/// [`NewKey`](super::NewKey).
#[derive(Clone, Debug, Default)]
pub struct KeyChange {
    /// The name without spaces.
    pub name: Option<String>,
    /// The name as people read it.
    pub display_name: Option<String>,
    /// Who builds the application.
    pub developer_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Such as `production`.
    pub environment: Option<String>,
    /// Whether it may be used.
    pub enabled: Option<bool>,
    /// From when on it may not be used; `Some(None)` for never.
    pub expires_at: Option<Option<i64>>,
    /// Names between spaces; `Some(None)` for whatever the server accepts.
    pub signature_methods: Option<Option<String>>,
    /// Whether bodies that are no forms need `oauth_body_hash`.
    pub body_hash_required: Option<bool>,
    /// Whether it may leave out the token.
    pub two_legged: Option<bool>,
    /// Addresses and networks; empty for any.
    pub ip_allow: Option<Vec<String>>,
    /// Where people are sent back to, all of it; empty if it cannot ask for access any more.
    pub callbacks: Option<Vec<String>>,
    /// What it may do, all of it.
    pub scopes: Option<Vec<String>>,
    /// What handlers want to know, all of it.
    pub attributes: Option<BTreeMap<String, String>>,
    /// Methods whose requests get the attributes.
    pub attribute_methods: Option<Vec<String>>,
    /// Seconds.
    pub token_lifetime: Option<i64>,
    /// A person, by name; `Some(None)` for nobody.
    pub acts_as: Option<Option<String>>,
    /// A role, by name; `Some(None)` for none.
    pub role: Option<Option<String>>,
}

impl KeyService {
    /// Changes a key; `version` is the one that the caller has read, if that matters. Nobody
    /// changes a key that manages keys with more rights than he has.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn update(
        &self,
        caller: &Caller,
        key: &str,
        change: &KeyChange,
        version: Option<i64>,
    ) -> Result<Key, ManagementError> {
        caller.require(Right::KeysUpdate)?;
        change.check()?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let before = key::lock(&mut transaction, caller, key, now).await?;
        expect(&before, version)?;
        self.apply(&mut transaction, caller, &before, change, now).await?;
        let after = key::within(&mut transaction, caller, &before.id).await?;
        words::keep(&mut transaction, &after).await?;
        let action = match change.enabled {
            Some(true) if !before.enabled => "key.enable",
            Some(false) if before.enabled => "key.disable",
            _ => "key.update",
        };
        let states = (before.json(), after.json());
        audit::record(&mut transaction, caller, action, (&after).into(), states, now).await?;
        transaction.commit().await?;
        self.management.forget_key(&before);
        Ok(after)
    }

    async fn apply(
        &self,
        transaction: &mut Transaction,
        caller: &Caller,
        before: &Key,
        change: &KeyChange,
        now: i64,
    ) -> Result<(), ManagementError> {
        let id = before.id.as_str();
        let reserved =
            self.management.account_within(transaction, caller, &before.account_id).await?;
        // The role that it has now: who may not give it may not use it for himself either.
        create::role(transaction, caller, &before.account_id, before.role.as_deref()).await?;
        let mut set = Columns::default();
        if let Some(name) = change.name.as_ref().filter(|name| **name != before.name) {
            create::refuse_taken(transaction, &before.account_id, name).await?;
            set.keep("name", name.as_str());
        }
        for (column, text) in [
            ("display_name", &change.display_name),
            ("developer_name", &change.developer_name),
            ("description", &change.description),
            ("environment", &change.environment),
        ] {
            set.keep_some(column, text.as_deref());
        }
        set.keep_some("enabled", change.enabled);
        if let Some(expires_at) = change.expires_at.filter(|new| *new != before.expires_at) {
            validate::expiry(expires_at, now, reserved.expiry_required)?;
            set.keep("expires_at", expires_at);
        }
        if let Some(methods) = &change.signature_methods {
            set.keep("signature_methods", methods.as_deref());
        }
        set.keep_some("body_hash_required", change.body_hash_required);
        set.keep_some("two_legged", change.two_legged);
        set.keep_some("ip_allow", change.ip_allow.as_ref().map(|list| list.join(" ")));
        set.keep_some("callbacks", change.callbacks.as_ref().map(|list| list.join(" ")));
        set.keep_some(
            "attributes",
            change.attributes.as_ref().map(|a| serde_json::json!(a).to_string()),
        );
        set.keep_some("attribute_methods", change.attribute_methods.as_ref().map(|m| m.join(" ")));
        set.keep_some("token_lifetime", change.token_lifetime);
        if let Some(acts_as) = &change.acts_as {
            let person =
                create::person(transaction, &before.account_id, acts_as.as_deref()).await?;
            set.keep("acts_as", person.as_deref());
        }
        if let Some(role) = &change.role {
            let role = create::role(transaction, caller, &before.account_id, role.as_deref());
            set.keep("role_id", role.await?.as_deref());
        }
        if let Some(scopes) = &change.scopes {
            let scopes = self.management.scopes_of(scopes, &[])?;
            let old: Vec<_> = before.scopes.split(' ').collect();
            // What it had already may have left the catalogue since.
            let new: Vec<_> =
                scopes.iter().filter(|scope| !old.contains(&scope.as_str())).cloned().collect();
            let assigned = reserved.assigned(transaction).await?;
            validate::scopes(&new, &self.management.catalogue, &assigned)?;
            let scopes = scopes.join(" ");
            let sql = "UPDATE token SET scopes = $1, changed_at = $2
                       WHERE client_id = $3 AND own AND deleted_at IS NULL";
            transaction.execute(sql, [scopes.as_str().into(), now.into(), id.into()]).await?;
            set.keep("scopes", scopes);
        }
        set.write(transaction, id).await
    }

    /// Disables or enables a key. Says what it is now.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn set_enabled(
        &self,
        caller: &Caller,
        key: &str,
        enabled: bool,
    ) -> Result<Key, ManagementError> {
        let change = KeyChange { enabled: Some(enabled), ..KeyChange::default() };
        self.update(caller, key, &change, None).await
    }

    /// Deletes a key and its tokens. Their secrets are erased at once; their identifiers are never
    /// used again, and the audit log stays.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn delete(
        &self,
        caller: &Caller,
        key: &str,
        version: Option<i64>,
    ) -> Result<Key, ManagementError> {
        caller.require(Right::KeysDelete)?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let deleted = key::lock(&mut transaction, caller, key, now).await?;
        expect(&deleted, version)?;
        create::role(&mut transaction, caller, &deleted.account_id, deleted.role.as_deref())
            .await?;
        let sql = "SELECT deletion_allowed FROM account WHERE id = $1";
        let row = transaction.row(sql, [deleted.account_id.as_str().into()]).await?;
        if !row.ok_or(sqlx::Error::RowNotFound)?.boolean("deletion_allowed")? {
            return Err(ManagementError::DeletionForbidden);
        }
        let id = deleted.id.as_str();
        for sql in [
            "DELETE FROM secret WHERE token_id IN (SELECT id FROM token WHERE client_id = $1)",
            "DELETE FROM secret WHERE client_id = $1",
            "DELETE FROM client_address WHERE client_id = $1",
            "DELETE FROM refusal WHERE client_id = $1",
            "DELETE FROM temporary WHERE client_id = $1",
        ] {
            transaction.execute(sql, [id.into()]).await?;
        }
        words::forget(&mut transaction, &deleted).await?;
        for sql in [
            "UPDATE token SET deleted_at = $1, changed_at = $1
             WHERE client_id = $2 AND deleted_at IS NULL",
            "UPDATE client SET deleted_at = $1, enabled = FALSE, rsa_public_key = NULL
             WHERE id = $2",
        ] {
            transaction.execute(sql, [now.into(), id.into()]).await?;
        }
        let states = (deleted.json(), Json::Null);
        audit::record(&mut transaction, caller, "key.delete", (&deleted).into(), states, now)
            .await?;
        transaction.commit().await?;
        self.management.forget_key(&deleted);
        Ok(deleted)
    }
}

/// Refuses if the key was changed since the caller has read it; the lock itself was a change.
pub(super) const fn expect(locked: &Key, version: Option<i64>) -> Result<(), ManagementError> {
    match version {
        Some(version) if version != locked.version - 1 => {
            Err(ManagementError::Conflict { found: locked.version - 1 })
        }
        _ => Ok(()),
    }
}

impl KeyChange {
    /// Everything that does not need the database.
    fn check(&self) -> Result<(), InvalidField> {
        if let Some(name) = &self.name {
            validate::name(name)?;
        }
        for (field, text, least, most) in [
            ("display_name", &self.display_name, 1, 100),
            ("developer_name", &self.developer_name, 1, 100),
            ("description", &self.description, 0, 280),
            ("environment", &self.environment, 0, 63),
        ] {
            validate::text(field, text.as_deref().unwrap_or("-"), least, most)?;
        }
        if let Some(methods) = &self.signature_methods {
            validate::signature_methods(methods.as_deref())?;
        }
        if let Some(attributes) = &self.attributes {
            validate::attributes(attributes)?;
        }
        validate::attribute_methods(self.attribute_methods.as_deref().unwrap_or_default())?;
        validate::ip_allow(self.ip_allow.as_deref().unwrap_or_default())?;
        callbacks::check(self.callbacks.as_deref().unwrap_or_default())?;
        self.token_lifetime.map_or(Ok(()), validate::token_lifetime)
    }
}

/// Columns that get another value, in one statement.
#[derive(Default)]
struct Columns {
    set: String,
    values: Vec<Value>,
}

impl Columns {
    fn keep(&mut self, column: &'static str, value: impl Into<Value>) {
        self.values.push(value.into());
        let comma = if self.set.is_empty() { "" } else { ", " };
        self.set += &format!("{comma}{column} = ${}", self.values.len());
    }

    fn keep_some(&mut self, column: &'static str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.keep(column, value);
        }
    }

    async fn write(
        mut self,
        transaction: &mut Transaction,
        id: &str,
    ) -> Result<(), ManagementError> {
        if self.set.is_empty() {
            return Ok(());
        }
        self.values.push(id.into());
        let sql = format!("UPDATE client SET {} WHERE id = ${}", self.set, self.values.len());
        // Made of column names in this file; every value is bound.
        transaction.execute(sqlx::AssertSqlSafe(sql), self.values).await?;
        Ok(())
    }
}
