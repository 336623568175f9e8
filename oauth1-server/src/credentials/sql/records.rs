//! Rows as the records that the verifier works with.

use oauth1_core::{ClientCredentials, SharedSecret, SignatureMethod, Timestamp, TokenCredentials};
use zeroize::Zeroizing;

use super::database::{Database, Row};
use crate::{
    basic::BasicRecord,
    credentials::{
        ClientRecord, Scopes, TokenRecord,
        seal::{Keyring, Place},
    },
    error::{BoxError, StoreError},
    policy::SignatureMethods,
};

/// The client with an identifier, unless it was deleted. One read by an index.
pub(super) async fn client(
    database: &Database,
    keyring: &Keyring,
    identifier: &str,
) -> Result<Option<ClientRecord>, StoreError> {
    const SQL: &str = "
        SELECT c.id, c.name, c.environment, c.expires_at, c.signature_methods,
               c.body_hash_required, c.rsa_public_key, c.scopes, c.attributes, c.two_legged,
               c.ip_allow, c.attribute_methods, c.explain_until, a.name AS account, a.id AS account_id,
               c.enabled AND a.deleted_at IS NULL
                   AND (c.acts_as IS NULL OR (p.enabled AND p.deleted_at IS NULL)) AS enabled,
               p.scopes AS person_scopes,
               (SELECT string_agg(n.scope, ' ') FROM assignment n
                   WHERE n.account_id = a.id) AS assigned,
               s.id AS secret_id, s.key_id, s.sealed, s.expires_at AS secret_expires_at
        FROM client c
        JOIN account a ON a.id = c.account_id
        LEFT JOIN person p ON p.id = c.acts_as
        LEFT JOIN secret s ON s.client_id = c.id
        WHERE c.identifier = $1 AND c.deleted_at IS NULL";
    let rows = database.rows(SQL, [identifier.into()]).await.map_err(StoreError::new)?;
    let Some(row) = rows.first() else { return Ok(None) };
    record(row, &rows, keyring, identifier).map(Some).map_err(StoreError::new)
}

fn record(
    row: &Row,
    rows: &[Row],
    keyring: &Keyring,
    identifier: &str,
) -> Result<ClientRecord, BoxError> {
    let mut record = match row.optional_text("rsa_public_key")? {
        Some(pem) => rsa_record(identifier, &pem)?,
        None => {
            let secrets = Secrets::open(keyring, &row.text("id")?, rows)?;
            let credentials = ClientCredentials::with_secret(identifier, secrets.current);
            let record = ClientRecord::new(&credentials);
            match secrets.other {
                Some((secret, last)) => record.with_other_secret_until(secret, last),
                None => record,
            }
        }
    };
    record = record
        .with_suspension(!row.boolean("enabled")?)
        .with_body_hash_required(row.boolean("body_hash_required")?);
    if let Some(methods) = row.optional_text("signature_methods")? {
        record = record.with_methods(parse_methods(&methods)?);
    }
    if let Some(expires) = row.optional_integer("expires_at")? {
        record = record.with_expiry(last_second(expires)?);
    }
    if let Some(end) = row.optional_integer("explain_until")? {
        record = record.with_explanations_until(last_second(end)?);
    }
    let attributes = parse_attributes(&row.text("attributes")?)?;
    for (name, value) in &attributes {
        record = record.with_attribute(name, value);
    }
    for name in ["name", "account", "environment"] {
        record = record.with_attribute(name, &row.text(name)?);
    }
    let methods = parse_http_methods(&row.text("attribute_methods")?)?;
    record = record.with_default_attributes(attributes, &methods)?;
    if let Some(limit) = row.optional_text("person_scopes")? {
        record = record.with_limit(Scopes::parse(&limit));
    }
    let scopes = row.text("scopes")?;
    Ok(record
        .with_account(&row.text("account_id")?)
        .with_scopes(Scopes::parse(&scopes))
        .with_assigned(Scopes::parse(&row.optional_text("assigned")?.unwrap_or_default()))
        .with_two_legged(row.boolean("two_legged")?)
        .with_networks(row.text("ip_allow")?.parse()?)
        .with_attribute("scope", &scopes))
}

