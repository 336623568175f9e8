//! Sealing all secrets anew with another master key, beside running servers.
//!
//! Whenever it stops, nothing is lost, and the next run goes on:
//!
//! 1. The new key goes into the key file, in front of the old one. Every secret can be opened.
//! 2. The database names the new key. From here on all writers seal with it, because each reads
//!    that name in the transaction in which it writes, and reads the file again if it does not
//!    know the key.
//! 3. Batch by batch, each in one transaction, secrets are sealed anew. Servers that meet one read
//!    the file again.
//! 4. No secret needs the old key. It leaves the file.

use super::{
    SqlCredentialStore,
    database::Database,
    meta,
    records::{temporary_secret, temporary_verifier},
    settings::OpenError,
};
use crate::credentials::seal::{Existing, MasterKeys, Place, SealError};

/// Which key is next.
#[derive(Debug, Default)]
pub enum NewMasterKey {
    /// A random one.
    #[default]
    Random,
    /// This one; the first, if there are more.
    Given(MasterKeys),
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rekeyed {
    /// The id of the active key.
    pub active: Box<str>,
    /// How many secrets were sealed anew in this run.
    pub secrets: u64,
    /// Whether an earlier run was continued, or a key that was put first by hand made the active
    /// one, instead of a new key.
    pub resumed: bool,
    /// The keys that nothing needs any more.
    pub dropped: Vec<Box<str>>,
    /// Whether they are out of the key file. They are not if the keys came from elsewhere.
    pub file_written: bool,
}

impl SqlCredentialStore {
    /// Seals all secrets with a new master key, or goes on where an earlier run stopped. With more
    /// than one key configured, the first becomes the active one and the others are dropped.
    ///
    /// `progress` is told the number of secrets after each batch; `false` stops there, and the next
    /// run goes on.
    ///
    /// # Errors
    /// [`OpenError`]; the next run goes on.
    pub async fn rekey(
        &self,
        new: NewMasterKey,
        mut progress: impl FnMut(u64) -> bool,
    ) -> Result<Option<Rekeyed>, OpenError> {
        let file = self.keyring().writable_file();
        let _lock = file.map(|file| lock(&file.path.with_extension("lock"))).transpose()?;
        self.keyring().reload()?;
        let before = self.keyring().keys();
        let resumed = before.ids().count() > 1;
        if !resumed {
            let Some(file) = file else { return Err(SealError::NoSecondKey.into()) };
            let new = match new {
                NewMasterKey::Random => MasterKeys::random()?,
                NewMasterKey::Given(keys) => keys,
            };
            file.write(&file.read()?.with_active(new), Existing::Replaced)?;
            self.keyring().reload()?;
        }

        let keys = self.keyring().keys();
        let database = self.database();
        if meta::key_id(database).await?.as_deref() != Some(keys.active_id()) {
            let mut transaction = database.begin().await?;
            meta::activate(&mut transaction, &keys).await?;
            transaction.commit().await?;
        }

        let mut secrets = 0;
        loop {
            match self.batch(database, &keys).await? {
                0 => break,
                sealed => secrets += sealed,
            }
            if !progress(secrets) {
                return Ok(None);
            }
        }

        while self.temporary(database, &keys).await? > 0 {}
        forget_answers(database, keys.active_id()).await?;
        if let Some(file) = file {
            file.write(&file.read()?.active_only(), Existing::Replaced)?;
            self.keyring().reload()?;
        }
        let active = keys.active_id();
        Ok(Some(Rekeyed {
            active: active.into(),
            secrets,
            resumed,
            dropped: keys.ids().filter(|id| *id != active).map(Into::into).collect(),
            file_written: file.is_some(),
        }))
    }

    /// Seals some secrets anew, and says how many; 0 at the end.
    async fn batch(&self, database: &Database, keys: &MasterKeys) -> Result<u64, OpenError> {
        let active = keys.active_id();
        let mut transaction = database.begin().await?;
        // Both conditions are ranges of the index on the key.
        let select = database.choose(
            "SELECT id, client_id, token_id, key_id, sealed FROM secret
             WHERE key_id < $1 OR key_id > $1 LIMIT 100",
            "SELECT id, client_id, token_id, key_id, sealed FROM secret
             WHERE key_id < $1 OR key_id > $1 LIMIT 100 FOR UPDATE",
        );
        let rows = transaction.rows(select, [active.into()]).await?;
        for row in &rows {
            let id = row.text("id")?;
            let owner = match row.optional_text("client_id")? {
                Some(client) => client,
                None => row.text("token_id")?,
            };
            let field = super::records::SECRET_FIELD;
            let place = Place { row: &id, credential: &owner, field };
            let secret = keys.open(place, &row.text("key_id")?, &row.octets("sealed")?)?;
            let sealed = keys.seal(active, place, &secret)?;
            let sql = "UPDATE secret SET key_id = $1, sealed = $2 WHERE id = $3";
            let values = [active.into(), sealed.octets.into(), id.clone().into()];
            transaction.execute(sql, values).await?;
        }
        transaction.commit().await?;
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

impl SqlCredentialStore {
    /// The same for some temporary credentials, which live for minutes and are not counted.
    async fn temporary(&self, database: &Database, keys: &MasterKeys) -> Result<usize, OpenError> {
        let active = keys.active_id();
        let mut transaction = database.begin().await?;
        let select = database.choose(
            "SELECT id, key_id, sealed, verifier FROM temporary
             WHERE key_id < $1 OR key_id > $1 LIMIT 100",
            "SELECT id, key_id, sealed, verifier FROM temporary
             WHERE key_id < $1 OR key_id > $1 LIMIT 100 FOR UPDATE",
        );
        let rows = transaction.rows(select, [active.into()]).await?;
        for row in &rows {
            let (id, key_id) = (row.text("id")?, row.text("key_id")?);
            let place = temporary_secret(&id);
            let secret = keys.open(place, &key_id, &row.octets("sealed")?)?;
            let sealed = keys.seal(active, place, &secret)?;
            let sql = "UPDATE temporary SET key_id = $1, sealed = $2 WHERE id = $3";
            let values = [active.into(), sealed.octets.into(), id.as_str().into()];
            transaction.execute(sql, values).await?;
            if let Some(verifier) = row.optional_octets("verifier")? {
                let place = temporary_verifier(&id);
                let verifier = keys.open(place, &key_id, &verifier)?;
                let sealed = keys.seal(active, place, &verifier)?;
                let sql = "UPDATE temporary SET verifier = $1 WHERE id = $2";
                transaction.execute(sql, [sealed.octets.into(), id.as_str().into()]).await?;
            }
        }
        transaction.commit().await?;
        Ok(rows.len())
    }
}

/// Kept answers (`Idempotency-Key`) are for an hour only: those under other keys are given up. That
/// they were given stays known, so that nothing is done twice.
async fn forget_answers(database: &Database, active: &str) -> Result<(), OpenError> {
    let mut transaction = database.begin().await?;
    let sql = "UPDATE idempotency SET key_id = NULL, sealed = NULL
               WHERE key_id IS NOT NULL AND key_id <> $1";
    transaction.execute(sql, [active.into()]).await?;
    Ok(transaction.commit().await?)
}

/// Two runs at once would each make a key.
fn lock(path: &std::path::Path) -> Result<std::fs::File, OpenError> {
    let name = || path.display().to_string().into();
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| OpenError::File {
        what: "cannot lock",
        path: name(),
        error,
    })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(OpenError::Busy(name())),
    }
}
