//! Answers that are given again to the same Idempotency-Key, so that a request whose answer was
//! lost can be sent again.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Caller, Management, ManagementError, setup::hex};
use crate::credentials::{
    generate::now,
    seal::{Place, Sealed},
    sql::meta,
};

/// Keeps answers for an hour, sealed: they may hold secrets.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyService {
    pub(super) management: Management,
}

/// What is to be done with a request.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Do it, then [`IdempotencyService::keep`] or [`IdempotencyService::forget`] under this id.
    First(String),
    /// It was done; the answer is this.
    Done { status: u16, answer: Zeroizing<Vec<u8>> },
    /// It was done, but the answer cannot be opened any more.
    Lost,
    /// It is being done, or the server ended while it was.
    Running,
    /// The key was used for another request.
    Other,
}

impl IdempotencyService {
    /// Looks for a request of this caller with this key.
    pub(crate) async fn begin(
        &self,
        caller: &Caller,
        key: &str,
        request: &[&[u8]],
    ) -> Result<Attempt, ManagementError> {
        let id = hashed(&[
            caller.name.as_bytes(),
            caller.account.as_deref().unwrap_or_default().as_bytes(),
            key.as_bytes(),
        ]);
        let request = hashed(request);
        let now = now();
        let mut transaction = self.management.transaction().await?;
        let sql = "DELETE FROM idempotency WHERE created_at < $1";
        transaction.execute(sql, [(now - KEPT).into()]).await?;
        // Of two at once, one finds no row; the other waits here for it.
        let sql = "INSERT INTO idempotency (id, request, created_at) VALUES ($1, $2, $3)
                   ON CONFLICT DO NOTHING";
        let values = [id.as_str().into(), request.as_str().into(), now.into()];
        if transaction.execute(sql, values).await? > 0 {
            transaction.commit().await?;
            return Ok(Attempt::First(id));
        }
        let sql = "SELECT request, status, key_id, sealed FROM idempotency WHERE id = $1";
        let row = transaction.row(sql, [id.as_str().into()]).await?;
        let row = row.ok_or(sqlx::Error::RowNotFound)?;
        if row.text("request")? != request {
            return Ok(Attempt::Other);
        }
        let Some(status) = row.optional_integer("status")? else { return Ok(Attempt::Running) };
        let Some(key_id) = row.optional_text("key_id")? else { return Ok(Attempt::Lost) };
        let keyring = self.management.store.keyring();
        match keyring.open(place(&id), &key_id, &row.octets("sealed")?) {
            Ok(answer) => {
                Ok(Attempt::Done { status: u16::try_from(status).unwrap_or(500), answer })
            }
            Err(_) => Ok(Attempt::Lost),
        }
    }

    /// Keeps the answer of a request.
    pub(crate) async fn keep(
        &self,
        id: &str,
        status: u16,
        answer: &[u8],
    ) -> Result<(), ManagementError> {
        let database = self.management.store.database();
        let mut transaction = database.begin().await?;
        let key_id = meta::key_id_for_writing(database, &mut transaction).await?;
        let Sealed { key_id, octets } =
            self.management.store.keyring().seal(&key_id, place(id), answer)?;
        let sql = "UPDATE idempotency SET status = $2, key_id = $3, sealed = $4 WHERE id = $1";
        let values = [id.into(), i64::from(status).into(), key_id.as_ref().into(), octets.into()];
        transaction.execute(sql, values).await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets a request that was not done.
    pub(crate) async fn forget(&self, id: &str) -> Result<(), ManagementError> {
        let mut transaction = self.management.transaction().await?;
        let sql = "DELETE FROM idempotency WHERE id = $1 AND status IS NULL";
        transaction.execute(sql, [id.into()]).await?;
        Ok(transaction.commit().await?)
    }
}

const fn place(id: &str) -> Place<'_> {
    Place { row: id, credential: "idempotency", field: "answer" }
}

/// Each part with its length, so that no two lists of parts are alike.
fn hashed(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// Milliseconds.
const KEPT: i64 = 60 * 60 * 1000;
