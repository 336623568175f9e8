//! `oauth1-server rekey`: seals all secrets with a new master key.

use std::path::PathBuf;

use clap::Args;
use oauth1_server::credentials::{
    seal::MasterKeys,
    sql::{NewMasterKey, SqlCredentialStore},
};

use crate::{
    Sources,
    keys::{block_on, store_settings},
};

/// Seals all secrets with a new master key, beside running servers. If it stops, run it again: it
/// goes on.
#[derive(Debug, Args)]
pub(crate) struct RekeyArgs {
    #[command(flatten)]
    sources: Sources,
    /// File with the new key, 32 octets in Base64 [default: a random one]
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
}

/// Replaces the master key.
///
/// # Errors
/// What went wrong, and what to do.
pub(crate) fn run(args: RekeyArgs) -> Result<(), String> {
    let settings = store_settings(&args.sources.settings(Vec::new())?)?;
    let new = match &args.new_key_file {
        None => NewMasterKey::Random,
        Some(file) => NewMasterKey::Given(MasterKeys::from_file(file).map_err(|e| e.to_string())?),
    };
    block_on(async {
        let failed = |error: oauth1_server::credentials::sql::OpenError| error.to_string();
        let store = SqlCredentialStore::open(&settings).await.map_err(failed)?;
        let rekeyed = store
            .rekey(new, |secrets| {
                eprintln!("{secrets} secrets sealed anew");
                true
            })
            .await
            .map_err(failed)?;
        store.close().await;
        let Some(rekeyed) = rekeyed else { return Ok(()) };
        if rekeyed.resumed {
            println!("An earlier run, or a key that was put first, was taken up.");
        }
        println!("{} secrets are sealed with master key {}.", rekeyed.secrets, rekeyed.active);
        for id in &rekeyed.dropped {
            if rekeyed.file_written {
                println!("Master key {id} is out of the file. Backups from before still need it.");
            } else {
                println!("Nothing needs master key {id} any more, except backups; take it out.");
            }
        }
        Ok(())
    })
}
