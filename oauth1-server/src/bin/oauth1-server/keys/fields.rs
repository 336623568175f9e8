//! What was typed, as a new key or as a change of one.

use std::{fs, time::Duration};

use oauth1_server::management::{Account, ClientKind, KeyChange, NewKey};

use super::args::{CreateArgs, Fields};

pub(super) fn new_key(args: CreateArgs, account: &Account) -> Result<NewKey, String> {
    let kind = match &args.rsa_public_key {
        None => ClientKind::Secret,
        Some(file) => ClientKind::Rsa(
            fs::read_to_string(file)
                .map_err(|error| format!("cannot read {}: {error}", file.display()))?,
        ),
    };
    let change = change(args.name, args.fields, account)?;
    Ok(NewKey {
        account: Some(account.name.clone()),
        name: change.name,
        display_name: change.display_name,
        developer_name: change.developer_name,
        description: change.description.unwrap_or_default(),
        environment: change.environment.unwrap_or_default(),
        expires_at: change.expires_at.flatten(),
        signature_methods: change.signature_methods.flatten(),
        body_hash_required: change.body_hash_required.unwrap_or_default(),
        two_legged: change.two_legged.unwrap_or_default(),
        ip_allow: change.ip_allow.unwrap_or_default(),
        callbacks: change.callbacks.unwrap_or_default(),
        scopes: change.scopes.unwrap_or_default(),
        presets: args.presets,
        attributes: change.attributes.unwrap_or_default(),
        attribute_methods: change.attribute_methods,
        token_lifetime: change.token_lifetime,
        acts_as: change.acts_as.flatten(),
        role: change.role.flatten(),
        kind,
        imported: None,
    })
}

/// An option that was not typed changes nothing.
pub(super) fn change(
    name: Option<String>,
    fields: Fields,
    account: &Account,
) -> Result<KeyChange, String> {
    let expires_at = fields.expires.map(|text| account.expiry(&text)).transpose();
    let nothing = |text: &String| !text.is_empty();
    let some = |list: Vec<String>| {
        (!list.is_empty()).then(|| list.into_iter().filter(nothing).collect::<Vec<_>>())
    };
    let methods = fields.signature_methods;
    Ok(KeyChange {
        name,
        display_name: fields.display_name,
        developer_name: fields.developer,
        description: fields.description,
        environment: fields.environment,
        enabled: None,
        expires_at: expires_at.map_err(|error| error.to_string())?,
        signature_methods: (!methods.is_empty()).then(|| Some(methods.join(" "))),
        body_hash_required: fields.require_body_hash,
        two_legged: fields.two_legged,
        ip_allow: some(fields.ip_allow),
        callbacks: some(fields.callbacks),
        scopes: some(fields.scopes),
        attributes: (!fields.attributes.is_empty())
            .then(|| fields.attributes.into_iter().collect()),
        attribute_methods: some(fields.attribute_methods),
        token_lifetime: fields.token_lifetime.map(seconds),
        acts_as: fields.acts_as.map(|name| Some(name).filter(nothing)),
        role: fields.role.map(|name| Some(name).filter(nothing)),
    })
}

pub(super) fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
