//! How keys are printed.

use oauth1_server::management::{
    CreatedKey, CreatedToken, KeptRefusal, Key, KeyPage, Rotated, SeenAddresses, Verdict,
};
use serde_json::{Value as Json, json};

/// For people, or for programs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Print {
    pub(super) json: bool,
}

impl Print {
    pub(super) fn created(self, created: &CreatedKey) {
        let CreatedKey { key, credentials } = created;
        let app_secret = (!key.rsa).then(|| credentials.client.secret().expose());
        let token_secret = credentials.token.secret().expose();
        let access_token = credentials.token.identifier();
        if self.json {
            let mut object = to_json(key);
            object["app_secret"] = app_secret.into();
            object["access_token"] = access_token.into();
            object["token_secret"] = token_secret.into();
            println!("{object:#}");
            return;
        }
        println!("App key       {}", key.app_key);
        println!("App secret    {}", app_secret.unwrap_or("none: the RSA private key signs"));
        println!("Access token  {access_token}");
        println!("Token secret  {token_secret}");
        eprintln!();
        eprintln!("Name          {}", key.name);
        eprintln!("Expires       {}", time(key.expires_at, "never"));
        eprintln!("Store the secrets now: they are not shown again.");
    }

    /// By the names that the command `oauth1` reads.
    pub(super) fn environment(created: &CreatedKey) {
        let CreatedKey { key, credentials } = created;
        println!("OAUTH1_CONSUMER_KEY={}", key.app_key);
        if !key.rsa {
            println!("OAUTH1_CONSUMER_SECRET={}", credentials.client.secret().expose());
        }
        println!("OAUTH1_TOKEN={}", credentials.token.identifier());
        println!("OAUTH1_TOKEN_SECRET={}", credentials.token.secret().expose());
    }

    pub(super) fn rotated(self, rotated: &Rotated) {
        let Rotated { key, app_secret, token_secret, old_good_until } = rotated;
        let access_token = key.tokens.iter().find(|token| token.own);
        let access_token = access_token.map(|token| &*token.access_token);
        let app_secret = app_secret.as_ref().map(|secret| secret.expose());
        let token_secret = token_secret.as_ref().map(|secret| secret.expose());
        if self.json {
            let mut object = to_json(key);
            object["app_secret"] = app_secret.into();
            object["access_token"] = access_token.into();
            object["token_secret"] = token_secret.into();
            object["old_good_until"] = time(Some(*old_good_until), "").into();
            println!("{object:#}");
            return;
        }
        println!("App key       {}", key.app_key);
        println!("App secret    {}", app_secret.unwrap_or("not changed"));
        println!("Access token  {}", access_token.unwrap_or("none"));
        println!("Token secret  {}", token_secret.unwrap_or("not changed"));
        eprintln!();
        eprintln!("The old secrets are good until {}.", time(Some(*old_good_until), ""));
        eprintln!("Store the new ones now: they are not shown again.");
    }

    pub(super) fn page(self, page: &KeyPage) {
        if self.json {
            let keys: Vec<_> = page.keys.iter().map(to_json).collect();
            println!("{:#}", json!({ "keys": keys, "next": page.next }));
            return;
        }
        let rows = page.keys.iter().map(|key| {
            [
                key.name.clone(),
                key.app_key.clone(),
                key.state().as_str().to_owned(),
                time(key.expires_at, "never"),
                time(key.last_used_at, "never"),
            ]
        });
        table(["NAME", "APP KEY", "STATE", "EXPIRES", "LAST USED"], rows);
        if let Some(next) = &page.next {
            eprintln!("There are more: --after {next}");
        }
    }

