//! New keys and changes of keys, as bodies say them.

use super::{RestState, fields::Fields, problem::Problem};
use crate::management::{Caller, ClientKind, KeyChange, NewKey};

/// The body of `POST /v1/keys`.
pub(super) async fn new_key(
    state: &RestState,
    caller: &Caller,
    mut fields: Fields,
) -> Result<NewKey, Problem> {
    let mut new = NewKey {
        account: fields.text("account"),
        name: fields.text("name"),
        display_name: fields.text("display_name"),
        developer_name: fields.text("developer_name"),
        description: fields.text("description").unwrap_or_default(),
        environment: fields.text("environment").unwrap_or_default(),
        signature_methods: methods(fields.nullable_texts("signature_methods")).flatten(),
        body_hash_required: fields.flag("body_hash_required").unwrap_or_default(),
        two_legged: fields.flag("two_legged").unwrap_or_default(),
        ip_allow: fields.texts("ip_allow").unwrap_or_default(),
        callbacks: fields.texts("callbacks").unwrap_or_default(),
        scopes: fields.texts("scopes").unwrap_or_default(),
        presets: fields.texts("presets").unwrap_or_default(),
        attributes: fields.text_map("attributes").unwrap_or_default(),
        attribute_methods: fields.texts("attribute_methods"),
        token_lifetime: fields.number("token_lifetime"),
        acts_as: fields.nullable_text("acts_as").flatten(),
        role: fields.nullable_text("role").flatten(),
        ..NewKey::default()
    };
    if let Some(pem) = fields.text("rsa_public_key") {
        new.kind = ClientKind::Rsa(pem);
    }
    let expires = fields.nullable_text("expires_at").flatten();
    fields.end()?;
    if let Some(text) = expires {
        let account = state.management().account(caller, new.account.as_deref()).await?;
        new.expires_at = account.expiry(&text)?;
    }
    Ok(new)
}

/// The body of `PATCH /v1/keys/{key}`.
pub(super) async fn change(
    state: &RestState,
    caller: &Caller,
    key: &str,
    mut fields: Fields,
) -> Result<KeyChange, Problem> {
    let mut change = KeyChange {
        name: fields.text("name"),
        display_name: fields.text("display_name"),
        developer_name: fields.text("developer_name"),
        description: fields.text("description"),
        environment: fields.text("environment"),
        enabled: fields.flag("enabled"),
        signature_methods: methods(fields.nullable_texts("signature_methods")),
        body_hash_required: fields.flag("body_hash_required"),
        two_legged: fields.flag("two_legged"),
        ip_allow: fields.texts("ip_allow"),
        callbacks: fields.texts("callbacks"),
        scopes: fields.texts("scopes"),
        attributes: fields.text_map("attributes"),
        attribute_methods: fields.texts("attribute_methods"),
        token_lifetime: fields.number("token_lifetime"),
        acts_as: fields.nullable_text("acts_as"),
        role: fields.nullable_text("role"),
        ..KeyChange::default()
    };
    let expires = fields.nullable_text("expires_at");
    fields.end()?;
    change.expires_at = match expires {
        None => None,
        Some(None) => Some(None),
        Some(Some(text)) => {
            let found = state.management().keys().show(caller, key).await?;
            let account = state.management().account(caller, Some(&found.account)).await?;
            Some(account.expiry(&text)?)
        }
    };
    Ok(change)
}

/// `Some(None)` is whatever the server accepts.
fn methods(names: Option<Option<Vec<String>>>) -> Option<Option<String>> {
    names.map(|names| names.map(|names| names.join(" ")))
}
