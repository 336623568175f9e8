//! The audit log: who did what, in the transaction that did it.

use serde_json::Value as Json;

use super::{Caller, Key, Management, ManagementError, Right, page::Limit};
use crate::credentials::{
    generate::new_row_id,
    sql::database::{Row, Transaction},
};

/// What an entry is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// Such as `client` or `person`.
    pub(crate) kind: &'static str,
    /// Its row id.
    pub(crate) id: &'a str,
    /// As people know it, such as the app key.
    pub(crate) name: &'a str,
    /// The row id of the account that it belongs to.
    pub(crate) account: Option<&'a str>,
}

impl<'a> From<&'a Key> for Subject<'a> {
    fn from(key: &'a Key) -> Self {
        Self { kind: "client", id: &key.id, name: &key.app_key, account: Some(&key.account_id) }
    }
}

/// Writes an entry. Neither state has a secret in it.
pub(crate) async fn record(
    transaction: &mut Transaction,
    caller: &Caller,
    action: &'static str,
    subject: Subject<'_>,
    states: (Json, Json),
    now: i64,
) -> Result<(), ManagementError> {
    let sql = "INSERT INTO audit (id, at, actor, address, action, account_id, subject_kind,
                                  subject_id, subject, detail)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let detail = serde_json::json!({ "before": states.0, "after": states.1 }).to_string();
    let values = [
        new_row_id(now)?.into(),
        now.into(),
        caller.name.as_str().into(),
        caller.address.as_deref().into(),
        action.into(),
        subject.account.into(),
        subject.kind.into(),
        subject.id.into(),
        subject.name.into(),
        detail.into(),
    ];
    transaction.execute(sql, values).await?;
    transaction.happens(action);
    Ok(())
}

/// An entry of the audit log. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its row id, which grows with time.
    pub id: String,
    /// When.
    pub at: i64,
    /// Who, such as `person:ada`.
    pub actor: String,
    /// From where.
    pub address: Option<String>,
    /// What, such as `key.rotate`.
    pub action: String,
    /// What it was done to, such as `client`.
    pub subject_kind: String,
    /// Its row id.
    pub subject_id: String,
    /// As people know it.
    pub subject: String,
    /// A JSON object: `before` and `after`, without secrets.
    pub detail: String,
}

/// Which entries.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// About this subject, by row id.
    pub subject_id: Option<String>,
    /// Whose action begins with this, such as `key.`.
    pub action: Option<String>,
    /// Done by who has this name.
    pub actor: Option<String>,
    /// At this time or later.
    pub since: Option<i64>,
    /// Before this time.
    pub until: Option<i64>,
}

/// Some entries, the latest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

impl Management {
    /// At most `limit` entries, the latest first, from where an earlier page ended.
    ///
    /// # Errors
    /// [`ManagementError::Forbidden`] or [`ManagementError::Database`].
    pub async fn audit(
        &self,
        caller: &Caller,
        filter: &AuditFilter,
        after: Option<&str>,
        limit: u16,
    ) -> Result<AuditPage, ManagementError> {
        caller.require(Right::AuditRead)?;
        let limit = Limit::new(limit);
        let values = [
            after.unwrap_or("~").into(),
            limit.rows(),
            filter.since.unwrap_or(0).into(),
            filter.until.unwrap_or(i64::MAX).into(),
            filter.actor.as_deref().into(),
            filter.action.as_deref().into(),
            // One of the two last is used to find the rows.
            filter.subject_id.as_deref().or(caller.account.as_deref()).into(),
            caller.account.as_deref().into(),
        ];
        let sql = match (&filter.subject_id, &caller.account) {
            (Some(_), _) => BY_SUBJECT,
            (None, Some(_)) => BY_ACCOUNT,
            (None, None) => ALL,
        };
        let rows = self.store.database().rows(sql, values).await?;
        let (entries, next) = limit.page(&rows, entry, |entry| &entry.id)?;
        Ok(AuditPage { entries, next })
    }
}

fn entry(row: &Row) -> Result<AuditEntry, sqlx::Error> {
    Ok(AuditEntry {
        id: row.text("id")?,
        at: row.integer("at")?,
        actor: row.text("actor")?,
        address: row.optional_text("address")?,
        action: row.text("action")?,
        subject_kind: row.text("subject_kind")?,
        subject_id: row.text("subject_id")?,
        subject: row.text("subject")?,
        detail: row.text("detail")?,
    })
}

macro_rules! entries {
    ($which:literal) => {
        concat!(
            "SELECT id, at, actor, address, action, subject_kind, subject_id, subject, detail
             FROM audit WHERE ",
            $which,
            " AND id < $1 AND at >= $3 AND at < $4
              AND ($5 IS NULL OR actor = $5)
              AND ($6 IS NULL OR substr(action, 1, length($6)) = $6)
              ORDER BY id DESC LIMIT $2"
        )
    };
}

const BY_SUBJECT: &str = entries!("subject_id = $7 AND ($8 IS NULL OR account_id = $8)");
const BY_ACCOUNT: &str = entries!("account_id = $7 AND $8 IS NOT NULL");
const ALL: &str = entries!("$7 IS NULL AND $8 IS NULL");
