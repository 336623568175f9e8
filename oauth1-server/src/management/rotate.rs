//! New secrets for a key, while the old ones are good for some time; or new values altogether.

use std::time::Duration;

use oauth1_core::SharedSecret;

use super::{
    Caller, CreatedKey, InvalidField, Key, KeyService, ManagementError, Right, audit,
    create::{self, Owner, insert_token},
    key, words,
};
use crate::credentials::{
    IssuedCredentials,
    generate::{new_row_id, now},
    sql::database::Transaction,
};

/// Which secrets are replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// App secret and token secret.
    #[default]
    Both,
    /// The app secret alone.
    AppSecret,
    /// The token secret alone.
    TokenSecret,
}

/// New secrets, which are never shown again.
#[derive(Debug)]
pub struct Rotated {
    /// What [`KeyService::show`] shows.
    pub key: Key,
    /// The new app secret, if it was replaced.
    pub app_secret: Option<SharedSecret>,
    /// The new token secret, if it was replaced.
    pub token_secret: Option<SharedSecret>,
    /// Until when the old ones are good, in milliseconds since 1970.
    pub old_good_until: i64,
}

impl KeyService {
    /// Makes new secrets. The current ones are good for `grace` more; those from a rotation before
    /// end now, so that there are never more than two.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn rotate(
        &self,
        caller: &Caller,
        key: &str,
        rotation: Rotation,
        grace: Duration,
    ) -> Result<Rotated, ManagementError> {
        caller.require(Right::KeysRotate)?;
        if grace > LONGEST_GRACE {
            let problem = "the old secrets can be good for 30 days at most";
            return Err(InvalidField::new("grace", problem).into());
        }
        let now = now();
        let end = now.saturating_add(i64::try_from(grace.as_millis()).unwrap_or(i64::MAX));
        let mut transaction = self.management.transaction().await?;
        let before = key::lock(&mut transaction, caller, key, now).await?;
        create::role(&mut transaction, caller, &before.account_id, before.role.as_deref()).await?;
        let own = before.tokens.iter().find(|token| token.own);

        let fresh = (self.management.style.client()?, self.management.style.token()?);
        let mut app_secret = None;
        if rotation == Rotation::AppSecret || (rotation == Rotation::Both && !before.rsa) {
            if before.rsa {
                return Err(ManagementError::NoSecret);
            }
            let secret = fresh.0.secret().clone();
            self.replace(&mut transaction, Owner::Client(&before.id), &secret, now, end).await?;
            app_secret = Some(secret);
        }
        let mut token_secret = None;
        if rotation != Rotation::AppSecret {
            let owner = Owner::Token(&own.ok_or(ManagementError::NoToken)?.id);
            let secret = fresh.1.secret().clone();
            self.replace(&mut transaction, owner, &secret, now, end).await?;
            token_secret = Some(secret);
        }
        // What was used before is not what is being replaced now.
        let sql = "UPDATE client SET old_secret_used_at = NULL, old_secret_expires_at = $2
                   WHERE id = $1";
        transaction.execute(sql, [before.id.as_str().into(), end.into()]).await?;
        let after = key::within(&mut transaction, caller, &before.id).await?;
        let action = match rotation {
            Rotation::Both => "key.rotate",
            Rotation::AppSecret => "key.rotate_app_secret",
            Rotation::TokenSecret => "key.rotate_token_secret",
        };
        let states = (before.json(), after.json());
        audit::record(&mut transaction, caller, action, (&after).into(), states, now).await?;
        transaction.commit().await?;
        self.management.forget_key(&before);
        Ok(Rotated { key: after, app_secret, token_secret, old_good_until: end })
    }

    /// Ends a rotation before its time: the old secrets are no longer good.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn finish_rotation(
        &self,
        caller: &Caller,
        key: &str,
    ) -> Result<Key, ManagementError> {
        caller.require(Right::KeysRotate)?;
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let before = key::lock(&mut transaction, caller, key, now).await?;
        create::role(&mut transaction, caller, &before.account_id, before.role.as_deref()).await?;
        let id = before.id.as_str();
        for sql in [
            "DELETE FROM secret WHERE expires_at IS NOT NULL
             AND token_id IN (SELECT id FROM token WHERE client_id = $1)",
            "DELETE FROM secret WHERE expires_at IS NOT NULL AND client_id = $1",
        ] {
            transaction.execute(sql, [id.into()]).await?;
        }
        let sql = "UPDATE client SET old_secret_expires_at = $2 WHERE id = $1";
        transaction.execute(sql, [id.into(), now.into()]).await?;
        let after = key::within(&mut transaction, caller, id).await?;
        let states = (before.json(), after.json());
        let action = "key.finish_rotation";
        audit::record(&mut transaction, caller, action, (&after).into(), states, now).await?;
        transaction.commit().await?;
        self.management.forget_key(&before);
        Ok(after)
    }

    /// Makes four new values for a key. The old ones end now: what uses them breaks.
    ///
    /// # Errors
    /// [`ManagementError`]; nothing was changed.
    pub async fn regenerate(
        &self,
        caller: &Caller,
        key: &str,
    ) -> Result<CreatedKey, ManagementError> {
        caller.require(Right::KeysRotate)?;
        let (now, management) = (now(), &self.management);
        let (client, token) = (management.style.client()?, management.style.token()?);
        let token_id = new_row_id(now)?;
        let mut transaction = management.transaction().await?;
        let before = key::lock(&mut transaction, caller, key, now).await?;
        create::role(&mut transaction, caller, &before.account_id, before.role.as_deref()).await?;
        if before.rsa {
            return Err(ManagementError::NoSecret);
        }
        let id = before.id.as_str();
        for sql in [
            "DELETE FROM secret WHERE token_id IN (SELECT id FROM token WHERE client_id = $1)",
            "DELETE FROM secret WHERE client_id = $1",
        ] {
            transaction.execute(sql, [id.into()]).await?;
        }
        let sql = "UPDATE token SET deleted_at = $1, changed_at = $1
                   WHERE client_id = $2 AND deleted_at IS NULL";
        transaction.execute(sql, [now.into(), id.into()]).await?;
        let sql = "UPDATE client SET identifier = $1, old_secret_used_at = NULL,
                       old_secret_expires_at = NULL WHERE id = $2";
        transaction.execute(sql, [client.identifier().into(), id.into()]).await?;
        let scopes: Vec<_> =
            before.scopes.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect();
        insert_token(&mut transaction, &token_id, id, token.identifier(), &scopes, now).await?;
        management.store_secret(&mut transaction, Owner::Client(id), client.secret(), now).await?;
        let owner = Owner::Token(&token_id);
        management.store_secret(&mut transaction, owner, token.secret(), now).await?;
        let after = key::within(&mut transaction, caller, id).await?;
        words::keep(&mut transaction, &after).await?;
        let states = (before.json(), after.json());
        audit::record(&mut transaction, caller, "key.regenerate", (&after).into(), states, now)
            .await?;
        transaction.commit().await?;
        self.management.forget_key(&before);
        Ok(CreatedKey { key: after, credentials: IssuedCredentials { client, token } })
    }

    async fn replace(
        &self,
        transaction: &mut Transaction,
        owner: Owner<'_>,
        secret: &SharedSecret,
        now: i64,
        end: i64,
    ) -> Result<(), ManagementError> {
        let (remove, limit, id) = match owner {
            Owner::Client(id) => (
                "DELETE FROM secret WHERE client_id = $1 AND expires_at IS NOT NULL",
                "UPDATE secret SET expires_at = $2 WHERE client_id = $1",
                id,
            ),
            Owner::Token(id) => (
                "DELETE FROM secret WHERE token_id = $1 AND expires_at IS NOT NULL",
                "UPDATE secret SET expires_at = $2 WHERE token_id = $1",
                id,
            ),
        };
        transaction.execute(remove, [id.into()]).await?;
        transaction.execute(limit, [id.into(), end.into()]).await?;
        if end <= now {
            transaction.execute(remove, [id.into()]).await?;
        }
        self.management.store_secret(transaction, owner, secret, now).await
    }
}

const LONGEST_GRACE: Duration = Duration::from_secs(30 * 24 * 3600);
