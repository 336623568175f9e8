//! `oauth1-server migrate`: makes or changes the tables of the database.

use clap::Args;
use oauth1_server::credentials::sql::{SchemaVersion, SqlCredentialStore};

use crate::{
    Sources,
    keys::{block_on, store_settings},
};

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    sources: Sources,
    /// Change nothing; fail if there is something to change
    #[arg(long)]
    check: bool,
}

/// Brings the tables to the version that this program needs.
///
/// # Errors
/// What went wrong, and what to do.
pub(crate) fn run(args: MigrateArgs) -> Result<(), String> {
    let settings = store_settings(&args.sources.settings(Vec::new())?)?;
    block_on(async {
        let version = SqlCredentialStore::schema_version(&settings).await;
        match version.map_err(|error| error.to_string())? {
            SchemaVersion::Current => {
                println!("the tables are of version {}, as they should be", SchemaVersion::NEEDED);
                return Ok(());
            }
            SchemaVersion::Absent if args.check => {
                return Err("there are no tables yet; run: oauth1-server migrate".to_owned());
            }
            SchemaVersion::Older { found } if args.check => {
                return Err(format!(
                    "the tables are of version {found}, and should be {}; make a backup, then run: oauth1-server migrate",
                    SchemaVersion::NEEDED
                ));
            }
            SchemaVersion::Newer { found } => {
                return Err(format!(
                    "the tables are of version {found}, newer than this program; use the one that made them"
                ));
            }
            SchemaVersion::Absent | SchemaVersion::Older { .. } => {}
        }
        SqlCredentialStore::migrate(&settings).await.map_err(|error| error.to_string())?;
        println!("the tables are of version {} now", SchemaVersion::NEEDED);
        Ok(())
    })
}