    pub(super) fn key(self, key: &Key) {
        if self.json {
            println!("{:#}", to_json(key));
            return;
        }
        for (label, value) in [
            ("App key", &*key.app_key),
            ("Name", &key.name),
            ("Display name", &key.display_name),
            ("Developer", &key.developer_name),
            ("Description", &key.description),
            ("Environment", &key.environment),
            ("Account", &key.account),
            ("State", key.state().as_str()),
            ("Expires", &time(key.expires_at, "never")),
            ("Scopes", &key.scopes),
            ("Attributes", &key.attributes),
            ("Attributes with", if key.attributes == "{}" { "" } else { &key.attribute_methods }),
            ("Addresses", &key.ip_allow),
            ("Callbacks", &key.callbacks),
            ("Without token", if key.two_legged { "yes" } else { "" }),
            ("Token lifetime", &format!("{} s", key.token_lifetime)),
            ("Acts as", key.acts_as.as_deref().unwrap_or_default()),
            ("Role", key.role.as_deref().unwrap_or_default()),
            ("Methods", key.signature_methods.as_deref().unwrap_or("all that the server accepts")),
            ("Signs with", if key.rsa { "RSA key" } else { "app secret" }),
            ("Created", &format!("{} by {}", time(Some(key.created_at), ""), key.created_by)),
            ("Changed", &time(Some(key.changed_at), "")),
            ("Last used", &time(key.last_used_at, "never")),
            ("Used from", key.last_used_address.as_deref().unwrap_or_default()),
            ("Old secret until", &time(key.old_secret_expires_at, "")),
            ("Old secret used", &time(key.old_secret_used_at, "")),
            ("Explained until", &time(key.explain_until, "")),
        ] {
            if !matches!(value, "" | "{}") {
                println!("{label:<17} {value}");
            }
        }
        for token in &key.tokens {
            let state = if token.revoked_at.is_some() { ", revoked" } else { "" };
            let expires = time(token.expires_at, "never");
            println!("{:<17} {} (expires {expires}{state})", "Access token", token.access_token);
        }
    }

    pub(super) fn minted(self, minted: &CreatedToken) {
        let CreatedToken { token, credentials, app_key } = minted;
        let secret = credentials.secret().expose();
        if self.json {
            let object = json!({
                "app_key": app_key, "access_token": token.access_token, "token_secret": secret,
                "expires_at": optional(token.expires_at),
                "scopes": token.scopes.split_whitespace().collect::<Vec<_>>(),
            });
            println!("{object:#}");
            return;
        }
        println!("App key       {app_key}");
        println!("Access token  {}", token.access_token);
        println!("Token secret  {secret}");
        eprintln!();
        eprintln!("Good until {}.", time(token.expires_at, "ever"));
        eprintln!("Store the secret now: it is not shown again.");
    }

    /// What stands in the way is an error, so that scripts can ask.
    pub(super) fn verdict(self, verdict: &Verdict) -> Result<(), String> {
        if self.json {
            let object = json!({
                "allowed": verdict.is_allowed(), "by": verdict.by, "needs": verdict.needs,
                "reasons": verdict.reasons,
            });
            println!("{object:#}");
            return Ok(());
        }
        if !verdict.is_allowed() {
            return Err(verdict.reasons.join("\n"));
        }
        match &verdict.by {
            Some(scope) => println!("allowed by {scope}"),
            None => println!("allowed"),
        }
        Ok(())
    }

    pub(super) fn addresses(self, seen: &SeenAddresses) {
        if self.json {
            let addresses = seen.addresses.iter().map(|seen| {
                json!({ "address": seen.address, "first_used_at": optional(Some(seen.first_used_at)),
                        "last_used_at": optional(Some(seen.last_used_at)) })
            });
            let addresses: Vec<_> = addresses.collect();
            let object =
                json!({ "addresses": addresses, "last_day": seen.last_day, "hint": seen.hint });
            println!("{object:#}");
            return;
        }
        let rows = seen.addresses.iter().map(|seen| {
            let (first, last) = (seen.first_used_at, seen.last_used_at);
            [seen.address.clone(), time(Some(first), ""), time(Some(last), "")]
        });
        table(["ADDRESS", "FIRST USED", "LAST USED"], rows);
        if let Some(hint) = seen.hint {
            eprintln!("{hint}");
        }
    }

