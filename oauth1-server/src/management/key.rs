//! Keys as they are shown: everything but the secrets.

use serde_json::{Value as Json, json};

use super::{KeyError, KeyService};
use crate::credentials::{
    generate::now,
    sql::database::{Row, Transaction},
};

/// The columns of a key, and where they are.
macro_rules! columns {
    () => {
        "c.id, c.account_id, c.identifier, c.name, c.display_name, c.developer_name,
         c.description, c.environment, c.enabled, c.expires_at, c.signature_methods,
         c.rsa_public_key IS NOT NULL AS rsa, c.body_hash_required, c.scopes, c.attributes,
         c.created_at, c.created_by, c.changed_at, c.last_used_at, c.last_used_address,
         a.name AS account,
         (SELECT max(s.expires_at) FROM secret s WHERE s.client_id = c.id) AS old_secret_expires_at
         FROM client c JOIN account a ON a.id = c.account_id"
    };
}

/// A key: an application and its tokens. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) id: String,
    pub(super) account_id: String,
    /// `oauth_consumer_key`.
    pub app_key: String,
    /// Unique in the account, without spaces.
    pub name: String,
    /// Any text.
    pub display_name: String,
    /// Who builds the application.
    pub developer_name: String,
    /// What it is for.
    pub description: String,
    /// Such as `production`.
    pub environment: String,
    /// The account it belongs to.
    pub account: String,
    /// Whether it may be used.
    pub enabled: bool,
    /// From when on it may not be used.
    pub expires_at: Option<i64>,
    /// Until when the secret before the last rotation is good.
    pub old_secret_expires_at: Option<i64>,
    /// Names between spaces; `None` for whatever the server accepts.
    pub signature_methods: Option<String>,
    /// Whether it signs with an RSA key and has no app secret.
    pub rsa: bool,
    /// Whether bodies that are no forms need `oauth_body_hash`.
    pub body_hash_required: bool,
    /// Between spaces.
    pub scopes: String,
    /// A JSON object of texts.
    pub attributes: String,
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
    /// The tokens, the one that was made with the key first; only in [`KeyService::show`].
    pub tokens: Vec<KeyToken>,
}

/// A token of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyToken {
    pub(super) id: String,
    /// `oauth_token`.
    pub access_token: String,
    /// Whether it was made with the key, and is rotated with it.
    pub own: bool,
    /// Who the application acts for; `None` for its account.
    pub resource_owner: Option<String>,
    /// From when on it may not be used.
    pub expires_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// When it was made.
    pub created_at: i64,
}

/// Whether a key can be used, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It can.
    Active,
    /// It was disabled.
    Disabled,
    /// Its time is over.
    Expired,
}

impl KeyState {
    /// One word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
        }
    }
}

/// Some of the keys, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPage {
    /// Without their tokens.
    pub keys: Vec<Key>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

impl Key {
    /// Whether it can be used now.
    #[must_use]
    pub fn state(&self) -> KeyState {
        match self {
            Self { enabled: false, .. } => KeyState::Disabled,
            Self { expires_at: Some(expires), .. } if *expires <= now() => KeyState::Expired,
            _ => KeyState::Active,
        }
    }

    fn of(row: &Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.text("id")?,
            account_id: row.text("account_id")?,
            app_key: row.text("identifier")?,
            name: row.text("name")?,
            display_name: row.text("display_name")?,
            developer_name: row.text("developer_name")?,
            description: row.text("description")?,
            environment: row.text("environment")?,
            account: row.text("account")?,
            enabled: row.boolean("enabled")?,
            expires_at: row.optional_integer("expires_at")?,
            old_secret_expires_at: row.optional_integer("old_secret_expires_at")?,
            signature_methods: row.optional_text("signature_methods")?,
            rsa: row.boolean("rsa")?,
            body_hash_required: row.boolean("body_hash_required")?,
            scopes: row.text("scopes")?,
            attributes: row.text("attributes")?,
            created_at: row.integer("created_at")?,
            created_by: row.text("created_by")?,
            changed_at: row.integer("changed_at")?,
            last_used_at: row.optional_integer("last_used_at")?,
            last_used_address: row.optional_text("last_used_address")?,
            tokens: Vec::new(),
        })
    }

    /// What the audit log shows.
    pub(super) fn json(&self) -> Json {
        json!({
            "name": self.name, "display_name": self.display_name,
            "developer_name": self.developer_name, "description": self.description,
            "environment": self.environment, "enabled": self.enabled,
            "expires_at": self.expires_at, "scopes": self.scopes, "attributes": self.attributes,
            "signature_methods": self.signature_methods, "rsa": self.rsa,
            "body_hash_required": self.body_hash_required,
            "old_secret_expires_at": self.old_secret_expires_at,
        })
    }
}

