//! The one row that says which store this is, and which master key it was sealed with.

use super::{
    database::{Database, Transaction},
    settings::OpenError,
};
use crate::credentials::{
    generate::{new_row_id, now},
    seal::{Keyring, MasterKeys, Place, SealError, Sealed},
};

/// The id of the key that seals new secrets; `None` in a new database.
pub(super) async fn key_id(database: &Database) -> Result<Option<Box<str>>, OpenError> {
    let row = database.row("SELECT key_id FROM meta", []).await?;
    Ok(row.map(|row| row.text("key_id")).transpose()?.map(String::into_boxed_str))
}

/// The same within a transaction that writes a secret: until it ends, the key stays this one.
pub(crate) async fn key_id_for_writing(
    database: &Database,
    transaction: &mut Transaction,
) -> Result<String, sqlx::Error> {
    // SQLite has one writer at a time anyway.
    let sql = database.choose("SELECT key_id FROM meta", "SELECT key_id FROM meta FOR SHARE");
    transaction.row(sql, []).await?.ok_or(sqlx::Error::RowNotFound)?.text("key_id")
}

/// Refuses master keys that the database was not sealed with; notes them in a new database.
pub(super) async fn check(database: &Database, keyring: &Keyring) -> Result<(), OpenError> {
    let sql = "SELECT identity, key_id, key_check FROM meta";
    let mut row = database.row(sql, []).await?;
    if row.is_none() {
        create(database, &keyring.keys()).await?;
        row = database.row(sql, []).await?;
    }
    let row = row.ok_or(sqlx::Error::RowNotFound)?;
    let (identity, key_id) = (row.text("identity")?, row.text("key_id")?);
    match keyring.open(place(&identity), &key_id, &row.octets("key_check")?) {
        Ok(text) if *text == CHECK.as_bytes() => Ok(()),
        Ok(_) | Err(SealError::Tampered(_) | SealError::UnknownKey(_)) => {
            let found = keyring.keys().active_id().into();
            Err(OpenError::MasterKeyWrong { found, needed: key_id.into() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Does nothing if another process was faster.
async fn create(database: &Database, keys: &MasterKeys) -> Result<(), OpenError> {
    let now = now();
    let identity = new_row_id(now).map_err(|_| SealError::NoRandomness)?;
    let Sealed { key_id, octets } =
        keys.seal(keys.active_id(), place(&identity), CHECK.as_bytes())?;
    let mut transaction = database.begin().await?;
    let sql = "INSERT INTO meta (id, identity, created_at, key_id, key_check)
               VALUES (1, $1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let values = [identity.into(), now.into(), key_id.as_ref().into(), octets.into()];
    transaction.execute(sql, values).await?;
    Ok(transaction.commit().await?)
}

/// Makes a key the one that seals new secrets.
pub(super) async fn activate(
    transaction: &mut Transaction,
    keys: &MasterKeys,
) -> Result<(), OpenError> {
    let row = transaction.row("SELECT identity FROM meta", []).await?;
    let identity = row.ok_or(sqlx::Error::RowNotFound)?.text("identity")?;
    let Sealed { key_id, octets } =
        keys.seal(keys.active_id(), place(&identity), CHECK.as_bytes())?;
    let sql = "UPDATE meta SET key_id = $1, key_check = $2";
    transaction.execute(sql, [key_id.as_ref().into(), octets.into()]).await?;
    Ok(())
}

const fn place(identity: &str) -> Place<'_> {
    Place { row: identity, credential: "meta", field: "key_check" }
}

const CHECK: &str = "the master key of this database";
