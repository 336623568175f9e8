//! Lists of keys, page by page. No page reads more of the table than it shows, whatever the size.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sqlx::AssertSqlSafe;

use super::{
    Caller, InvalidField, Key, KeyService, KeyState, ManagementError, Right,
    account::DEFAULT_ACCOUNT,
    key::{columns, joins},
    words,
};
use crate::credentials::{
    generate::now,
    sql::database::{Row, Value},
};

/// Which keys are listed. `Default` is all of them.
#[derive(Clone, Debug, Default)]
pub struct KeyFilter {
    /// Of the account with this name; of all that the caller may see if there is none.
    pub account: Option<String>,
    /// In this state.
    pub state: Option<KeyState>,
    /// Of this environment.
    pub environment: Option<String>,
    /// That were given exactly this scope.
    pub scope: Option<String>,
    /// Made by who has this name.
    pub created_by: Option<String>,
    /// That end before this time.
    pub expires_before: Option<i64>,
    /// That never end.
    pub never_expires: bool,
    /// That were made before this time and not used since.
    pub unused_since: Option<i64>,
    /// With a list of allowed addresses that restricts nothing, because it has all of them.
    pub open_to_all: bool,
    /// With words that begin with each of these; ordered by the word then.
    pub search: Option<String>,
    /// In which order.
    pub order: KeyOrder,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyOrder {
    /// The newest first.
    #[default]
    Newest,
    /// By name.
    Name,
    /// The one that was used last first.
    LastUsed,
    /// The one that ends first.
    Expires,
}

/// Some of the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPage {
    /// Without their tokens.
    pub keys: Vec<Key>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// How a list is walked: the column that orders it and the one that tells rows apart, which an
/// index has in that order.
struct Walk {
    from: &'static str,
    column: Option<&'static str>,
    id: &'static str,
    descending: bool,
    text: bool,
}

impl KeyService {
    /// At most `limit` keys, from where an earlier page ended. A page of a changing list shows no
    /// key twice.
    ///
    /// # Errors
    /// [`ManagementError`]; a cursor of another list is [`ManagementError::Invalid`].
    pub async fn list(
        &self,
        caller: &Caller,
        filter: &KeyFilter,
        after: Option<&str>,
        limit: u16,
    ) -> Result<KeyPage, ManagementError> {
        caller.require(Right::KeysRead)?;
        let account = self.listed_account(caller, filter).await?;
        let mut words = filter.search.as_deref().map(words::of).unwrap_or_default();
        // The longest finds the fewest, as far as one can tell without looking.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        if filter.search.is_some() && words.is_empty() {
            return Ok(KeyPage { keys: Vec::new(), next: None });
        }
        let walk = Walk::of(filter.order, !words.is_empty());
        let limit = usize::from(limit.max(1));

        let mut query = Query::default();
        if let Some(account) = account {
            let n = query.bind(account.into());
            // For the words, whose index begins with it.
            let word = if words.is_empty() { "" } else { &format!(" AND w.account_id = ${n}") };
            query.conditions += &format!(" AND c.account_id = ${n}{word}");
        }
        query.filter(filter);
        query.words(&words);
        let mut rows = Vec::new();
        for query in query.after(&walk, after)? {
            let sql = walk.sql(&query.conditions, limit + 1 - rows.len());
            // Made of the constants here; every value is bound.
            let database = self.management.store.database();
            rows.extend(database.rows(AssertSqlSafe(sql), query.values).await?);
            if rows.len() > limit {
                break;
            }
        }
        let page = rows.iter().take(limit).map(Key::of).collect::<Result<Vec<_>, _>>()?;
        let next = if rows.len() > limit {
            rows.get(limit - 1).map(|row| walk.cursor_of(row)).transpose()?
        } else {
            None
        };
        Ok(KeyPage { keys: page, next })
    }

