//! The statements of the writer. Each chunk is a transaction of its own, so that nobody waits long
//! for a row.

use serde_json::json;

use super::{
    refusals::{self, Kept, Refusals},
    text,
    uses::{AddressUse, ClientUse, LastUse, MOST_ADDRESSES, Uses},
};
use crate::credentials::{generate::new_row_id, sql::database::Database};

/// What has a last use.
#[derive(Clone, Copy)]
pub(super) enum Owner {
    Token,
    Basic,
}

/// Clients, their replaced secrets and their addresses.
pub(super) async fn clients(
    database: &Database,
    uses: &Uses<ClientUse>,
) -> Result<(), sqlx::Error> {
    for chunk in uses.dirty().chunks(CHUNK) {
        let rows = chunk.iter().map(|(identifier, client)| {
            let address = text(client.last.address);
            json!([identifier, client.last.minute, address, client.old_secret])
        });
        let addresses = chunk.iter().flat_map(|(identifier, client)| {
            let dirty = client.addresses.iter().filter(|address| address.is_dirty());
            dirty.map(move |AddressUse { address, first, last, .. }| {
                json!([identifier, address.to_string(), first, last])
            })
        });
        let (rows, addresses) = (list(rows), list(addresses));
        let mut transaction = database.begin().await?;
        transaction.execute(database.choose(SQLITE_CLIENTS, CLIENTS), [rows.into()]).await?;
        let sql = database.choose(SQLITE_ADDRESSES, ADDRESSES);
        transaction.execute(sql, [addresses.as_str().into()]).await?;
        let sql = database.choose(SQLITE_OLD_ADDRESSES, OLD_ADDRESSES);
        let most = i64::try_from(MOST_ADDRESSES).unwrap_or(i64::MAX);
        transaction.execute(sql, [addresses.into(), most.into()]).await?;
        transaction.commit().await?;
        uses.set_written(chunk);
    }
    Ok(())
}

/// Tokens or Basic credentials.
pub(super) async fn last_uses(
    database: &Database,
    uses: &Uses,
    owner: Owner,
) -> Result<(), sqlx::Error> {
    let sql = match owner {
        Owner::Token => database.choose(SQLITE_TOKENS, TOKENS),
        Owner::Basic => database.choose(SQLITE_BASICS, BASICS),
    };
    for chunk in uses.dirty().chunks(CHUNK) {
        let rows = chunk.iter().map(|(identifier, LastUse { minute, address, .. })| {
            json!([identifier, minute, text(*address)])
        });
        let mut transaction = database.begin().await?;
        transaction.execute(sql, [list(rows).into()]).await?;
        transaction.commit().await?;
        uses.set_written(chunk);
    }
    Ok(())
}

/// Refusals, and no more of them than the table is to hold.
pub(super) async fn refusals(database: &Database, refusals: &Refusals) -> Result<(), sqlx::Error> {
    let mut kept = refusals.take();
    if kept.is_empty() {
        return Ok(());
    }
    if kept.iter().any(Kept::is_suspicious) {
        let search = move || {
            refusals::diagnose(&mut kept);
            kept
        };
        kept = tokio::task::spawn_blocking(search).await.unwrap_or_default();
    }
    let written = write_refusals(database, &kept).await;
    if written.is_err() {
        refusals.put_back(kept);
    }
    written
}

async fn write_refusals(database: &Database, kept: &[Kept]) -> Result<(), sqlx::Error> {
    let rows = kept.iter().filter_map(|refusal| {
        let Kept { client, at, reason, address, method, path, detail, .. } = refusal;
        let detail = detail.to_string();
        let id = new_row_id(*at).ok()?;
        Some(json!([id, client, at, reason, address, method, path, detail]))
    });
    let rows = list(rows);
    let mut transaction = database.begin().await?;
    let sql = database.choose(SQLITE_REFUSALS, REFUSALS);
    transaction.execute(sql, [rows.as_str().into()]).await?;
    let sql = database.choose(SQLITE_OLD_REFUSALS, OLD_REFUSALS);
    transaction.execute(sql, [rows.into(), MOST_OF_CLIENT.into()]).await?;
    // What no client owns is everybody's.
    transaction.execute(LIMIT_OF_NOBODY, [MOST_OF_NOBODY.into()]).await?;
    transaction.commit().await
}

