//! Short-lived tokens (section 2.3): for an application's own use, without a person.

use oauth1_core::TokenCredentials;
use serde_json::json;

use super::{
    Caller, InvalidField, Key, KeyService, KeyToken, ManagementError, Right, audit,
    create::{self, Owner},
    key,
    page::Limit,
};
use crate::credentials::generate::{new_row_id, now};

/// What a new token is to be. `Default` is one with the scopes and the lifetime of its key.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// Seconds; at most what the key says, which is what it is without one.
    pub lifetime: Option<i64>,
    /// Fewer than those of the key.
    pub scopes: Option<Vec<String>>,
}

/// A new token, and its secret, which is never shown again.
#[derive(Debug)]
pub struct CreatedToken {
    /// What is shown of it later.
    pub token: KeyToken,
    /// Access token and token secret.
    pub credentials: TokenCredentials,
    /// The app key that it belongs to.
    pub app_key: String,
}

/// Some tokens of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenPage {
    /// The newest first.
    pub tokens: Vec<KeyToken>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

impl KeyService {
    /// Makes a short-lived token for a key. An application that signs for itself is a caller with
    /// [`Right::KeysRotate`] over its own key alone, see [`KeyService::mint_own`].
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was made.
    pub async fn mint(
        &self,
        caller: &Caller,
        key: &str,
        new: &NewToken,
    ) -> Result<CreatedToken, ManagementError> {
        caller.require(Right::KeysRotate)?;
        self.mint_any(caller, key, new, false).await
    }

    /// Makes a short-lived token for the application that asks: it has signed the request with
    /// this app key, which is all the permission it needs.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was made.
    pub async fn mint_own(
        &self,
        app_key: &str,
        address: Option<&str>,
        new: &NewToken,
    ) -> Result<CreatedToken, ManagementError> {
        let caller = Caller {
            name: format!("key:{app_key}"),
            address: address.map(str::to_owned),
            account: None,
            rights: super::Rights::default(),
            person: None,
            password_at: None,
        };
        self.mint_any(&caller, app_key, new, true).await
    }