    /// How many keys are like that, `most` for any number from there on: what is counted is looked
    /// at.
    ///
    /// # Errors
    /// [`ManagementError`].
    pub async fn count(
        &self,
        caller: &Caller,
        filter: &KeyFilter,
        most: u64,
    ) -> Result<u64, ManagementError> {
        caller.require(Right::KeysRead)?;
        let account = self.listed_account(caller, filter).await?;
        let mut query = Query::default();
        if let Some(account) = account {
            query.and("c.account_id = ", account.into());
        }
        query.filter(filter);
        // In the order of the one index that holds what is counted next to each other; neither
        // database would see by itself that walking the table finds nothing for long.
        let order = if filter.open_to_all {
            "ORDER BY c.ip_allow"
        } else if filter.unused_since.is_some() {
            "ORDER BY coalesce(c.last_used_at, 0)"
        } else if filter.never_expires || filter.expires_before.is_some() {
            "ORDER BY coalesce(c.expires_at, 9223372036854775807)"
        } else {
            ""
        };
        let limit = query.bind(i64::try_from(most).unwrap_or(i64::MAX).into());
        let sql = format!(
            "SELECT count(*) AS n FROM (SELECT 1 FROM client c WHERE c.deleted_at IS NULL{}
             {order} LIMIT ${limit}) found",
            query.conditions
        );
        let row = self.management.store.database().row(AssertSqlSafe(sql), query.values).await?;
        let n = row.ok_or(sqlx::Error::RowNotFound)?.integer("n")?;
        Ok(u64::try_from(n).unwrap_or_default())
    }

    /// The row id of the one account that is listed, if it is one. Lists that are ordered by what
    /// people chose are of one account, by whose index they are read.
    async fn listed_account(
        &self,
        caller: &Caller,
        filter: &KeyFilter,
    ) -> Result<Option<String>, ManagementError> {
        match (&filter.account, &caller.account) {
            (Some(name), _) => Ok(Some(self.management.account_id(caller, name).await?)),
            (None, Some(id)) => Ok(Some(id.clone())),
            (None, None) if filter.order == KeyOrder::Newest && filter.search.is_none() => Ok(None),
            (None, None) => Ok(Some(DEFAULT_ACCOUNT.to_owned())),
        }
    }
}

impl Walk {
    const fn of(order: KeyOrder, search: bool) -> Self {
        if search {
            // CROSS, so that SQLite begins with the words.
            let from = "client_word w CROSS JOIN client c";
            let (column, id) = (Some("w.word"), "w.client_id");
            return Self { from, column, id, descending: false, text: true };
        }
        let (column, descending, text) = match order {
            KeyOrder::Newest => (None, true, true),
            KeyOrder::Name => (Some("c.name"), false, true),
            KeyOrder::LastUsed => (Some("coalesce(c.last_used_at, 0)"), true, false),
            KeyOrder::Expires => {
                (Some("coalesce(c.expires_at, 9223372036854775807)"), false, false)
            }
        };
        Self { from: "client c", column, id: "c.id", descending, text }
    }

    fn sql(&self, conditions: &str, limit: usize) -> String {
        let Self { from, id, .. } = self;
        let column = self.column.unwrap_or(id);
        let direction = if self.descending { "DESC" } else { "ASC" };
        let order = match self.column {
            None => format!("{id} {direction}"),
            Some(column) => format!("{column} {direction}, {id} {direction}"),
        };
        format!(
            "SELECT {column} AS sorted, {} FROM {from} {} WHERE c.deleted_at IS NULL{conditions}
             ORDER BY {order} LIMIT {limit}",
            columns!(),
            joins!(),
        )
    }

    fn cursor_of(&self, row: &Row) -> Result<String, sqlx::Error> {
        let sorted =
            if self.text { row.text("sorted")? } else { row.integer("sorted")?.to_string() };
        Ok(BASE64_URL_SAFE_NO_PAD.encode(format!("{} {sorted}", row.text("id")?)))
    }