fn list(rows: impl Iterator<Item = serde_json::Value>) -> String {
    serde_json::Value::Array(rows.collect()).to_string()
}

// A list of rows is one value, read by the database's own functions. Rows are locked in the order
// of their ids, so that two writers do not wait for each other in a circle.
const SQLITE_CLIENTS: &str = "
    UPDATE client SET
        last_used_at = max(coalesce(last_used_at, u.at), u.at),
        last_used_address =
            CASE WHEN coalesce(last_used_at, -1) < u.at THEN u.address ELSE last_used_address END,
        old_secret_used_at =
            nullif(max(coalesce(old_secret_used_at, -1), coalesce(u.old, -1)), -1)
    FROM (SELECT value ->> 0 AS identifier, value ->> 1 AS at, value ->> 2 AS address,
              value ->> 3 AS old FROM json_each($1)) u
    WHERE client.identifier = u.identifier";
const CLIENTS: &str = "
    WITH u AS (
        SELECT c.id, (v ->> 1)::bigint AS at, v ->> 2 AS address, (v ->> 3)::bigint AS old
        FROM jsonb_array_elements($1::text::jsonb) v
        JOIN client c ON c.identifier = v ->> 0
        ORDER BY c.id FOR NO KEY UPDATE OF c)
    UPDATE client SET
        last_used_at = greatest(last_used_at, u.at),
        last_used_address =
            CASE WHEN coalesce(last_used_at, -1) < u.at THEN u.address ELSE last_used_address END,
        old_secret_used_at = greatest(old_secret_used_at, u.old)
    FROM u WHERE client.id = u.id";
const SQLITE_TOKENS: &str = "
    UPDATE token SET last_used_at = u.at, last_used_address = u.address
    FROM (SELECT value ->> 0 AS identifier, value ->> 1 AS at, value ->> 2 AS address
          FROM json_each($1)) u
    WHERE token.identifier = u.identifier AND coalesce(token.last_used_at, -1) < u.at";
const TOKENS: &str = "
    WITH u AS (
        SELECT t.id, (v ->> 1)::bigint AS at, v ->> 2 AS address
        FROM jsonb_array_elements($1::text::jsonb) v
        JOIN token t ON t.identifier = v ->> 0
        ORDER BY t.id FOR NO KEY UPDATE OF t)
    UPDATE token SET last_used_at = u.at, last_used_address = u.address
    FROM u WHERE token.id = u.id AND coalesce(token.last_used_at, -1) < u.at";
const SQLITE_BASICS: &str = "
    UPDATE basic_credential SET last_used_at = u.at, last_used_address = u.address
    FROM (SELECT value ->> 0 AS name, value ->> 1 AS at, value ->> 2 AS address
          FROM json_each($1)) u
    WHERE basic_credential.name = u.name AND basic_credential.deleted_at IS NULL
        AND coalesce(basic_credential.last_used_at, -1) < u.at";
const BASICS: &str = "
    WITH u AS (
        SELECT b.id, (v ->> 1)::bigint AS at, v ->> 2 AS address
        FROM jsonb_array_elements($1::text::jsonb) v
        JOIN basic_credential b ON b.name = v ->> 0 AND b.deleted_at IS NULL
        ORDER BY b.id FOR NO KEY UPDATE OF b)
    UPDATE basic_credential SET last_used_at = u.at, last_used_address = u.address
    FROM u WHERE basic_credential.id = u.id AND coalesce(basic_credential.last_used_at, -1) < u.at";
