//! Keys as they are shown: everything but the secrets.

use serde_json::{Value as Json, json};

use super::{Caller, KeyService, ManagementError, Right};
use crate::credentials::{
    generate::now,
    sql::database::{Row, Transaction},
};

/// The columns of a key.
macro_rules! columns {
    () => {
        "c.id, c.account_id, c.identifier, c.name, c.display_name, c.developer_name,
         c.description, c.environment, c.enabled, c.expires_at, c.signature_methods,
         c.rsa_public_key IS NOT NULL AS rsa, c.body_hash_required, c.two_legged, c.ip_allow,
         c.callbacks, c.scopes, c.attributes, c.attribute_methods, c.token_lifetime, c.version,
         c.created_at, c.created_by, c.changed_at, c.last_used_at, c.last_used_address,
         c.old_secret_expires_at, c.old_secret_used_at, c.explain_until, a.name AS account, p.name AS acts_as,
         r.name AS role"
    };
}
/// Where they are, beside `client c`.
macro_rules! joins {
    () => {
        "JOIN account a ON a.id = c.account_id
         LEFT JOIN person p ON p.id = c.acts_as
         LEFT JOIN role r ON r.id = c.role_id"
    };
}
pub(super) use {columns, joins};

/// A key: an application and its tokens. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its row id, which never changes.
    pub id: String,
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
    /// Until when a secret from before the last rotation is good.
    pub old_secret_expires_at: Option<i64>,
    /// When such a secret was used last.
    pub old_secret_used_at: Option<i64>,
    /// Until when senders hear by which mistake a wrong signature was made.
    pub explain_until: Option<i64>,
    /// Names between spaces; `None` for whatever the server accepts.
    pub signature_methods: Option<String>,
    /// Whether it signs with an RSA key and has no app secret.
    pub rsa: bool,
    /// Whether bodies that are no forms need `oauth_body_hash`.
    pub body_hash_required: bool,
    /// Whether it may leave out the token.
    pub two_legged: bool,
    /// Addresses and networks between spaces; empty for any.
    pub ip_allow: String,
    /// Where people are sent back to (section 2.1): URIs and `oob`, between spaces.
    pub callbacks: String,
    /// Between spaces.
    pub scopes: String,
    /// A JSON object of texts.
    pub attributes: String,
    /// Methods whose requests get the attributes, between spaces.
    pub attribute_methods: String,
    /// How many seconds a short-lived token is good for.
    pub token_lifetime: i64,
    /// The person whose rights limit it.
    pub acts_as: Option<String>,
    /// The role with which it manages keys.
    pub role: Option<String>,
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
    /// The tokens, the one that was made with the key first; only in [`KeyService::show`], and at
    /// most 1,000.
    pub tokens: Vec<KeyToken>,
}

/// A token of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyToken {
    /// Its row id.
    pub id: String,
    /// `oauth_token`.
    pub access_token: String,
    /// Whether it was made with the key, and is rotated with it.
    pub own: bool,
    /// Who the application acts for; `None` for its account.
    pub resource_owner: Option<String>,
    /// Between spaces.
    pub scopes: String,
    /// From when on it may not be used.
    pub expires_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// When it was made.
    pub created_at: i64,
    /// When it was used last.
    pub last_used_at: Option<i64>,
    /// From where it was used last.
    pub last_used_address: Option<String>,
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
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Active, Self::Disabled, Self::Expired];

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

    /// The columns of `columns!`.
    pub(super) fn of(row: &Row) -> Result<Self, sqlx::Error> {
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
            old_secret_expires_at: row
                .optional_integer("old_secret_expires_at")?
                .filter(|end| *end > now()),
            old_secret_used_at: row.optional_integer("old_secret_used_at")?,
            explain_until: row.optional_integer("explain_until")?.filter(|end| *end > now()),
            signature_methods: row.optional_text("signature_methods")?,
            rsa: row.boolean("rsa")?,
            body_hash_required: row.boolean("body_hash_required")?,
            two_legged: row.boolean("two_legged")?,
            ip_allow: row.text("ip_allow")?,
            callbacks: row.text("callbacks")?,
            scopes: row.text("scopes")?,
            attributes: row.text("attributes")?,
            attribute_methods: row.text("attribute_methods")?,
            token_lifetime: row.integer("token_lifetime")?,
            acts_as: row.optional_text("acts_as")?,
            role: row.optional_text("role")?,
            version: row.integer("version")?,
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
            "app_key": self.app_key, "name": self.name, "display_name": self.display_name,
            "developer_name": self.developer_name, "description": self.description,
            "environment": self.environment, "enabled": self.enabled,
            "expires_at": self.expires_at, "scopes": self.scopes, "attributes": self.attributes,
            "attribute_methods": self.attribute_methods, "ip_allow": self.ip_allow,
            "callbacks": self.callbacks,
            "two_legged": self.two_legged, "token_lifetime": self.token_lifetime,
            "acts_as": self.acts_as, "role": self.role,
            "signature_methods": self.signature_methods, "rsa": self.rsa,
            "body_hash_required": self.body_hash_required,
            "old_secret_expires_at": self.old_secret_expires_at,
            "explain_until": self.explain_until,
        })
    }
}

