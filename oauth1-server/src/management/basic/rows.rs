//! Basic credentials as rows.

use serde_json::{Value as Json, json};

use super::BasicCredential;
use crate::{
    credentials::sql::database::{Row, Transaction},
    management::{Caller, InvalidField, ManagementError, audit::Subject},
};

impl BasicCredential {
    pub(super) fn of(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.text("id")?,
            name: row.text("name")?,
            account: row.text("account")?,
            account_id: row.text("account_id")?,
            scopes: row.text("scopes")?,
            enabled: row.boolean("enabled")?,
            version: row.integer("version")?,
            created_at: row.integer("created_at")?,
            created_by: row.text("created_by")?,
            changed_at: row.integer("changed_at")?,
            last_used_at: row.optional_integer("last_used_at")?,
            last_used_address: row.optional_text("last_used_address")?,
        })
    }

    pub(super) fn json(&self) -> Json {
        json!({ "name": self.name, "scopes": self.scopes, "enabled": self.enabled })
    }
}

impl<'a> From<&'a BasicCredential> for Subject<'a> {
    fn from(credential: &'a BasicCredential) -> Self {
        let account = Some(credential.account_id.as_str());
        Self { kind: "basic", id: &credential.id, name: &credential.name, account }
    }
}

/// What can stand before the colon.
pub(super) fn check_name(name: &str) -> Result<(), InvalidField> {
    let first = |b: u8| b.is_ascii_alphanumeric();
    let good = (1..=63).contains(&name.len())
        && name.bytes().next().is_some_and(first)
        && name.bytes().all(|b| first(b) || b"._@-".contains(&b));
    if good {
        return Ok(());
    }
    let problem = format!(
        "{name:?} must be 1 to 63 letters, digits, '.', '_', '@' and '-', beginning with a letter or digit"
    );
    Err(InvalidField::new("name", problem))
}

pub(super) async fn find(
    transaction: &mut Transaction,
    caller: &Caller,
    credential: &str,
) -> Result<BasicCredential, ManagementError> {
    let values = [credential.into(), caller.account.as_deref().into()];
    let row = transaction.row(FIND, values).await?;
    let row = row.ok_or_else(|| ManagementError::unknown(KIND, credential))?;
    Ok(BasicCredential::of(&row)?)
}

macro_rules! credentials {
    ($rest:literal) => {
        concat!(
            "SELECT b.id, b.name, b.account_id, b.scopes, b.enabled, b.version, b.created_at,
                    b.created_by, b.changed_at, b.last_used_at, b.last_used_address,
                    a.name AS account
             FROM basic_credential b JOIN account a ON a.id = b.account_id WHERE ",
            $rest
        )
    };
}

pub(super) const FIND: &str = credentials!(
    "b.deleted_at IS NULL AND (b.id = $1 OR b.name = $1) AND ($2 IS NULL OR b.account_id = $2)"
);
pub(super) const PAGE: &str = credentials!(
    "b.deleted_at IS NULL AND ($1 IS NULL OR b.account_id = $1) AND b.name > $2
     ORDER BY b.name LIMIT $3"
);
pub(super) const ANY: &str = credentials!("b.id = $1");
pub(super) const KIND: &str = "Basic credential";
