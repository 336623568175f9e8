//! Making keys.

use std::collections::BTreeMap;

use oauth1_core::{ClientCredentials, SharedSecret, TokenCredentials};
use serde_json::Value as Json;

use super::{
    Caller, InvalidField, Key, KeyService, Management, ManagementError, Right, audit, callbacks,
    key, validate, words,
};
use crate::credentials::{
    IssuedCredentials,
    generate::{new_row_id, now},
    seal::{Place, Sealed},
    sql::{
        database::{Transaction, Value},
        is_possible, meta,
        records::SECRET_FIELD,
    },
};

/// What a new key is to be. `Default` is a key that does not expire, with a name made up.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// The account, by name; the caller's, or `default`, if there is none.
    pub account: Option<String>,
    /// Unique, without spaces; made of the display name if there is none.
    pub name: Option<String>,
    /// Any text; the name if there is none.
    pub display_name: Option<String>,
    /// Who builds the application; who makes the key if there is none.
    pub developer_name: Option<String>,
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
    /// Whether it may leave out the token.
    pub two_legged: bool,
    /// Addresses and networks that it may be used from; empty for any.
    pub ip_allow: Vec<String>,
    /// Where people are sent back to (section 2.1): URIs, and `oob` for a code that they carry
    /// themselves. Empty: it cannot ask for access.
    pub callbacks: Vec<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Presets of the catalogue, whose scopes it gets as well.
    pub presets: Vec<String>,
    /// What handlers want to know.
    pub attributes: BTreeMap<String, String>,
    /// Methods whose requests get the attributes; `None` for POST.
    pub attribute_methods: Option<Vec<String>>,
    /// How many seconds a short-lived token is good for; `None` for 3,600.
    pub token_lifetime: Option<i64>,
    /// A person, by name, whose rights limit it.
    pub acts_as: Option<String>,
    /// A role, by name, with which it manages keys.
    pub role: Option<String>,
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
    /// [`ManagementError`]; nothing was made.
    pub async fn create(
        &self,
        caller: &Caller,
        new: &NewKey,
    ) -> Result<CreatedKey, ManagementError> {
        caller.require(Right::KeysCreate)?;
        let (now, management) = (now(), &self.management);
        check(new)?;
        let rsa = match &new.kind {
            ClientKind::Secret => None,
            ClientKind::Rsa(pem) => Some(check_rsa(pem)?),
        };
        let scopes = management.scopes_of(&new.scopes, &new.presets)?;
        let (client, token) = match new.imported.clone() {
            Some(imported) => imported,
            None => (management.style.client()?, management.style.token()?),
        };
        let name = match (&new.name, &new.display_name) {
            (Some(name), _) => name.clone(),
            (None, Some(text)) => validate::slug(text).unwrap_or_else(|| made_up(&client)),
            (None, None) => made_up(&client),
        };

        let mut transaction = management.transaction().await?;
        let account = management.reserve(&mut transaction, caller, new.account.as_deref()).await?;
        validate::expiry(new.expires_at, now, account.expiry_required)?;
        let assigned = account.assigned(&mut transaction).await?;
        validate::scopes(&scopes, &management.catalogue, &assigned)?;
        let acts_as = person(&mut transaction, &account.id, new.acts_as.as_deref()).await?;
        let role = role(&mut transaction, caller, &account.id, new.role.as_deref()).await?;
        refuse_taken(&mut transaction, &account.id, &name).await?;
        refuse_used(&mut transaction, &client, &token).await?;

        let (client_id, token_id) = (new_row_id(now)?, new_row_id(now)?);
        let methods = new.attribute_methods.as_ref().map_or("POST".to_owned(), |m| m.join(" "));
        let values: Vec<Value> = vec![
            client_id.as_str().into(),
            account.id.as_str().into(),
            client.identifier().into(),
            name.as_str().into(),
            new.display_name.as_deref().unwrap_or(&name).into(),
            new.developer_name.as_deref().unwrap_or(&caller.name).into(),
            new.description.as_str().into(),
            new.environment.as_str().into(),
            new.expires_at.into(),
            new.signature_methods.as_deref().into(),
            new.body_hash_required.into(),
            rsa.into(),
            scopes.join(" ").into(),
            serde_json::json!(new.attributes).to_string().into(),
            now.into(),
            caller.name.as_str().into(),
            new.two_legged.into(),
            new.ip_allow.join(" ").into(),
            methods.into(),
            new.token_lifetime.unwrap_or(DEFAULT_TOKEN_LIFETIME).into(),
            acts_as.as_deref().into(),
            role.as_deref().into(),
            new.callbacks.join(" ").into(),
        ];
        transaction.execute(INSERT, values).await?;
        insert_token(&mut transaction, &token_id, &client_id, token.identifier(), &scopes, now)
            .await?;
        let store = |owner, secret| (owner, secret);
        let mut secrets = vec![store(Owner::Token(&token_id), token.secret())];
        if rsa.is_none() {
            secrets.push(store(Owner::Client(&client_id), client.secret()));
        }
        for (owner, secret) in secrets {
            management.store_secret(&mut transaction, owner, secret, now).await?;
        }
        let key = key::within(&mut transaction, caller, &client_id).await?;
        words::keep(&mut transaction, &key).await?;
        let states = (Json::Null, key.json());
        audit::record(&mut transaction, caller, "key.create", (&key).into(), states, now).await?;
        transaction.commit().await?;
        Ok(CreatedKey { key, credentials: IssuedCredentials { client, token } })
    }
}