#[cfg(feature = "rsa")]
fn rsa_record(identifier: &str, pem: &str) -> Result<ClientRecord, BoxError> {
    let key = oauth1_core::rsa::RsaPublicKey::from_pem(pem)?;
    Ok(ClientRecord::with_rsa_key(identifier, key))
}

#[cfg(not(feature = "rsa"))]
fn rsa_record(_identifier: &str, _pem: &str) -> Result<ClientRecord, BoxError> {
    Err("a client has an RSA key, and this program was built without the cargo feature rsa".into())
}

/// The token with an identifier, unless it was deleted. One read by an index.
pub(super) async fn token(
    database: &Database,
    keyring: &Keyring,
    identifier: &str,
) -> Result<Option<TokenRecord>, StoreError> {
    const SQL: &str = "
        SELECT t.id, t.resource_owner, t.scopes, t.attributes, t.expires_at,
               t.revoked_at IS NOT NULL
                   OR (p.id IS NOT NULL AND NOT (p.enabled AND p.deleted_at IS NULL)) AS revoked,
               p.scopes AS person_scopes, c.identifier AS client,
               s.id AS secret_id, s.key_id, s.sealed, s.expires_at AS secret_expires_at
        FROM token t
        JOIN client c ON c.id = t.client_id
        LEFT JOIN delegation d ON d.id = t.delegation_id
        LEFT JOIN person p ON p.id = d.person_id
        LEFT JOIN secret s ON s.token_id = t.id
        WHERE t.identifier = $1 AND t.deleted_at IS NULL";
    let rows = database.rows(SQL, [identifier.into()]).await.map_err(StoreError::new)?;
    let Some(row) = rows.first() else { return Ok(None) };
    token_record(row, &rows, keyring, identifier).map(Some).map_err(StoreError::new)
}

fn token_record(
    row: &Row,
    rows: &[Row],
    keyring: &Keyring,
    identifier: &str,
) -> Result<TokenRecord, BoxError> {
    let secrets = Secrets::open(keyring, &row.text("id")?, rows)?;
    let credentials = TokenCredentials::with_secret(identifier, secrets.current);
    let mut record = TokenRecord::new(&credentials, &row.text("client")?)
        .with_revocation(row.boolean("revoked")?);
    if let Some((secret, last)) = secrets.other {
        record = record.with_other_secret_until(secret, last);
    }
    if let Some(expires) = row.optional_integer("expires_at")? {
        record = record.with_expiry(last_second(expires)?);
    }
    for (name, value) in parse_attributes(&row.text("attributes")?)? {
        record = record.with_attribute(&name, &value);
    }
    if let Some(owner) = row.optional_text("resource_owner")? {
        record = record.with_attribute("resource_owner", &owner);
    }
    if let Some(limit) = row.optional_text("person_scopes")? {
        record = record.with_limit(Scopes::parse(&limit));
    }
    let scopes = row.text("scopes")?;
    Ok(record.with_scopes(Scopes::parse(&scopes)).with_attribute("scope", &scopes))
}

/// The Basic credential with a name, unless it was deleted. One read by an index.
pub(super) async fn basic(
    database: &Database,
    name: &str,
) -> Result<Option<BasicRecord>, StoreError> {
    const SQL: &str = "
        SELECT b.password_hash, b.scopes, a.id AS account_id, a.name AS account,
               b.enabled AND a.deleted_at IS NULL AS enabled, a.basic_auth,
               (SELECT string_agg(n.scope, ' ') FROM assignment n
                   WHERE n.account_id = a.id) AS assigned
        FROM basic_credential b
        JOIN account a ON a.id = b.account_id
        WHERE b.name = $1 AND b.deleted_at IS NULL";
    let row = database.row(SQL, [name.into()]).await.map_err(StoreError::new)?;
    let record = |row: Row| -> Result<BasicRecord, sqlx::Error> {
        Ok(BasicRecord::new(name, &row.text("password_hash")?)
            .with_account(&row.text("account_id")?, &row.text("account")?)
            .with_scopes(Scopes::parse(&row.text("scopes")?))
            .with_assigned(Scopes::parse(&row.optional_text("assigned")?.unwrap_or_default()))
            .with_suspension(!row.boolean("enabled")?)
            .with_permission(row.boolean("basic_auth")?))
    };
    row.map(record).transpose().map_err(StoreError::new)
}

