//! The SQL, for a schema whose name was checked.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

/// Makes the statements of one schema.
#[derive(Clone, Debug)]
pub(super) struct Sql {
    pub(super) schema: String,
}

/// What must hold for the data to be those that a node has attached to: `$2` generation, `$3`
/// timestamp, `$4` slot, `$5` the node's time, `$6` how far the clocks may be apart.
const SAME: &str =
    "generation = $2 AND timeline = substring(pg_walfile_name(pg_current_wal_lsn()) for 8)";
const CLOCK: &str =
    "($6 < 0 OR abs(floor(extract(epoch from clock_timestamp()))::bigint - $5) <= $6)";

impl Sql {
    /// Inserts tag `$1`.
    pub(super) fn insert(&self, slot: i64) -> SqlStr {
        let Self { schema } = self;
        safe(format!(
            "INSERT INTO {schema}.n_{slot} (tag) SELECT $1 FROM {schema}.store \
             WHERE {SAME} AND fence < $3 AND floor <= $4 AND {CLOCK} ON CONFLICT DO NOTHING"
        ))
    }

    /// Why nothing was inserted: whether the data are the same, whether the clocks agree, the fence,
    /// the floor, and whether the tag is there.
    pub(super) fn look(&self, slot: i64) -> SqlStr {
        let Self { schema } = self;
        safe(format!(
            "SELECT {SAME}, {CLOCK}, fence, floor, \
             EXISTS (SELECT FROM {schema}.n_{slot} WHERE tag = $1) FROM {schema}.store \
             WHERE $3 > 0 AND $4 >= 0"
        ))
    }

    /// The same without a tag.
    pub(super) fn ready(&self) -> SqlStr {
        let Self { schema } = self;
        safe(format!(
            "SELECT {SAME}, {CLOCK}, fence, floor, $1::bytea IS NULL FROM {schema}.store \
             WHERE $3 > 0 AND $4 >= 0"
        ))
    }

    /// What the server is: standby, `fsync`, system, timeline, time.
    pub(super) const SERVER: &'static str = "SELECT pg_is_in_recovery(), \
         current_setting('fsync') = 'on', \
         (SELECT system_identifier FROM pg_control_system()), \
         CASE WHEN pg_is_in_recovery() THEN '' \
         ELSE substring(pg_walfile_name(pg_current_wal_lsn()) for 8) END, \
         floor(extract(epoch from clock_timestamp()))::bigint";

    pub(super) const SYSTEM: &'static str = "SELECT system_identifier FROM pg_control_system()";

    /// One at a time makes tables, raises the floor and drops tables: `$1` is the schema.
    pub(super) const LOCK: &'static str =
        "SELECT pg_advisory_xact_lock(hashtextextended('oauth1 nonces of ' || $1, 0))";

    pub(super) const EXISTS: &'static str = "SELECT to_regclass(quote_ident($1) || '.store') IS NOT NULL, to_regnamespace(quote_ident($1)) IS NOT NULL";

    pub(super) fn make_schema(&self) -> SqlStr {
        safe(format!("CREATE SCHEMA {}", self.schema))
    }

    pub(super) fn make_store(&self) -> SqlStr {
        safe(format!(
            "CREATE TABLE {}.store (one boolean PRIMARY KEY DEFAULT true CHECK (one), \
             key bytea NOT NULL, system bigint NOT NULL, timeline text NOT NULL, \
             generation bigint NOT NULL, fence bigint NOT NULL, floor bigint NOT NULL, \
             made bigint NOT NULL)",
            self.schema
        ))
    }

    pub(super) fn read_store(&self) -> SqlStr {
        safe(format!(
            "SELECT key, system, timeline, generation, fence FROM {}.store FOR UPDATE",
            self.schema
        ))
    }

    pub(super) fn begin_store(&self) -> SqlStr {
        safe(format!(
            "INSERT INTO {}.store (key, system, timeline, generation, fence, floor, made) \
             VALUES ($1, $2, $3, $4, $5, 0, -1)",
            self.schema
        ))
    }

    pub(super) fn fence_store(&self) -> SqlStr {
        safe(format!(
            "UPDATE {}.store SET system = $1, timeline = $2, generation = $3, fence = $4, made = -1",
            self.schema
        ))
    }

    /// Not by a clock that is wrong: `$2` is the node's time, `$3` how far it may be off.
    pub(super) fn raise_floor(&self) -> SqlStr {
        safe(format!(
            "UPDATE {}.store SET floor = greatest(floor, $1) \
             WHERE $3 < 0 OR abs(floor(extract(epoch from clock_timestamp()))::bigint - $2) <= $3 \
             RETURNING floor, made",
            self.schema
        ))
    }

    /// All tables from the floor to this slot are there.
    pub(super) fn set_made(&self) -> SqlStr {
        safe(format!("UPDATE {}.store SET made = greatest(made, $1)", self.schema))
    }

    pub(super) fn floor(&self) -> SqlStr {
        safe(format!("SELECT floor FROM {}.store", self.schema))
    }

    /// Never vacuumed: a table is dropped long before that is of use.
    pub(super) fn make_slot(&self, slot: i64) -> SqlStr {
        safe(format!(
            "CREATE TABLE IF NOT EXISTS {}.n_{slot} (tag bytea PRIMARY KEY) \
             WITH (autovacuum_enabled = false)",
            self.schema
        ))
    }

    /// The slots that have a table.
    pub(super) const SLOTS: &'static str = "SELECT substring(tablename from 3)::bigint \
         FROM pg_tables WHERE schemaname = $1 AND tablename ~ '^n_[0-9]+$'";

    pub(super) fn drop_slot(&self, slot: i64) -> SqlStr {
        safe(format!("DROP TABLE IF EXISTS {}.n_{slot}", self.schema))
    }
}

/// The schema's name was checked, and all else are numbers.
fn safe(sql: String) -> SqlStr {
    AssertSqlSafe(sql).into_sql_str()
}
