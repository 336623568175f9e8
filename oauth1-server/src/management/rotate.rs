//! New secrets for a key, while the old ones are good for some time.

use std::time::Duration;

use oauth1_core::SharedSecret;

use super::{
    Actor, InvalidKey, Key, KeyError, KeyService, audit,
    create::{Owner, store_secret},
    key,
};
use crate::credentials::{
    generate::{new_client, now},
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
    /// [`KeyError`]; nothing was changed.
    pub async fn rotate(
        &self,
        actor: &Actor,
        key: &str,
        rotation: Rotation,
        grace: Duration,
    ) -> Result<Rotated, KeyError> {
        if grace > LONGEST_GRACE {
            let problem = "the old secrets can be good for 30 days at most";
            return Err(InvalidKey::new("grace", problem).into());
        }
        let now = now();
        let end = now.saturating_add(i64::try_from(grace.as_millis()).unwrap_or(i64::MAX));
        let mut transaction = self.store.database().begin().await?;
        let before = key::lock(&mut transaction, key, now).await?;
        let own = before.tokens.iter().find(|token| token.own);

        let mut app_secret = None;
        if rotation == Rotation::AppSecret || (rotation == Rotation::Both && !before.rsa) {
            if before.rsa {
                return Err(KeyError::NoSecret);
            }
            let owner = Owner::Client(&before.id);
            app_secret = Some(self.replace(&mut transaction, owner, now, end).await?);
        }
        let mut token_secret = None;
        if rotation != Rotation::AppSecret {
            let owner = Owner::Token(&own.ok_or(KeyError::NoToken)?.id);
            token_secret = Some(self.replace(&mut transaction, owner, now, end).await?);
        }
        let after = key::lock(&mut transaction, &before.app_key, now).await?;
        let action = match rotation {
            Rotation::Both => "key.rotate",
            Rotation::AppSecret => "key.rotate_app_secret",
            Rotation::TokenSecret => "key.rotate_token_secret",
        };
        let (old, new) = (before.json(), after.json());
        audit::record(&mut transaction, actor, action, &after, old, new, now).await?;
        transaction.commit().await?;
        Ok(Rotated { key: after, app_secret, token_secret, old_good_until: end })
    }

    async fn replace(
        &self,
        transaction: &mut Transaction,
        owner: Owner<'_>,
        now: i64,
        end: i64,
    ) -> Result<SharedSecret, KeyError> {
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
        let secret = new_client()?.secret().clone();
        store_secret(&self.store, transaction, owner, &secret, now).await?;
        Ok(secret)
    }
}

const LONGEST_GRACE: Duration = Duration::from_secs(30 * 24 * 3600);