/// Everything that does not need the database.
fn check(new: &NewKey) -> Result<(), InvalidField> {
    if let Some(name) = &new.name {
        validate::name(name)?;
    }
    validate::text("display_name", new.display_name.as_deref().unwrap_or("-"), 1, 100)?;
    validate::text("developer_name", new.developer_name.as_deref().unwrap_or("-"), 1, 100)?;
    validate::text("description", &new.description, 0, 280)?;
    validate::text("environment", &new.environment, 0, 63)?;
    validate::attributes(&new.attributes)?;
    validate::signature_methods(new.signature_methods.as_deref())?;
    validate::attribute_methods(new.attribute_methods.as_deref().unwrap_or_default())?;
    validate::ip_allow(&new.ip_allow)?;
    callbacks::check(&new.callbacks)?;
    if let Some(seconds) = new.token_lifetime {
        validate::token_lifetime(seconds)?;
    }
    for identifier in
        new.imported.iter().flat_map(|(client, token)| [client.identifier(), token.identifier()])
    {
        if !is_possible(identifier) {
            return Err(InvalidField::new("identifier", "must be 1 to 255 octets, without NUL"));
        }
    }
    Ok(())
}

impl Management {
    /// The scopes of a key, those of presets among them, each once and in order.
    pub(super) fn scopes_of(
        &self,
        scopes: &[String],
        presets: &[String],
    ) -> Result<Vec<String>, InvalidField> {
        let mut scopes = scopes.to_vec();
        for name in presets {
            let preset = self.catalogue.preset(name).ok_or_else(|| {
                let known: Vec<_> = self.catalogue.presets().iter().map(|p| &*p.name).collect();
                let known = if known.is_empty() { "none".into() } else { known.join(", ") };
                let problem = format!("{name:?} is no preset of the catalogue; there is {known}");
                InvalidField::new("presets", problem)
            })?;
            scopes.extend(preset.scopes.iter().map(|scope| scope.to_string()));
        }
        scopes.sort();
        scopes.dedup();
        Ok(scopes)
    }

