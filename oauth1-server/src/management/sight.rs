//! What the server has seen of a key: where it is used from, and which requests were refused.

use super::{Caller, KeyService, ManagementError};
use crate::credentials::generate::now;

/// An address that a key was used from. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAddress {
    /// The address.
    pub address: String,
    /// When first, as far as it is known.
    pub first_used_at: i64,
    /// When last.
    pub last_used_at: i64,
}

/// Where a key is used from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAddresses {
    /// The latest first; 16 at most.
    pub addresses: Vec<SeenAddress>,
    /// How many of them within the last 24 hours.
    pub last_day: usize,
    /// What that says, if more than three: a key of its own for each application and environment
    /// can be replaced alone.
    pub hint: Option<&'static str>,
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRefusal {
    /// Its row id.
    pub id: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Why, in one word such as `signature_invalid`.
    pub reason: String,
    /// From where.
    pub address: Option<String>,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// A JSON object: what was signed, without secrets, and what to do.
    pub detail: String,
}

impl KeyService {
    /// Where a key is used from.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn addresses(
        &self,
        caller: &Caller,
        key: &str,
    ) -> Result<SeenAddresses, ManagementError> {
        let key = self.show(caller, key).await?;
        let sql = "SELECT address, first_used_at, last_used_at FROM client_address
                   WHERE client_id = $1 ORDER BY last_used_at DESC, address";
        let rows = self.management.store.database().rows(sql, [key.id.as_str().into()]).await?;
        let addresses = rows
            .iter()
            .map(|row| {
                Ok(SeenAddress {
                    address: row.text("address")?,
                    first_used_at: row.integer("first_used_at")?,
                    last_used_at: row.integer("last_used_at")?,
                })
            })
            .collect::<Result<Vec<_>, sqlx::Error>>()?;
        let day = now().saturating_sub(DAY);
        let last_day = addresses.iter().filter(|seen| seen.last_used_at > day).count();
        let hint = (last_day > MANY).then_some(HINT);
        Ok(SeenAddresses { addresses, last_day, hint })
    }

    /// The latest refused requests of a key; of senders whose key is not known without one, which
    /// only who may touch all accounts sees.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn refusals(
        &self,
        caller: &Caller,
        key: Option<&str>,
    ) -> Result<Vec<KeptRefusal>, ManagementError> {
        let database = self.management.store.database();
        let rows = match key {
            Some(key) => {
                let key = self.show(caller, key).await?;
                database.rows(OF_KEY, [key.id.as_str().into()]).await?
            }
            None => {
                caller.require(super::Right::KeysRead)?;
                if caller.account.is_some() {
                    let reason = "they may be of any account; only who may touch all sees them";
                    return Err(ManagementError::Refused(reason.into()));
                }
                database.rows(OF_NOBODY, []).await?
            }
        };
        let refusals = rows.iter().map(|row| {
            Ok(KeptRefusal {
                id: row.text("id")?,
                at: row.integer("at")?,
                reason: row.text("reason")?,
                address: row.optional_text("address")?,
                method: row.text("method")?,
                path: row.text("path")?,
                detail: row.text("detail")?,
            })
        });
        Ok(refusals.collect::<Result<_, sqlx::Error>>()?)
    }
}

macro_rules! refusals {
    ($which:literal) => {
        concat!(
            "SELECT id, at, reason, address, method, path, detail FROM refusal WHERE ",
            $which,
            " ORDER BY id DESC LIMIT 200"
        )
    };
}

const OF_KEY: &str = refusals!("client_id = $1");
const OF_NOBODY: &str = refusals!("client_id IS NULL");
const DAY: i64 = 24 * 3600 * 1000;
const MANY: usize = 3;
const HINT: &str = "more than three addresses used this key within a day; a key of its own for each application and environment can be replaced alone";
