//! Whether a signature that somebody shows is right, and which mistake makes it if it is not, for
//! who looks for the reason of a refusal.

use oauth1_core::{
    PresentedRequest,
    diagnose::{Diagnosis, Suspect},
};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::{Caller, KeyService, ManagementError};
use crate::{
    StoreError,
    clock::{Clock, SystemClock},
    credentials::CredentialStore,
};

impl KeyService {
    /// Whether the signature of a request was made with the secrets that are stored for its key
    /// and its token, and if not, by which mistake; `None` if the caller does not see the key, or
    /// there is no such token. Time, nonce and permissions are not looked at, nothing is used up,
    /// and no secret is told, nor a signature that would be right.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn diagnose(
        &self,
        caller: &Caller,
        request: &PresentedRequest<'_>,
        suspect: &Suspect<'_>,
    ) -> Result<Option<Diagnosis>, ManagementError> {
        let app_key = request.client_identifier();
        match self.show(caller, app_key).await {
            Ok(key) if key.app_key == app_key => {}
            Ok(_) | Err(ManagementError::Unknown { .. } | ManagementError::Ambiguous(_)) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let failed = |error: StoreError| sqlx::Error::AnyDriverError(Box::new(error));
        let store = &self.management.store;
        let Some(client) = store.client(app_key).await.map_err(failed)? else { return Ok(None) };
        let token = match request.token_identifier() {
            None => None,
            Some(token) => match store.token(token).await.map_err(failed)? {
                Some(token) if token.client_identifier() == app_key => Some(token),
                _ => return Ok(None),
            },
        };
        let Some(now) = SystemClock.now() else { return Ok(None) };
        let method = request.signature_method();
        let search = || client.diagnose(suspect, method, token.as_ref(), now);
        // Some hundredths of a second, perhaps tenths: requests go on meanwhile.
        Ok(match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread => tokio::task::block_in_place(search),
            _ => search(),
        })
    }
}
