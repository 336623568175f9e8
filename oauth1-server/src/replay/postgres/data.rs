//! The data in the server: attaching to them, asking, and looking after their tables.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

use oauth1_core::{Timestamp, stamp::NoRandomness};
use rand::{TryRng, rngs::SysRng};
use sqlx::{
    Connection, PgConnection, PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};
use zeroize::Zeroizing;

use super::{
    super::{
        NonceOutcome, NonceStoreError, NonceTagger,
        link::{Keeper, Link},
        slots::fenced,
    },
    builder::PostgresNonceStoreError,
    sql::Sql,
};
use crate::{
    clock::Clock,
    error::StoreError,
    policy::{AcceptableTimestamps, TimestampWindow},
};

/// What all requests of a node share.
pub(super) struct Data {
    pub(super) link: Link<Attached>,
    pub(super) sql: Sql,
    pub(super) connect: PgConnectOptions,
    pub(super) pool: PgPoolOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) window: TimestampWindow,
    /// How far the clocks may be apart; `None` in tests, whose time is not that of the server.
    pub(super) skew: Option<u64>,
    pub(super) first_start: bool,
    pub(super) unsynced: bool,
    /// Also held here: what the server forgets, this node does not.
    pub(super) fence: AtomicU64,
    /// The last generation that this node has seen.
    pub(super) generation: AtomicI64,
    pub(super) latest: AtomicU64,
    /// A table is gone, and its nonces with it.
    pub(super) suspect: AtomicBool,
    pub(super) making: tokio::sync::Mutex<()>,
}

/// A pool of connections to a server whose data are known.
pub(super) struct Attached {
    pub(super) pool: PgPool,
    pub(super) generation: i64,
    pub(super) tagger: NonceTagger,
}

/// When a request was judged, and what the clock says now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) acceptable: AcceptableTimestamps,
    pub(super) clock: u64,
}

/// What the server says to a request.
#[derive(Debug)]
pub(super) enum Answer {
    Recorded(NonceOutcome),
    Refused(NonceStoreError),
    /// The data are not those that this node has last seen: they are attached anew.
    Lost(&'static str),
}

impl Data {
    pub(super) fn check_fence(&self, timestamp: u64, now: u64) -> Result<(), NonceStoreError> {
        let fence = self.fence.load(Ordering::Acquire);
        if timestamp <= fence { Err(fenced(fence, now)) } else { Ok(()) }
    }

    pub(super) fn recorded(&self, timestamp: u64) {
        self.latest.fetch_max(timestamp, Ordering::AcqRel);
    }

    /// Records a tag, and makes its table first if there is none.
    pub(super) async fn record(
        &self,
        attached: &Attached,
        tag: &[u8],
        timestamp: u64,
        moment: Moment,
    ) -> Result<Answer, sqlx::Error> {
        let slot = slot_of(timestamp);
        let insert = || {
            sqlx::query(self.sql.insert(slot))
                .bind(tag)
                .bind(attached.generation)
                .bind(signed(timestamp))
                .bind(slot)
                .bind(signed(moment.clock))
                .bind(self.skew())
                .execute(&attached.pool)
        };
        let inserted = match insert().await {
            Err(error) if is_missing(&error) => {
                // The server has said that nothing was done.
                let Some(floor) = self.make(attached, moment).await? else {
                    return self.judge_without(attached, Some(tag), timestamp, moment).await;
                };
                // What lies below is dropped by the keeper, not by a request.
                self.link.wake();
                if slot < floor {
                    let until = unsigned(floor) * TABLE_SECONDS - 1;
                    return Ok(Answer::Refused(fenced(until, moment.acceptable.now)));
                }
                insert().await
            }
            inserted => inserted,
        };
        match inserted {
            Ok(done) if done.rows_affected() == 1 => Ok(Answer::Recorded(NonceOutcome::Fresh)),
            Ok(_) => self.look(attached, tag, timestamp, moment).await,
            Err(error) if is_read_only(&error) => Ok(Answer::Lost("the server is a standby")),
            Err(error) => Err(error),
        }
    }

