//! Credentials in memory.

use dashmap::DashMap;
use oauth1_core::{ClientCredentials, TokenCredentials};

use super::{
    ClientRecord, CredentialStore, IssueError, TokenRecord,
    generate::{new_client, new_token},
};
use crate::error::{BoxFuture, StoreError};

/// Clients and tokens in sharded maps. Everything is gone when the process ends.
///
/// `Debug` shows identifiers and no secrets.
#[derive(Debug, Default)]
pub struct MemoryCredentialStore {
    clients: DashMap<Box<str>, ClientRecord>,
    tokens: DashMap<Box<str>, TokenRecord>,
}

/// A client and a token of it: app key, app secret, access token and token secret.
#[derive(Clone, Debug)]
pub struct IssuedCredentials {
    /// App key and app secret.
    pub client: ClientCredentials,
    /// Access token and token secret.
    pub token: TokenCredentials,
}

impl MemoryCredentialStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a client and a token of it. This is the only time that the secrets are shown.
    ///
    /// # Errors
    /// [`IssueError::NoRandomness`]; nothing was stored.
    pub fn issue(&self) -> Result<IssuedCredentials, IssueError> {
        let client = new_client()?;
        let token = new_token()?;
        self.insert_client(ClientRecord::new(&client));
        self.insert_token(TokenRecord::new(&token, client.identifier()));
        Ok(IssuedCredentials { client, token })
    }

    /// Makes a client.
    ///
    /// # Errors
    /// [`IssueError::NoRandomness`]; nothing was stored.
    pub fn issue_client(&self) -> Result<ClientCredentials, IssueError> {
        let client = new_client()?;
        self.insert_client(ClientRecord::new(&client));
        Ok(client)
    }

    /// Makes a token for a client.
    ///
    /// # Errors
    /// [`IssueError`]; nothing was stored.
    pub fn issue_token(&self, client: &str) -> Result<TokenCredentials, IssueError> {
        if !self.clients.contains_key(client) {
            return Err(IssueError::ClientUnknown);
        }
        let token = new_token()?;
        self.insert_token(TokenRecord::new(&token, client));
        Ok(token)
    }

    /// Stores a client, in place of one with the same identifier, which is returned.
    pub fn insert_client(&self, client: ClientRecord) -> Option<ClientRecord> {
        self.clients.insert(client.identifier().into(), client)
    }

    /// Stores a token, in place of one with the same identifier, which is returned.
    pub fn insert_token(&self, token: TokenRecord) -> Option<TokenRecord> {
        self.tokens.insert(token.identifier().into(), token)
    }

    /// Suspends a client, or ends that; `false` if there is no such client.
    pub fn suspend_client(&self, identifier: &str, suspended: bool) -> bool {
        self.clients.get_mut(identifier).is_some_and(|mut record| {
            *record = record.clone().with_suspension(suspended);
            true
        })
    }

    /// Revokes a token; `false` if there is no such token.
    pub fn revoke_token(&self, identifier: &str) -> bool {
        self.tokens.get_mut(identifier).is_some_and(|mut record| {
            *record = record.clone().with_revocation(true);
            true
        })
    }
}

impl CredentialStore for MemoryCredentialStore {
    fn client<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<ClientRecord>, StoreError>> {
        Box::pin(async move { Ok(self.clients.get(identifier).map(|record| record.clone())) })
    }

    fn token<'a>(
        &'a self,
        identifier: &'a str,
    ) -> BoxFuture<'a, Result<Option<TokenRecord>, StoreError>> {
        Box::pin(async move { Ok(self.tokens.get(identifier).map(|record| record.clone())) })
    }

    fn ready(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::credentials::has_checksum;

    #[test]
    fn issued_values_are_all_different_and_need_no_encoding() {
        let store = MemoryCredentialStore::new();
        let mut seen = HashSet::new();
        for _ in 0..1_000 {
            let issued = store.issue().unwrap();
            for (identifier, secret) in [
                (issued.client.identifier(), issued.client.secret()),
                (issued.token.identifier(), issued.token.secret()),
            ] {
                for value in [identifier, secret.expose()] {
                    assert!(has_checksum(value), "{value}");
                    assert!(value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
                }
                assert!(seen.insert(identifier.to_owned()));
                assert!(seen.insert(secret.expose().to_owned()));
            }
        }
    }

    #[test]
    fn a_token_needs_its_client() {
        let store = MemoryCredentialStore::new();
        assert_eq!(store.issue_token("nobody").unwrap_err(), IssueError::ClientUnknown);
        let client = store.issue_client().unwrap();
        assert!(store.issue_token(client.identifier()).is_ok());
        assert!(!store.suspend_client("nobody", true) && !store.revoke_token("nobody"));
    }

    #[test]
    fn debug_shows_no_secret() {
        let store = MemoryCredentialStore::new();
        let issued = store.issue().unwrap();
        let shown = format!("{store:?} {issued:?}");
        assert!(shown.contains(issued.client.identifier()));
        assert!(!shown.contains(issued.client.secret().expose()));
        assert!(!shown.contains(issued.token.secret().expose()));
    }
}
