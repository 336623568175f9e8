//! The tables, and their versions.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{database::Database, settings::OpenError};

/// What the tables of a database are, compared with what this program needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaVersion {
    /// There are none.
    Absent,
    /// Older; `migrate` changes them.
    Older {
        /// In the database.
        found: i64,
    },
    /// What this program needs.
    Current,
    /// Newer; this program must not touch them.
    Newer {
        /// In the database.
        found: i64,
    },
}

impl SchemaVersion {
    /// What this program needs.
    pub const NEEDED: i64 = 5;

    pub(super) async fn of(database: &Database) -> Result<Self, OpenError> {
        let tables = database.choose(
            "SELECT count(*) AS n FROM sqlite_master WHERE name = 'oauth1_migration'",
            "SELECT count(to_regclass('oauth1_migration')) AS n",
        );
        let tables = database.row(tables, []).await?;
        if tables.is_none_or(|row| row.integer("n").unwrap_or(0) == 0) {
            return Ok(Self::Absent);
        }
        let version = "SELECT max(version) AS version FROM oauth1_migration WHERE success";
        let version = database.row(version, []).await?;
        let version = version.map(|row| row.optional_integer("version")).transpose()?.flatten();
        Ok(match version {
            None => Self::Absent,
            Some(found) if found < Self::NEEDED => Self::Older { found },
            Some(Self::NEEDED) => Self::Current,
            Some(found) => Self::Newer { found },
        })
    }

    /// Whether this program can work with the tables.
    pub(super) const fn check(self) -> Result<(), OpenError> {
        let needed = Self::NEEDED;
        match self {
            Self::Current => Ok(()),
            Self::Absent => Err(OpenError::SchemaAbsent),
            Self::Older { found } => Err(OpenError::SchemaOlder { found, needed }),
            Self::Newer { found } => Err(OpenError::SchemaNewer { found, needed }),
        }
    }
}

/// Brings the tables to the version that this program needs.
pub(super) async fn migrate(database: &Database) -> Result<(), OpenError> {
    if let version @ SchemaVersion::Newer { .. } = SchemaVersion::of(database).await? {
        return version.check();
    }
    match database {
        #[cfg(feature = "sqlite")]
        Database::Sqlite(pool) => migrator(SQLITE).run(pool).await?,
        #[cfg(feature = "postgres")]
        Database::Postgres(pool) => migrator(POSTGRES).run(pool).await?,
    }
    Ok(())
}

fn migrator(files: &'static [(i64, &'static str, &'static str)]) -> Migrator {
    let migrations = files.iter().map(|(version, name, sql)| {
        Migration::new(
            *version,
            Cow::Borrowed(*name),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.dangerous_set_table_name("oauth1_migration");
    migrator
}

#[cfg(feature = "sqlite")]
const SQLITE: &[(i64, &str, &str)] = &[
    (1, "credentials", include_str!("../../../migrations/sqlite/0001_credentials.sql")),
    (2, "management", include_str!("../../../migrations/sqlite/0002_management.sql")),
    (3, "console", include_str!("../../../migrations/sqlite/0003_console.sql")),
    (4, "delegation", include_str!("../../../migrations/sqlite/0004_delegation.sql")),
    (5, "explain", include_str!("../../../migrations/sqlite/0005_explain.sql")),
];
#[cfg(feature = "postgres")]
const POSTGRES: &[(i64, &str, &str)] = &[
    (1, "credentials", include_str!("../../../migrations/postgres/0001_credentials.sql")),
    (2, "management", include_str!("../../../migrations/postgres/0002_management.sql")),
    (3, "console", include_str!("../../../migrations/postgres/0003_console.sql")),
    (4, "delegation", include_str!("../../../migrations/postgres/0004_delegation.sql")),
    (5, "explain", include_str!("../../../migrations/postgres/0005_explain.sql")),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is not in the list would never be run.
    fn check(folder: &str, listed: &[(i64, &str, &str)]) {
        let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let names = listed.iter().map(|(version, name, _)| format!("{version:04}_{name}.sql"));
        assert_eq!(files, names.collect::<Vec<_>>());
        assert_eq!(listed.last().map(|(version, ..)| *version), Some(SchemaVersion::NEEDED));
    }

    #[test]
    fn every_migration_is_listed() {
        #[cfg(feature = "sqlite")]
        check("sqlite", SQLITE);
        #[cfg(feature = "postgres")]
        check("postgres", POSTGRES);
    }
}