    /// Why a tag was not recorded, or whether it is there.
    pub(super) async fn look(
        &self,
        attached: &Attached,
        tag: &[u8],
        timestamp: u64,
        moment: Moment,
    ) -> Result<Answer, sqlx::Error> {
        let slot = slot_of(timestamp);
        let looked = sqlx::query(self.sql.look(slot))
            .bind(tag)
            .bind(attached.generation)
            .bind(signed(timestamp))
            .bind(slot)
            .bind(signed(moment.clock))
            .bind(self.skew())
            .fetch_optional(&attached.pool)
            .await;
        match looked {
            Ok(Some(row)) => judge(&row, timestamp, moment.acceptable.now),
            Ok(None) => Ok(Answer::Lost(NO_TABLES)),
            // Dropped meanwhile: the floor says so.
            Err(error) if is_missing(&error) => {
                self.judge_without(attached, Some(tag), timestamp, moment).await
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn ready(
        &self,
        attached: &Attached,
        moment: Moment,
    ) -> Result<Answer, sqlx::Error> {
        self.judge_without(attached, None, moment.acceptable.now, moment).await
    }

    /// Judges a timestamp without its table; a tag is not found then.
    async fn judge_without(
        &self,
        attached: &Attached,
        tag: Option<&[u8]>,
        timestamp: u64,
        moment: Moment,
    ) -> Result<Answer, sqlx::Error> {
        if self.suspect.load(Ordering::Acquire) {
            return Ok(Answer::Lost("a table is gone"));
        }
        let row = sqlx::query(self.sql.ready())
            .bind(tag)
            .bind(attached.generation)
            .bind(signed(timestamp))
            .bind(slot_of(timestamp))
            .bind(signed(moment.clock))
            .bind(self.skew())
            .fetch_optional(&attached.pool)
            .await;
        match row {
            Ok(Some(row)) => judge(&row, timestamp, moment.acceptable.now),
            Ok(None) => Ok(Answer::Lost(NO_TABLES)),
            Err(error) if is_missing(&error) => Ok(Answer::Lost(NO_TABLES)),
            Err(error) if is_read_only(&error) => Ok(Answer::Lost("the server is a standby")),
            Err(error) => Err(error),
        }
    }

    /// Raises the floor and makes the tables of a window, and some ahead. Gives the floor; `None` if
    /// the clocks differ, or if a table is gone that was made and not dropped.
    async fn make(&self, attached: &Attached, moment: Moment) -> Result<Option<i64>, sqlx::Error> {
        let AcceptableTimestamps { first, last, .. } = moment.acceptable;
        let _one_of_this_node = self.making.lock().await;
        let mut transaction = attached.pool.begin().await?;
        sqlx::query(Sql::LOCK).bind(&self.sql.schema).execute(&mut *transaction).await?;
        let raised: Option<(i64, i64)> = sqlx::query_as(self.sql.raise_floor())
            .bind((slot_of(first) - 1).max(0))
            .bind(signed(moment.clock))
            .bind(self.skew())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some((floor, made)) = raised else { return Ok(None) };
        let slots: Vec<i64> = sqlx::query_scalar(Sql::SLOTS)
            .bind(&self.sql.schema)
            .fetch_all(&mut *transaction)
            .await?;
        let last = slot_of(last) + TABLES_AHEAD;
        for slot in (floor..=last.max(made)).filter(|slot| !slots.contains(slot)) {
            if slot <= made {
                self.suspect.store(true, Ordering::Release);
                return Ok(None);
            }
            sqlx::raw_sql(self.sql.make_slot(slot)).execute(&mut *transaction).await?;
        }
        sqlx::query(self.sql.set_made()).bind(last).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Some(floor))
    }

    /// Drops what lies below the floor, which was committed before.
    async fn drop_passed(&self, attached: &Attached) -> Result<(), sqlx::Error> {
        let floor: i64 = sqlx::query_scalar(self.sql.floor()).fetch_one(&attached.pool).await?;
        let slots: Vec<i64> =
            sqlx::query_scalar(Sql::SLOTS).bind(&self.sql.schema).fetch_all(&attached.pool).await?;
        for slot in slots.into_iter().filter(|slot| *slot < floor) {
            let mut transaction = attached.pool.begin().await?;
            sqlx::query(Sql::LOCK).bind(&self.sql.schema).execute(&mut *transaction).await?;
            sqlx::raw_sql(self.sql.drop_slot(slot)).execute(&mut *transaction).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    fn moment(&self, now: Timestamp) -> Moment {
        Moment { acceptable: self.window.around(now), clock: now.seconds() }
    }

    fn skew(&self) -> i64 {
        self.skew.map_or(-1, signed)
    }

    /// Makes sure of the data, under the lock: gives the key, the generation and the fence.
    async fn claim(
        &self,
        connection: &mut PgConnection,
        now: u64,
    ) -> Result<(Zeroizing<Vec<u8>>, i64, u64, i64), PostgresNonceStoreError> {
        let mut transaction = connection.begin().await?;
        sqlx::query(Sql::LOCK).bind(&self.sql.schema).execute(&mut *transaction).await?;
        let server = sqlx::query(Sql::SERVER).fetch_one(&mut *transaction).await?;
        let (standby, synced): (bool, bool) = (server.try_get(0)?, server.try_get(1)?);
        let (system, timeline): (i64, String) = (server.try_get(2)?, server.try_get(3)?);
        let time = unsigned(server.try_get(4)?);
        if standby {
            return Err(PostgresNonceStoreError::Standby);
        }
        if !synced && !self.unsynced {
            return Err(PostgresNonceStoreError::Unsynced);
        }
        let by = time.abs_diff(now);
        if self.skew.is_some_and(|skew| by > skew) {
            return Err(PostgresNonceStoreError::ClockDiffers { by });
        }

        let exists =
            sqlx::query(Sql::EXISTS).bind(&self.sql.schema).fetch_one(&mut *transaction).await?;
        if !exists.try_get::<bool, _>(1)? {
            sqlx::raw_sql(self.sql.make_schema()).execute(&mut *transaction).await?;
        }
        if !exists.try_get::<bool, _>(0)? {
            sqlx::raw_sql(self.sql.make_store()).execute(&mut *transaction).await?;
        }
        let seen = self.generation.load(Ordering::Acquire);
        let skew = self.skew.unwrap_or(0);
        // Three times: between nodes and server, and between the server of before and this one.
        let safe = (now + self.window.future + 3 * skew).max(self.latest.load(Ordering::Acquire));
        // The time, so that what begins anew counts on from what was lost.
        let next = |last: i64| (last + 1).max(seen + 1).max(signed(time) * 1_000);
        let store = sqlx::query(self.sql.read_store()).fetch_optional(&mut *transaction).await?;
        let (key, generation, fence) = match store {
            None => {
                let mut key = Zeroizing::new(vec![0; 16]);
                SysRng.try_fill_bytes(&mut key).map_err(|_| NoRandomness)?;
                let fence = if self.first_start && seen == 0 { 0 } else { safe };
                let begin = sqlx::query(self.sql.begin_store()).bind(&key[..]).bind(system);
                begin
                    .bind(&timeline)
                    .bind(next(0))
                    .bind(signed(fence))
                    .execute(&mut *transaction)
                    .await?;
                (key, next(0), fence)
            }
            Some(row) => {
                let key = Zeroizing::new(row.try_get(0)?);
                let generation: i64 = row.try_get(3)?;
                let fence = unsigned(row.try_get(4)?);
                let same = (row.try_get::<i64, _>(1)?, row.try_get::<String, _>(2)?);
                let suspect = self.suspect.load(Ordering::Acquire);
                if same == (system, timeline.clone()) && generation >= seen && !suspect {
                    (key, generation, fence)
                } else {
                    let (generation, fence) = (next(generation), fence.max(safe));
                    let raise = sqlx::query(self.sql.fence_store()).bind(system).bind(&timeline);
                    raise.bind(generation).bind(signed(fence)).execute(&mut *transaction).await?;
                    (key, generation, fence)
                }
            }
        };
        transaction.commit().await?;
        Ok((key, generation, fence, system))
    }
}

impl Keeper for Arc<Data> {
    type Attached = Attached;
    type Error = PostgresNonceStoreError;

    fn link(&self) -> &Link<Attached> {
        &self.link
    }

    async fn attach(&self) -> Result<(), PostgresNonceStoreError> {
        let now = self.clock.now().ok_or(PostgresNonceStoreError::Clock)?;
        let moment = self.moment(now);
        let now = now.seconds();
        let mut connection = PgConnection::connect_with(&self.connect).await?;
        let (key, generation, fence, system) = self.claim(&mut connection, now).await?;
        let _ = connection.close().await;
        let key = <[u8; 16]>::try_from(&key[..]).map_err(|_| PostgresNonceStoreError::Foreign)?;

        // Each connection leads to the same server, whoever stands in between.
        let pool = self.pool.clone().after_connect(move |connection, _| {
            Box::pin(async move {
                let reached: i64 = sqlx::query_scalar(Sql::SYSTEM).fetch_one(connection).await?;
                if reached == system {
                    return Ok(());
                }
                Err(sqlx::Error::Configuration("the server was replaced".into()))
            })
        });
        let pool = pool.connect_lazy_with(self.connect.clone());
        let attached = Attached { pool, generation, tagger: NonceTagger::new(key) };
        self.suspect.store(false, Ordering::Release);
        if self.make(&attached, moment).await?.is_none() {
            return Err(PostgresNonceStoreError::ClockChanged);
        }
        self.fence.fetch_max(fence, Ordering::AcqRel);
        self.generation.fetch_max(generation, Ordering::AcqRel);
        if fence >= now {
            tracing::warn!(
                until = fence,
                "PostgreSQL may have forgotten nonces: requests stamped up to the fence are refused"
            );
        }
        self.link.attach(attached);
        Ok(())
    }

    async fn check(&self, attached: &Attached) -> Result<(), PostgresNonceStoreError> {
        let now = self.clock.now().ok_or(PostgresNonceStoreError::Clock)?;
        if self.make(attached, self.moment(now)).await?.is_none() {
            return Err(PostgresNonceStoreError::ClockChanged);
        }
        Ok(self.drop_passed(attached).await?)
    }
}

/// What a row of [`Sql::look`] means for a timestamp.
fn judge(row: &PgRow, timestamp: u64, now: u64) -> Result<Answer, sqlx::Error> {
    let (same, clock, found): (bool, bool, bool) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(4)?);
    let (fence, floor): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
    if !same {
        return Ok(Answer::Lost("the server was replaced"));
    }
    if !clock {
        let error = StoreError::new("the clocks of this server and of PostgreSQL differ: set them");
        return Ok(Answer::Refused(error.into()));
    }
    if signed(timestamp) <= fence {
        return Ok(Answer::Refused(fenced(unsigned(fence), now)));
    }
    if slot_of(timestamp) < floor {
        return Ok(Answer::Refused(fenced(unsigned(floor) * TABLE_SECONDS - 1, now)));
    }
    Ok(if found {
        Answer::Recorded(NonceOutcome::Replayed)
    } else {
        Answer::Refused(StoreError::new("the nonce could not be recorded").into())
    })
}

/// There is no such table, or no longer while the statement ran.
fn is_missing(error: &sqlx::Error) -> bool {
    ["42P01", "58P01", "XX000"].iter().any(|code| has_code(error, code))
}

fn is_read_only(error: &sqlx::Error) -> bool {
    // A standby, or a function that it refuses.
    has_code(error, "25006") || has_code(error, "55000")
}

fn has_code(error: &sqlx::Error, code: &str) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|c| c == code)
}

fn slot_of(timestamp: u64) -> i64 {
    signed(timestamp / TABLE_SECONDS)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

const NO_TABLES: &str = "the tables are not there";
const TABLE_SECONDS: u64 = 60;
const TABLES_AHEAD: i64 = 3;