/// The secrets of one client or token.
struct Secrets {
    current: SharedSecret,
    other: Option<(SharedSecret, Timestamp)>,
}

impl Secrets {
    fn open(keyring: &Keyring, credential: &str, rows: &[Row]) -> Result<Self, BoxError> {
        let (mut current, mut other) = (None, None);
        for row in rows {
            let Some(id) = row.optional_text("secret_id")? else { continue };
            let place = Place { row: &id, credential, field: SECRET_FIELD };
            let secret = keyring.open(place, &row.text("key_id")?, &row.octets("sealed")?)?;
            let secret = shared_secret(secret)?;
            match row.optional_integer("secret_expires_at")? {
                None => current = Some(secret),
                Some(expires) => {
                    let last = last_second(expires)?;
                    // Two at most: of more, which nobody should have made, the one that lasts.
                    if other.as_ref().is_none_or(|(_, known)| *known < last) {
                        other = Some((secret, last));
                    }
                }
            }
        }
        let current = current.ok_or("a client or token has no current secret; rotate that key")?;
        Ok(Self { current, other })
    }
}

/// Takes the octets over without a copy.
fn shared_secret(mut secret: Zeroizing<Vec<u8>>) -> Result<SharedSecret, BoxError> {
    match String::from_utf8(std::mem::take(&mut *secret)) {
        Ok(secret) => Ok(SharedSecret::new(secret)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err("a secret is not UTF-8".into())
        }
    }
}

/// The last whole second before an instant in milliseconds.
fn last_second(milliseconds: i64) -> Result<Timestamp, BoxError> {
    // Whatever lies before 1970 is as much in the past as its first second.
    let seconds = u64::try_from(milliseconds.saturating_sub(1) / 1000).unwrap_or(0).max(1);
    Timestamp::from_seconds(seconds).ok_or_else(|| "an expiry is out of range".into())
}

/// Names of signature methods between spaces.
pub(crate) fn parse_methods(names: &str) -> Result<SignatureMethods, BoxError> {
    names.split(' ').filter(|name| !name.is_empty()).try_fold(
        SignatureMethods::none(),
        |methods, name| match name.parse::<SignatureMethod>() {
            Ok(method) => Ok(methods.with(method)),
            Err(error) => Err(error.into()),
        },
    )
}

/// HTTP methods between spaces.
fn parse_http_methods(names: &str) -> Result<Vec<http::Method>, BoxError> {
    let names = names.split(' ').filter(|name| !name.is_empty());
    Ok(names.map(|name| http::Method::from_bytes(name.as_bytes())).collect::<Result<_, _>>()?)
}

/// A JSON object of texts.
pub(crate) fn parse_attributes(json: &str) -> Result<Vec<(String, String)>, BoxError> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json)?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(object.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// Where the shared-secret of temporary credentials is sealed.
pub(crate) const fn temporary_secret(id: &str) -> Place<'_> {
    Place { row: id, credential: id, field: "temporary secret" }
}

/// Where the verification code of temporary credentials is sealed.
pub(crate) const fn temporary_verifier(id: &str) -> Place<'_> {
    Place { row: id, credential: id, field: "verification code" }
}

/// Part of what a secret is sealed with.
pub(crate) const SECRET_FIELD: &str = "secret";