    /// Seals a secret with the key that the database names, and stores it as the current one.
    pub(super) async fn store_secret(
        &self,
        transaction: &mut Transaction,
        owner: Owner<'_>,
        secret: &SharedSecret,
        now: i64,
    ) -> Result<(), ManagementError> {
        let key_id = meta::key_id_for_writing(self.store.database(), transaction).await?;
        let row = new_row_id(now)?;
        let (client, token, credential) = match owner {
            Owner::Client(id) => (Some(id), None, id),
            Owner::Token(id) => (None, Some(id), id),
        };
        let place = Place { row: &row, credential, field: SECRET_FIELD };
        let Sealed { key_id, octets } =
            self.store.keyring().seal(&key_id, place, secret.expose().as_bytes())?;
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
}

/// Whose secret it is, by row id.
#[derive(Clone, Copy, Debug)]
pub(super) enum Owner<'a> {
    Client(&'a str),
    Token(&'a str),
}

/// Refuses a name that another key of the account has.
pub(super) async fn refuse_taken(
    transaction: &mut Transaction,
    account: &str,
    name: &str,
) -> Result<(), ManagementError> {
    let sql = "SELECT count(*) AS n FROM client
               WHERE account_id = $1 AND name = $2 AND deleted_at IS NULL";
    let taken = transaction.row(sql, [account.into(), name.into()]).await?;
    match taken.map_or(Ok(0), |row| row.integer("n"))? {
        0 => Ok(()),
        _ => Err(ManagementError::NameTaken(name.to_owned())),
    }
}

/// Refuses identifiers that are or were somebody's.
async fn refuse_used(
    transaction: &mut Transaction,
    client: &ClientCredentials,
    token: &TokenCredentials,
) -> Result<(), ManagementError> {
    for (sql, identifier) in [
        ("SELECT count(*) AS n FROM client WHERE identifier = $1", client.identifier()),
        ("SELECT count(*) AS n FROM token WHERE identifier = $1", token.identifier()),
    ] {
        let used = transaction.row(sql, [identifier.into()]).await?;
        if used.map_or(Ok(0), |row| row.integer("n"))? > 0 {
            let problem = "an app key or access token of this name exists or existed; identifiers are never used again";
            return Err(InvalidField::new("identifier", problem).into());
        }
    }
    Ok(())
}

/// The token that belongs to a key.
pub(super) async fn insert_token(
    transaction: &mut Transaction,
    id: &str,
    client_id: &str,
    identifier: &str,
    scopes: &[String],
    now: i64,
) -> Result<(), ManagementError> {
    let sql = "INSERT INTO token (id, client_id, identifier, own, scopes, created_at, changed_at)
               VALUES ($1, $2, $3, TRUE, $4, $5, $5)";
    let values =
        [id.into(), client_id.into(), identifier.into(), scopes.join(" ").into(), now.into()];
    transaction.execute(sql, values).await?;
    Ok(())
}

/// The row id of a person of the account.
pub(super) async fn person(
    transaction: &mut Transaction,
    account: &str,
    name: Option<&str>,
) -> Result<Option<String>, ManagementError> {
    let Some(name) = name else { return Ok(None) };
    let sql = "SELECT id FROM person WHERE name = $1 AND deleted_at IS NULL
               AND (account_id IS NULL OR account_id = $2)";
    let row = transaction.row(sql, [name.into(), account.into()]).await?;
    let row = row.ok_or_else(|| ManagementError::unknown("person", name))?;
    Ok(Some(row.text("id")?))
}

/// The row id of a role that the caller may give.
pub(super) async fn role(
    transaction: &mut Transaction,
    caller: &Caller,
    account: &str,
    name: Option<&str>,
) -> Result<Option<String>, ManagementError> {
    let Some(name) = name else { return Ok(None) };
    let sql = "SELECT id, permissions FROM role WHERE name = $1 AND deleted_at IS NULL
               AND (account_id IS NULL OR account_id = $2)";
    let row = transaction.row(sql, [name.into(), account.into()]).await?;
    let row = row.ok_or_else(|| ManagementError::unknown("role", name))?;
    if !caller.rights.contains_all(super::Rights::parse(&row.text("permissions")?)) {
        return Err(ManagementError::Refused(format!(
            "the role {name} permits more than you may do; nobody gives more than he has"
        )));
    }
    Ok(Some(row.text("id")?))
}

#[cfg(feature = "rsa")]
fn check_rsa(pem: &str) -> Result<&str, InvalidField> {
    oauth1_core::rsa::RsaPublicKey::from_pem(pem)
        .map_err(|error| InvalidField::new("rsa_public_key", error.to_string()))?;
    Ok(pem)
}

#[cfg(not(feature = "rsa"))]
fn check_rsa(_pem: &str) -> Result<&str, InvalidField> {
    let problem = "this program was built without the cargo feature rsa";
    Err(InvalidField::new("rsa_public_key", problem))
}

fn made_up(client: &ClientCredentials) -> String {
    let body = client.identifier().rsplit('_').next().unwrap_or_default();
    let tail: String = body.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("key-{}", tail.get(..8).unwrap_or(&tail).to_ascii_lowercase())
}

const INSERT: &str = "
    INSERT INTO client (id, account_id, identifier, name, display_name, developer_name,
        description, environment, expires_at, signature_methods, body_hash_required,
        rsa_public_key, scopes, attributes, created_at, created_by, changed_at, two_legged,
        ip_allow, attribute_methods, token_lifetime, acts_as, role_id, callbacks)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $15, $17, $18,
        $19, $20, $21, $22, $23)";
const DEFAULT_TOKEN_LIFETIME: i64 = 3600;