impl KeyService {
    /// A key by its app key, row id or name, with its tokens.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn show(&self, caller: &Caller, key: &str) -> Result<Key, ManagementError> {
        caller.require(Right::KeysRead)?;
        let database = self.management.store.database();
        let mut rows = Vec::new();
        for sql in FIND {
            rows = database.rows(sql, [key.into(), caller.account.as_deref().into()]).await?;
            if !rows.is_empty() {
                break;
            }
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
    caller: &Caller,
    key: &str,
    now: i64,
) -> Result<Key, ManagementError> {
    let id = find(transaction, caller, key).await?.id;
    // The row is locked by writing it, which both databases know.
    let sql = "UPDATE client SET changed_at = $1, version = version + 1
               WHERE id = $2 AND deleted_at IS NULL";
    transaction.execute(sql, [now.into(), id.as_str().into()]).await?;
    within(transaction, caller, &id).await
}

/// The key by its row id, as it is within a transaction that has it locked.
pub(super) async fn within(
    transaction: &mut Transaction,
    caller: &Caller,
    id: &str,
) -> Result<Key, ManagementError> {
    let mut found = find(transaction, caller, id).await?;
    let rows = transaction.rows(TOKENS, [id.into()]).await?;
    found.tokens = rows.iter().map(token).collect::<Result<_, _>>()?;
    Ok(found)
}

pub(super) async fn find(
    transaction: &mut Transaction,
    caller: &Caller,
    key: &str,
) -> Result<Key, ManagementError> {
    let mut rows = Vec::new();
    for sql in FIND {
        rows = transaction.rows(sql, [key.into(), caller.account.as_deref().into()]).await?;
        if !rows.is_empty() {
            break;
        }
    }
    one(&rows, key)
}

fn one(rows: &[Row], key: &str) -> Result<Key, ManagementError> {
    match rows {
        [] => Err(ManagementError::unknown("key", key)),
        [row] => Ok(Key::of(row)?),
        _ => Err(ManagementError::Ambiguous(key.into())),
    }
}

pub(super) fn token(row: &Row) -> Result<KeyToken, sqlx::Error> {
    Ok(KeyToken {
        id: row.text("id")?,
        access_token: row.text("identifier")?,
        own: row.boolean("own")?,
        resource_owner: row.optional_text("resource_owner")?,
        scopes: row.text("scopes")?,
        expires_at: row.optional_integer("expires_at")?,
        revoked_at: row.optional_integer("revoked_at")?,
        created_at: row.integer("created_at")?,
        last_used_at: row.optional_integer("last_used_at")?,
        last_used_address: row.optional_text("last_used_address")?,
    })
}

/// By app key, by row id, by name; what is of another account is not there.
const FIND: [&str; 3] = [
    concat!(
        "SELECT ",
        columns!(),
        " FROM client c ",
        joins!(),
        " WHERE c.identifier = $1 AND c.deleted_at IS NULL AND ($2 IS NULL OR c.account_id = $2)"
    ),
    concat!(
        "SELECT ",
        columns!(),
        " FROM client c ",
        joins!(),
        " WHERE c.id = $1 AND c.deleted_at IS NULL AND ($2 IS NULL OR c.account_id = $2)"
    ),
    concat!(
        "SELECT ",
        columns!(),
        " FROM client c ",
        joins!(),
        " WHERE c.name = $1 AND c.deleted_at IS NULL AND ($2 IS NULL OR c.account_id = $2) LIMIT 2"
    ),
];
const TOKENS: &str = "
    SELECT id, identifier, own, resource_owner, scopes, expires_at, revoked_at, created_at,
           last_used_at, last_used_address FROM token
    WHERE client_id = $1 AND deleted_at IS NULL ORDER BY own DESC, id DESC LIMIT 1000";