    pub(super) fn refusals(self, refusals: &[KeptRefusal]) {
        if self.json {
            let refusals = refusals.iter().map(|refusal| {
                let detail: Json = serde_json::from_str(&refusal.detail).unwrap_or_default();
                json!({
                    "at": optional(Some(refusal.at)), "reason": refusal.reason,
                    "address": refusal.address, "method": refusal.method, "path": refusal.path,
                    "detail": detail,
                })
            });
            println!("{:#}", json!({ "refusals": refusals.collect::<Vec<_>>() }));
            return;
        }
        let rows = refusals.iter().map(|refusal| {
            // What a sender chose is shown so that a terminal takes it for text.
            let path = refusal.path.escape_debug().to_string();
            let address = refusal.address.clone().unwrap_or_default();
            let method = refusal.method.escape_debug().to_string();
            let detail: Json = serde_json::from_str(&refusal.detail).unwrap_or_default();
            let why = detail["problem"].as_str().unwrap_or_default().escape_debug().to_string();
            [time(Some(refusal.at), ""), refusal.reason.clone(), address, method, path, why]
        });
        table(["AT", "REASON", "FROM", "METHOD", "PATH", "WHY"], rows);
    }

    pub(super) fn explained(self, key: &Key) {
        if self.json {
            println!("{:#}", to_json(key));
            return;
        }
        let end = time(key.explain_until, "now");
        println!("{} ({}) is explained until {end}.", key.name, key.app_key);
        eprintln!("Until then, who sends a wrong signature hears by which mistake it was made,");
        eprintln!("and who knows the app key can tell that it exists.");
    }

    pub(super) fn done(self, what: &str, key: &Key) {
        if self.json {
            println!("{:#}", json!({ "app_key": key.app_key, "name": key.name, "done": what }));
        } else {
            println!("{} ({}) is {what}.", key.name, key.app_key);
        }
    }
}

fn to_json(key: &Key) -> Json {
    let attributes: Json = serde_json::from_str(&key.attributes).unwrap_or_default();
    let tokens = key.tokens.iter().map(|token| {
        json!({
            "access_token": token.access_token, "own": token.own,
            "resource_owner": token.resource_owner, "created_at": time(Some(token.created_at), ""),
            "expires_at": optional(token.expires_at), "revoked_at": optional(token.revoked_at),
        })
    });
    json!({
        "app_key": key.app_key, "name": key.name, "display_name": key.display_name,
        "developer_name": key.developer_name, "description": key.description,
        "environment": key.environment, "account": key.account, "state": key.state().as_str(),
        "enabled": key.enabled, "expires_at": optional(key.expires_at),
        "scopes": key.scopes.split_whitespace().collect::<Vec<_>>(), "attributes": attributes,
        "signature_methods": key.signature_methods.as_deref()
            .map(|methods| methods.split_whitespace().collect::<Vec<_>>()),
        "rsa": key.rsa, "body_hash_required": key.body_hash_required,
        "two_legged": key.two_legged,
        "ip_allow": key.ip_allow.split_whitespace().collect::<Vec<_>>(),
        "callbacks": key.callbacks.split_whitespace().collect::<Vec<_>>(),
        "attribute_methods": key.attribute_methods.split_whitespace().collect::<Vec<_>>(),
        "token_lifetime": key.token_lifetime, "acts_as": key.acts_as, "role": key.role,
        "created_at": time(Some(key.created_at), ""), "created_by": key.created_by,
        "changed_at": time(Some(key.changed_at), ""), "last_used_at": optional(key.last_used_at),
        "last_used_address": key.last_used_address,
        "old_secret_expires_at": optional(key.old_secret_expires_at),
        "old_secret_used_at": optional(key.old_secret_used_at),
        "explain_until": optional(key.explain_until),
        "tokens": tokens.collect::<Vec<_>>(),
    })
}

/// Prints columns as wide as what is in them.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
    let rows: Vec<_> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

pub(crate) fn optional(milliseconds: Option<i64>) -> Option<String> {
    milliseconds.map(|at| time(Some(at), ""))
}

/// RFC 3339, in UTC.
pub(crate) fn time(milliseconds: Option<i64>, none: &str) -> String {
    match milliseconds.map(jiff::Timestamp::from_millisecond) {
        None => none.to_owned(),
        Some(Ok(at)) => format!("{at:.0}"),
        Some(Err(_)) => "out of range".to_owned(),
    }
}
