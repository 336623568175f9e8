//! Making keys.

use std::collections::BTreeMap;

use oauth1_core::{ClientCredentials, SharedSecret, TokenCredentials};

use super::{Actor, InvalidKey, Key, KeyError, KeyService, audit, key, validate};
use crate::credentials::{
    IssuedCredentials,
    generate::{new_client, new_row_id, new_token, now},
    seal::{Place, Sealed},
    sql::{SqlCredentialStore, database::Transaction, meta, records::SECRET_FIELD},
};

/// What a new key is to be. `Default` is a key that does not expire, with a name made up.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// Unique, without spaces; made of the display name if there is none.
    pub name: Option<String>,
    /// Any text; the name if there is none.
    pub display_name: Option<String>,
    /// Who builds the application.
    pub developer_name: String,
    /// What it is for.
    pub description: String,
    /// Such as `production`.
    pub environment: String,
    /// From when on it may not be used, in milliseconds since 1970.
    pub expires_at: Option<i64>,
    /// Names between spaces; `None` for whatever the server accepts.
    pub signature_methods: Option<String>,
    /// Whether bodies that are no forms need `oauth_body_hash`.
    pub body_hash_required: bool,
    /// What it may do.
    pub scopes: Vec<String>,
    /// What handlers want to know.
    pub attributes: BTreeMap<String, String>,
    /// How it signs.
    pub kind: ClientKind,
    /// Credentials that exist elsewhere already, instead of new ones.
    pub imported: Option<(ClientCredentials, TokenCredentials)>,
}

/// How the application signs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientKind {
    /// With its app secret (sections 3.4.2 and 3.4.4).
    #[default]
    Secret,
    /// With an RSA key, of which this is the public part in PEM (section 3.4.3).
    Rsa(String),
}

/// A new key, and its secrets, which are never shown again.
#[derive(Debug)]
pub struct CreatedKey {
    /// What [`KeyService::show`] shows.
    pub key: Key,
    /// The four values. The app secret means nothing if the key is an RSA key.
    pub credentials: IssuedCredentials,
}

impl KeyService {
    /// Makes a key with a token.
    ///
    /// # Errors
    /// [`KeyError`]; nothing was made.
    pub async fn create(&self, actor: &Actor, new: &NewKey) -> Result<CreatedKey, KeyError> {
        let now = now();
        validate::check(new, now)?;
        let rsa = match &new.kind {
            ClientKind::Secret => None,
            ClientKind::Rsa(pem) => Some(check_rsa(pem)?),
        };
        let (client, token) = match new.imported.clone() {
            Some(imported) => imported,
            None => (new_client()?, new_token()?),
        };
        let name = match (&new.name, &new.display_name) {
            (Some(name), _) => name.clone(),
            (None, Some(text)) => validate::slug(text).unwrap_or_else(|| made_up(&client)),
            (None, None) => made_up(&client),
        };

        let mut transaction = self.store.database().begin().await?;
        reserve(&mut transaction).await?;
        let sql = "SELECT count(*) AS n FROM client
                   WHERE account_id = $1 AND name = $2 AND deleted_at IS NULL";
        let taken = transaction.row(sql, [ACCOUNT.into(), name.as_str().into()]).await?;
        if taken.map_or(Ok(0), |row| row.integer("n"))? > 0 {
            return Err(KeyError::NameTaken(name));
        }
        for (sql, identifier) in [
            ("SELECT count(*) AS n FROM client WHERE identifier = $1", client.identifier()),
            ("SELECT count(*) AS n FROM token WHERE identifier = $1", token.identifier()),
        ] {
            let used = transaction.row(sql, [identifier.into()]).await?;
            if used.map_or(Ok(0), |row| row.integer("n"))? > 0 {
                let problem = "an app key or access token of this name exists or existed; identifiers are never used again";
                return Err(InvalidKey::new("identifier", problem).into());
            }
        }

        let (client_id, token_id) = (new_row_id(now)?, new_row_id(now)?);
        let mut scopes = new.scopes.clone();
        scopes.sort();
        scopes.dedup();
        let attributes = serde_json::json!(new.attributes).to_string();
        let sql = "INSERT INTO client (id, account_id, identifier, name, display_name,
                       developer_name, description, environment, expires_at, signature_methods,
                       body_hash_required, rsa_public_key, scopes, attributes, created_at,
                       created_by, changed_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                       $15)";
        let values = [
            client_id.as_str().into(),
            ACCOUNT.into(),
            client.identifier().into(),
            name.as_str().into(),
            new.display_name.as_deref().unwrap_or(&name).into(),
            new.developer_name.as_str().into(),
            new.description.as_str().into(),
            new.environment.as_str().into(),
            new.expires_at.into(),
            new.signature_methods.as_deref().into(),
            new.body_hash_required.into(),
            rsa.into(),
            scopes.join(" ").into(),
            attributes.into(),
            now.into(),
            actor.name.as_str().into(),
        ];
        transaction.execute(sql, values).await?;
        let sql =
            "INSERT INTO token (id, client_id, identifier, own, scopes, created_at, changed_at)
                   VALUES ($1, $2, $3, TRUE, $4, $5, $5)";
        let values = [
            token_id.as_str().into(),
            client_id.as_str().into(),
            token.identifier().into(),
            scopes.join(" ").into(),
            now.into(),
        ];
        transaction.execute(sql, values).await?;
        if rsa.is_none() {
            store_secret(
                &self.store,
                &mut transaction,
                Owner::Client(&client_id),
                client.secret(),
                now,
            )
            .await?;
        }
        store_secret(&self.store, &mut transaction, Owner::Token(&token_id), token.secret(), now)
            .await?;
        let key = key::lock(&mut transaction, client.identifier(), now).await?;
        let after = key.json();
        audit::record(
            &mut transaction,
            actor,
            "key.create",
            &key,
            serde_json::Value::Null,
            after,
            now,
        )
        .await?;
        transaction.commit().await?;
        Ok(CreatedKey { key, credentials: IssuedCredentials { client, token } })
    }
}