impl KeyService {
    /// At most `limit` keys, the newest first, from where an earlier page ended.
    ///
    /// # Errors
    /// [`KeyError::Database`].
    pub async fn list(&self, after: Option<&str>, limit: u16) -> Result<KeyPage, KeyError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " WHERE c.deleted_at IS NULL AND c.id < $1 ORDER BY c.id DESC LIMIT $2"
        );
        let limit = i64::from(limit.max(1));
        // Greater than every id.
        let after = after.unwrap_or("~");
        let rows = self.store.database().rows(SQL, [after.into(), (limit + 1).into()]).await?;
        let mut keys = rows.iter().map(Key::of).collect::<Result<Vec<_>, _>>()?;
        let more = i64::try_from(keys.len()).is_ok_and(|n| n > limit);
        if more {
            keys.pop();
        }
        let next = keys.last().filter(|_| more).map(|key| key.id.clone());
        Ok(KeyPage { keys, next })
    }

    /// A key by its app key or its name, with its tokens.
    ///
    /// # Errors
    /// [`KeyError::Unknown`], [`KeyError::Ambiguous`] or [`KeyError::Database`].
    pub async fn show(&self, key: &str) -> Result<Key, KeyError> {
        let database = self.store.database();
        let mut rows = database.rows(BY_IDENTIFIER, [key.into()]).await?;
        if rows.is_empty() {
            rows = database.rows(BY_NAME, [key.into()]).await?;
        }
        let mut found = one(&rows, key)?;
        let rows = database.rows(TOKENS, [found.id.as_str().into()]).await?;
        found.tokens = rows.iter().map(token).collect::<Result<_, _>>()?;
        Ok(found)
    }
}

/// The key and its tokens as they are within a transaction that changes them. Until it ends, no
/// other transaction does.
pub(super) async fn lock(
    transaction: &mut Transaction,
    key: &str,
    now: i64,
) -> Result<Key, KeyError> {
    let find = async |transaction: &mut Transaction| {
        let rows = transaction.rows(BY_IDENTIFIER, [key.into()]).await?;
        if rows.is_empty() { transaction.rows(BY_NAME, [key.into()]).await } else { Ok(rows) }
    };
    let id = one(&find(transaction).await?, key)?.id;
    // The row is locked by writing it, which both databases know.
    let sql = "UPDATE client SET changed_at = $1 WHERE id = $2 AND deleted_at IS NULL";
    transaction.execute(sql, [now.into(), id.as_str().into()]).await?;
    let mut found = one(&find(transaction).await?, key)?;
    let rows = transaction.rows(TOKENS, [found.id.as_str().into()]).await?;
    found.tokens = rows.iter().map(token).collect::<Result<_, _>>()?;
    Ok(found)
}

fn one(rows: &[Row], key: &str) -> Result<Key, KeyError> {
    match rows {
        [] => Err(KeyError::Unknown(key.into())),
        [row] => Ok(Key::of(row)?),
        _ => Err(KeyError::Ambiguous(key.into())),
    }
}

fn token(row: &Row) -> Result<KeyToken, sqlx::Error> {
    Ok(KeyToken {
        id: row.text("id")?,
        access_token: row.text("identifier")?,
        own: row.boolean("own")?,
        resource_owner: row.optional_text("resource_owner")?,
        expires_at: row.optional_integer("expires_at")?,
        revoked_at: row.optional_integer("revoked_at")?,
        created_at: row.integer("created_at")?,
    })
}

const BY_IDENTIFIER: &str =
    concat!("SELECT ", columns!(), " WHERE c.identifier = $1 AND c.deleted_at IS NULL");
const BY_NAME: &str =
    concat!("SELECT ", columns!(), " WHERE c.name = $1 AND c.deleted_at IS NULL LIMIT 2");
const TOKENS: &str = "
    SELECT id, identifier, own, resource_owner, expires_at, revoked_at, created_at FROM token
    WHERE client_id = $1 AND deleted_at IS NULL ORDER BY own DESC, id LIMIT 1000";
