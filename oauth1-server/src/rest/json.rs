//! How things are written: times in ISO 8601, lists as lists, no secrets.

use serde_json::{Value as Json, json};

use crate::management::{
    Account, AuditEntry, BasicCredential, KeptRefusal, Key, KeyToken, Person, Right, Rights, Role,
};

/// UTC, to the millisecond.
pub(super) fn time(milliseconds: i64) -> Json {
    match jiff::Timestamp::from_millisecond(milliseconds) {
        Ok(at) => format!("{at:.3}").into(),
        Err(_) => Json::Null,
    }
}

pub(super) fn optional_time(milliseconds: Option<i64>) -> Json {
    milliseconds.map_or(Json::Null, time)
}

/// What stands between spaces.
fn list(text: &str) -> Vec<&str> {
    text.split(' ').filter(|part| !part.is_empty()).collect()
}

fn object(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| json!({}))
}

pub(super) fn rights(rights: Rights) -> Vec<&'static str> {
    rights.iter().map(Right::as_str).collect()
}

/// A key, with the tokens that were read with it.
pub(super) fn key(key: &Key) -> Json {
    json!({
        "id": key.id, "app_key": key.app_key, "name": key.name, "display_name": key.display_name,
        "developer_name": key.developer_name, "description": key.description,
        "environment": key.environment, "account": key.account, "state": key.state().as_str(),
        "enabled": key.enabled, "expires_at": optional_time(key.expires_at),
        "scopes": list(&key.scopes), "attributes": object(&key.attributes),
        "attribute_methods": list(&key.attribute_methods),
        "signature_methods": key.signature_methods.as_deref().map(list),
        "rsa": key.rsa, "body_hash_required": key.body_hash_required,
        "two_legged": key.two_legged, "ip_allow": list(&key.ip_allow),
        "callbacks": list(&key.callbacks),
        "token_lifetime": key.token_lifetime, "acts_as": key.acts_as, "role": key.role,
        "access_token": key.tokens.iter().find(|token| token.own).map(|token| &token.access_token),
        "version": key.version, "created_at": time(key.created_at), "created_by": key.created_by,
        "changed_at": time(key.changed_at), "last_used_at": optional_time(key.last_used_at),
        "last_used_address": key.last_used_address,
        "old_secret_expires_at": optional_time(key.old_secret_expires_at),
        "old_secret_used_at": optional_time(key.old_secret_used_at),
        "explain_until": optional_time(key.explain_until),
    })
}

pub(super) fn token(token: &KeyToken) -> Json {
    json!({
        "id": token.id, "access_token": token.access_token, "own": token.own,
        "resource_owner": token.resource_owner, "scopes": list(&token.scopes),
        "expires_at": optional_time(token.expires_at),
        "revoked_at": optional_time(token.revoked_at), "created_at": time(token.created_at),
        "last_used_at": optional_time(token.last_used_at),
        "last_used_address": token.last_used_address,
    })
}

pub(super) fn account(account: &Account) -> Json {
    json!({
        "id": account.id, "name": account.name, "display_name": account.display_name,
        "max_keys": account.max_keys, "basic_auth": account.basic_auth,
        "secret_reveal": if account.secret_reveal { "step_up" } else { "never" },
        "expiry_required": account.expiry_required,
        "deletion_allowed": account.deletion_allowed, "time_zone": account.time_zone,
        "assignments": account.assignments, "version": account.version,
        "created_at": time(account.created_at),
    })
}

pub(super) fn person(person: &Person) -> Json {
    json!({
        "id": person.id, "name": person.name, "display_name": person.display_name,
        "account": person.account, "role": person.role, "permissions": rights(person.rights),
        "scopes": list(&person.scopes), "enabled": person.enabled,
        "has_password": person.has_password, "version": person.version,
        "created_at": time(person.created_at), "created_by": person.created_by,
        "changed_at": time(person.changed_at), "signed_in_at": optional_time(person.signed_in_at),
    })
}

pub(super) fn role(role: &Role) -> Json {
    json!({
        "id": role.id, "name": role.name, "display_name": role.display_name,
        "account": role.account, "permissions": rights(role.rights), "built_in": role.built_in,
        "version": role.version, "created_at": time(role.created_at),
        "changed_at": time(role.changed_at),
    })
}

pub(super) fn basic(credential: &BasicCredential) -> Json {
    json!({
        "id": credential.id, "name": credential.name, "account": credential.account,
        "scopes": list(&credential.scopes), "enabled": credential.enabled,
        "version": credential.version, "created_at": time(credential.created_at),
        "created_by": credential.created_by, "changed_at": time(credential.changed_at),
        "last_used_at": optional_time(credential.last_used_at),
        "last_used_address": credential.last_used_address,
    })
}

pub(super) fn audit(entry: &AuditEntry) -> Json {
    let detail = object(&entry.detail);
    json!({
        "id": entry.id, "at": time(entry.at), "actor": entry.actor, "address": entry.address,
        "action": entry.action, "subject_kind": entry.subject_kind,
        "subject_id": entry.subject_id, "subject": entry.subject,
        "before": detail["before"], "after": detail["after"],
    })
}

pub(super) fn refusal(refusal: &KeptRefusal) -> Json {
    json!({
        "id": refusal.id, "at": time(refusal.at), "reason": refusal.reason,
        "address": refusal.address, "method": refusal.method, "path": refusal.path,
        "detail": object(&refusal.detail),
    })
}