    async fn mint_any(
        &self,
        caller: &Caller,
        key: &str,
        new: &NewToken,
        own: bool,
    ) -> Result<CreatedToken, ManagementError> {
        let (now, management) = (now(), &self.management);
        let credentials = management.style.token()?;
        let id = new_row_id(now)?;
        let mut transaction = management.transaction().await?;
        // Not `lock`: a token is no change of the key, and many are made.
        let found = key::find(&mut transaction, caller, key).await?;
        if !own {
            let role = found.role.as_deref();
            create::role(&mut transaction, caller, &found.account_id, role).await?;
        }
        let lock = "UPDATE client SET changed_at = changed_at WHERE id = $1";
        transaction.execute(lock, [found.id.as_str().into()]).await?;
        let lifetime = lifetime(&found, new.lifetime)?;
        let scopes = scopes(&found, new.scopes.as_deref())?;
        let live = "SELECT count(*) AS n FROM (SELECT 1 FROM token WHERE client_id = $1
                    AND deleted_at IS NULL AND delegation_id IS NULL AND NOT own AND expires_at > $2
                    LIMIT $3) AS found";
        let values = [found.id.as_str().into(), now.into(), MOST_TOKENS.into()];
        let row = transaction.row(live, values).await?;
        if row.map_or(Ok(0), |row| row.integer("n"))? >= MOST_TOKENS {
            return Err(ManagementError::Refused(format!(
                "the key has {MOST_TOKENS} tokens that have not expired, which is as many as it may; use those, or wait"
            )));
        }
        let end = now.saturating_add(lifetime.saturating_mul(1000));
        let sql = "INSERT INTO token (id, client_id, identifier, own, scopes, expires_at,
                       created_at, changed_at) VALUES ($1, $2, $3, FALSE, $4, $5, $6, $6)";
        let values = [
            id.as_str().into(),
            found.id.as_str().into(),
            credentials.identifier().into(),
            scopes.as_str().into(),
            end.into(),
            now.into(),
        ];
        transaction.execute(sql, values).await?;
        let owner = Owner::Token(&id);
        management.store_secret(&mut transaction, owner, credentials.secret(), now).await?;
        let after = json!({ "access_token": credentials.identifier(), "expires_at": end,
                            "scopes": scopes });
        let states = (serde_json::Value::Null, after);
        audit::record(&mut transaction, caller, "token.create", (&found).into(), states, now)
            .await?;
        transaction.commit().await?;
        let token = KeyToken {
            id,
            access_token: credentials.identifier().to_owned(),
            own: false,
            resource_owner: None,
            scopes,
            expires_at: Some(end),
            revoked_at: None,
            created_at: now,
            last_used_at: None,
            last_used_address: None,
        };
        Ok(CreatedToken { token, credentials, app_key: found.app_key })
    }

    /// At most `limit` tokens of a key, the newest first, from where an earlier page ended.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn tokens(
        &self,
        caller: &Caller,
        key: &str,
        after: Option<&str>,
        limit: u16,
    ) -> Result<TokenPage, ManagementError> {
        let found = self.show(caller, key).await?;
        let limit = Limit::new(limit);
        let values = [found.id.as_str().into(), after.unwrap_or("~").into(), limit.rows()];
        let rows = self.management.store.database().rows(PAGE, values).await?;
        let (tokens, next) = limit.page(&rows, key::token, |token| &token.id)?;
        Ok(TokenPage { tokens, next })
    }

    /// Revokes a token by its row id or access token. Its secret stays, so that a request with it
    /// is told from a stranger's.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn revoke(
        &self,
        caller: &Caller,
        key: &str,
        token: &str,
    ) -> Result<Key, ManagementError> {
        caller.require(Right::KeysRotate)?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let before = key::lock(&mut transaction, caller, key, now).await?;
        create::role(&mut transaction, caller, &before.account_id, before.role.as_deref()).await?;
        let sql = "UPDATE token SET revoked_at = $1, changed_at = $1 WHERE client_id = $2
                   AND (id = $3 OR identifier = $3) AND deleted_at IS NULL AND revoked_at IS NULL
                   RETURNING identifier, delegation_id";
        let values = [now.into(), before.id.as_str().into(), token.into()];
        let row = transaction.row(sql, values).await?;
        let row = row.ok_or_else(|| ManagementError::unknown("token", token))?;
        // Nor is it renewed.
        let sql = "UPDATE delegation SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
        let delegation = row.optional_text("delegation_id")?;
        transaction.execute(sql, [now.into(), delegation.as_deref().into()]).await?;
        let after = json!({ "access_token": row.text("identifier")?, "revoked_at": now });
        let states = (serde_json::Value::Null, after);
        audit::record(&mut transaction, caller, "token.revoke", (&before).into(), states, now)
            .await?;
        let after = key::within(&mut transaction, caller, &before.id).await?;
        transaction.commit().await?;
        self.management.forget_key(&before);
        Ok(after)
    }
}

fn lifetime(key: &Key, asked: Option<i64>) -> Result<i64, InvalidField> {
    match asked {
        None => Ok(key.token_lifetime),
        Some(seconds) if (1..=key.token_lifetime).contains(&seconds) => Ok(seconds),
        Some(_) => Err(InvalidField::new(
            "lifetime",
            format!("must be 1 to {} seconds, which is what the key permits", key.token_lifetime),
        )),
    }
}

fn scopes(key: &Key, asked: Option<&[String]>) -> Result<String, InvalidField> {
    let Some(asked) = asked else { return Ok(key.scopes.clone()) };
    let held: Vec<_> = key.scopes.split(' ').collect();
    if let Some(more) = asked.iter().find(|scope| !held.contains(&scope.as_str())) {
        let problem = format!("{more:?} is none of the key's, which are {:?}", key.scopes);
        return Err(InvalidField::new("scopes", problem));
    }
    Ok(asked.join(" "))
}

const PAGE: &str = "
    SELECT id, identifier, own, resource_owner, scopes, expires_at, revoked_at, created_at,
           last_used_at, last_used_address FROM token
    WHERE client_id = $1 AND deleted_at IS NULL AND id < $2 ORDER BY id DESC LIMIT $3";
const MOST_TOKENS: i64 = 1000;