    fn cursor(&self, cursor: &str) -> Result<(Value, Value), InvalidField> {
        let parsed = || {
            let octets = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
            let text = String::from_utf8(octets).ok().filter(|text| !text.contains('\0'))?;
            let (id, value) = text.split_once(' ')?;
            let value = if self.text { value.into() } else { value.parse::<i64>().ok()?.into() };
            Some((value, id.into()))
        };
        parsed().ok_or_else(|| {
            InvalidField::new("after", "is no place in this list; take `next` of the page before")
        })
    }
}

/// Conditions, and the values that are bound.
#[derive(Clone, Default)]
struct Query {
    conditions: String,
    values: Vec<Value>,
}

impl Query {
    fn bind(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len()
    }

    fn and(&mut self, condition: &str, value: Value) {
        let n = self.bind(value);
        self.conditions += &format!(" AND {condition}${n}");
    }

    fn filter(&mut self, filter: &KeyFilter) {
        match filter.state {
            Some(KeyState::Disabled) => self.conditions += " AND NOT c.enabled",
            Some(KeyState::Expired) => {
                self.conditions += " AND c.enabled";
                self.and("c.expires_at <= ", now().into());
            }
            Some(KeyState::Active) => {
                self.conditions += " AND c.enabled";
                self.and("coalesce(c.expires_at, 9223372036854775807) > ", now().into());
            }
            None => {}
        }
        if let Some(environment) = &filter.environment {
            self.and("c.environment = ", environment.as_str().into());
        }
        if let Some(name) = &filter.created_by {
            self.and("c.created_by = ", name.as_str().into());
        }
        if let Some(scope) = &filter.scope {
            let literal = scope.replace('!', "!!").replace('%', "!%").replace('_', "!_");
            let pattern = format!("% {literal} %");
            let n = self.bind(pattern.into());
            self.conditions += &format!(" AND ' ' || c.scopes || ' ' LIKE ${n} ESCAPE '!'");
        }
        if let Some(end) = filter.expires_before {
            self.and("coalesce(c.expires_at, 9223372036854775807) < ", end.into());
        }
        if filter.never_expires {
            // As the index has it.
            self.conditions +=
                " AND coalesce(c.expires_at, 9223372036854775807) = 9223372036854775807";
        }
        if let Some(since) = filter.unused_since {
            let n = self.bind(since.into());
            self.conditions +=
                &format!(" AND coalesce(c.last_used_at, 0) < ${n} AND c.created_at < ${n}");
        }
        if filter.open_to_all {
            // Networks begin with another digit than 0 after the slash, but for these two.
            self.conditions += " AND c.ip_allow LIKE '%/0%'";
        }
    }

    /// The first word finds the keys, each at the first word of its own that fits; the others are
    /// looked up key by key.
    fn words(&mut self, words: &[String]) {
        for (place, word) in words.iter().enumerate() {
            let (first, end) =
                (self.bind(word.as_str().into()), self.bind(words::end(word).into()));
            self.conditions += &if place == 0 {
                format!(
                    " AND c.id = w.client_id AND w.word >= ${first} AND w.word < ${end} AND NOT EXISTS (SELECT 1
                     FROM client_word e WHERE e.client_id = w.client_id
                     AND e.word >= ${first} AND e.word < w.word)"
                )
            } else {
                format!(
                    " AND EXISTS (SELECT 1 FROM client_word e WHERE e.client_id = c.id
                     AND e.word >= ${first} AND e.word < ${end})"
                )
            };
        }
    }

    /// What comes after a row: first those that have the same value, then those beyond it. Two
    /// statements, because neither database would walk one index for both.
    fn after(self, walk: &Walk, after: Option<&str>) -> Result<Vec<Self>, InvalidField> {
        let Some(after) = after else { return Ok(vec![self]) };
        let (value, id) = walk.cursor(after)?;
        let sign = if walk.descending { '<' } else { '>' };
        let mut same = self.clone();
        same.and(&format!("{} {sign} ", walk.id), id);
        let Some(column) = walk.column else { return Ok(vec![same]) };
        let mut beyond = self;
        same.and(&format!("{column} = "), value.clone());
        beyond.and(&format!("{column} {sign} "), value);
        Ok(vec![same, beyond])
    }
}
