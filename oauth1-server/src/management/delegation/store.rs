//! Temporary credentials as the verifier of token requests looks them up, in the place of token
//! credentials (section 2.3).

use std::{fmt, sync::Arc};

use oauth1_core::{SharedSecret, TokenCredentials};
use zeroize::Zeroizing;

use crate::{
    BoxFuture, ClientRecord, CredentialStore, StoreError, TokenRecord,
    credentials::sql::{SqlCredentialStore, is_possible, records::temporary_secret},
    error::BoxError,
};

/// Only verifiers of token requests have it, so temporary credentials are good nowhere else.
///
/// Token credentials are there as well, even after their end, so that they can be renewed.
pub(crate) struct ExchangeStore {
    pub(crate) store: SqlCredentialStore,
    pub(crate) others: Arc<dyn CredentialStore>,
}

impl fmt::Debug for ExchangeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeStore").finish_non_exhaustive()
    }
}

impl CredentialStore for ExchangeStore {
    fn client<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<ClientRecord>, StoreError>> {
        self.others.client(identifier)
    }

    fn token<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<TokenRecord>, StoreError>> {
        Box::pin(async move {
            if !is_possible(identifier) {
                return Ok(None);
            }
            let temporary = self.temporary(identifier).await.map_err(StoreError::new)?;
            match temporary {
                Some(record) => Ok(Some(record)),
                None => {
                    let token = self.others.token(identifier).await?;
                    Ok(token.map(TokenRecord::without_expiry))
                }
            }
        })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.others.ready()
    }
}

impl ExchangeStore {
    async fn temporary(&self, identifier: &str) -> Result<Option<TokenRecord>, BoxError> {
        const SQL: &str = "
            SELECT t.id, t.key_id, t.sealed, c.identifier AS client
            FROM temporary t JOIN client c ON c.id = t.client_id WHERE t.identifier = $1";
        let row = self.store.database().row(SQL, [identifier.into()]).await?;
        let Some(row) = row else { return Ok(None) };
        let (id, key_id) = (row.text("id")?, row.text("key_id")?);
        let mut secret =
            self.store.keyring().open(temporary_secret(&id), &key_id, &row.octets("sealed")?)?;
        let secret = match String::from_utf8(std::mem::take(&mut *secret)) {
            Ok(secret) => SharedSecret::new(secret),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                return Err("a temporary secret is not UTF-8".into());
            }
        };
        let credentials = TokenCredentials::with_secret(identifier, secret);
        Ok(Some(TokenRecord::new(&credentials, &row.text("client")?)))
    }
}