const SQLITE_ADDRESSES: &str = "
    INSERT INTO client_address (client_id, address, first_used_at, last_used_at)
    SELECT c.id, value ->> 1, value ->> 2, value ->> 3
    FROM json_each($1) JOIN client c ON c.identifier = value ->> 0 WHERE true
    ON CONFLICT (client_id, address) DO UPDATE
        SET last_used_at = max(last_used_at, excluded.last_used_at)";
const ADDRESSES: &str = "
    INSERT INTO client_address (client_id, address, first_used_at, last_used_at)
    SELECT c.id, v ->> 1, (v ->> 2)::bigint, (v ->> 3)::bigint
    FROM jsonb_array_elements($1::text::jsonb) v JOIN client c ON c.identifier = v ->> 0
    ORDER BY c.id, v ->> 1
    ON CONFLICT (client_id, address) DO UPDATE
        SET last_used_at = greatest(client_address.last_used_at, excluded.last_used_at)";
/// Of the clients in the list, all but the latest few.
const SQLITE_OLD_ADDRESSES: &str = "
    DELETE FROM client_address WHERE (client_id, address) IN (
        SELECT client_id, address FROM (
            SELECT a.client_id, a.address, row_number() OVER (
                PARTITION BY a.client_id ORDER BY a.last_used_at DESC, a.address) AS place
            FROM client_address a WHERE a.client_id IN (
                SELECT c.id FROM json_each($1) JOIN client c ON c.identifier = value ->> 0)
        ) WHERE place > $2)";
const OLD_ADDRESSES: &str = "
    DELETE FROM client_address WHERE (client_id, address) IN (
        SELECT client_id, address FROM (
            SELECT a.client_id, a.address, row_number() OVER (
                PARTITION BY a.client_id ORDER BY a.last_used_at DESC, a.address) AS place
            FROM client_address a WHERE a.client_id IN (
                SELECT c.id FROM jsonb_array_elements($1::text::jsonb) v
                JOIN client c ON c.identifier = v ->> 0)
        ) places WHERE place > $2)";
const SQLITE_REFUSALS: &str = "
    INSERT INTO refusal (id, client_id, at, reason, address, method, path, detail)
    SELECT value ->> 0, (SELECT id FROM client WHERE identifier = value ->> 1), value ->> 2,
        value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
    FROM json_each($1)";
const REFUSALS: &str = "
    INSERT INTO refusal (id, client_id, at, reason, address, method, path, detail)
    SELECT v ->> 0, (SELECT id FROM client WHERE identifier = v ->> 1), (v ->> 2)::bigint,
        v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7
    FROM jsonb_array_elements($1::text::jsonb) v";
/// Of the clients in the list, all but the latest few.
const SQLITE_OLD_REFUSALS: &str = "
    DELETE FROM refusal WHERE id IN (
        SELECT id FROM (
            SELECT r.id, row_number() OVER (
                PARTITION BY r.client_id ORDER BY r.id DESC) AS place
            FROM refusal r WHERE r.client_id IN (
                SELECT c.id FROM json_each($1) JOIN client c ON c.identifier = value ->> 1)
        ) WHERE place > $2)";
const OLD_REFUSALS: &str = "
    DELETE FROM refusal WHERE id IN (
        SELECT id FROM (
            SELECT r.id, row_number() OVER (
                PARTITION BY r.client_id ORDER BY r.id DESC) AS place
            FROM refusal r WHERE r.client_id IN (
                SELECT c.id FROM jsonb_array_elements($1::text::jsonb) v
                JOIN client c ON c.identifier = v ->> 1)
        ) places WHERE place > $2)";
const LIMIT_OF_NOBODY: &str = "
    DELETE FROM refusal WHERE client_id IS NULL AND id NOT IN (
        SELECT id FROM refusal WHERE client_id IS NULL ORDER BY id DESC LIMIT $1)";
const CHUNK: usize = 500;
const MOST_OF_CLIENT: i64 = 50;
const MOST_OF_NOBODY: i64 = 200;