/// Refuses if the account has as many keys as it may. Until the transaction ends, nobody else makes
/// one.
async fn reserve(transaction: &mut Transaction) -> Result<(), KeyError> {
    let sql = "UPDATE account SET changed_at = changed_at WHERE id = $1 RETURNING max_keys";
    let row = transaction.row(sql, [ACCOUNT.into()]).await?.ok_or(sqlx::Error::RowNotFound)?;
    let limit = row.integer("max_keys")?;
    if limit == 0 {
        return Ok(());
    }
    let sql = "SELECT count(*) AS n FROM client WHERE account_id = $1 AND deleted_at IS NULL";
    let row = transaction.row(sql, [ACCOUNT.into()]).await?.ok_or(sqlx::Error::RowNotFound)?;
    if row.integer("n")? >= limit { Err(KeyError::LimitReached(limit)) } else { Ok(()) }
}

/// Whose secret it is, by row id.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner<'a> {
    Client(&'a str),
    Token(&'a str),
}

/// Seals a secret with the key that the database names, and stores it as the current one.
pub(super) async fn store_secret(
    store: &SqlCredentialStore,
    transaction: &mut Transaction,
    owner: Owner<'_>,
    secret: &SharedSecret,
    now: i64,
) -> Result<(), KeyError> {
    let key_id = meta::key_id_for_writing(store.database(), transaction).await?;
    let row = new_row_id(now)?;
    let (client, token, credential) = match owner {
        Owner::Client(id) => (Some(id), None, id),
        Owner::Token(id) => (None, Some(id), id),
    };
    let place = Place { row: &row, credential, field: SECRET_FIELD };
    let Sealed { key_id, octets } =
        store.keyring().seal(&key_id, place, secret.expose().as_bytes())?;
    let sql = "INSERT INTO secret (id, client_id, token_id, key_id, sealed, created_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        row.as_str().into(),
        client.into(),
        token.into(),
        key_id.as_ref().into(),
        octets.into(),
        now.into(),
    ];
    transaction.execute(sql, values).await?;
    Ok(())
}

#[cfg(feature = "rsa")]
fn check_rsa(pem: &str) -> Result<&str, InvalidKey> {
    oauth1_core::rsa::RsaPublicKey::from_pem(pem)
        .map_err(|error| InvalidKey::new("RSA public key", error.to_string()))?;
    Ok(pem)
}

#[cfg(not(feature = "rsa"))]
fn check_rsa(_pem: &str) -> Result<&str, InvalidKey> {
    let problem = "this program was built without the cargo feature rsa";
    Err(InvalidKey::new("RSA public key", problem))
}

fn made_up(client: &ClientCredentials) -> String {
    let tail: String = client.identifier().chars().filter(char::is_ascii_alphanumeric).collect();
    format!("key-{}", tail.get(..8).unwrap_or(&tail).to_ascii_lowercase())
}

/// The account that the tables begin with.
const ACCOUNT: &str = "00000000-0000-7000-8000-000000000000";
