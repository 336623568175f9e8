//! Which profile a run uses.

use std::env;

use super::{
    files::Directory,
    model::{Secrets, Settings},
};
use crate::failure::Failure;

/// A profile that is there, and why it is this one.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) directory: Directory,
    pub(crate) name: String,
    pub(crate) why: Why,
    pub(crate) settings: Settings,
}

/// Why a profile is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// `--profile`.
    Flag,
    /// `OAUTH1_PROFILE`.
    Environment,
    /// It is the active one.
    Active,
}

impl Why {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag --profile",
            Self::Environment => "environment OAUTH1_PROFILE",
            Self::Active => "the active one",
        }
    }
}

impl Chosen {
    /// The profile of the flag, of the environment, or the active one; `None` if there is none of
    /// these.
    pub(crate) fn find(flag: Option<&str>) -> Result<Option<Self>, Failure> {
        let directory = Directory::find();
        let Some((name, why)) = named(flag)? else {
            let Some(directory) = directory else { return Ok(None) };
            let mut config = directory.config()?;
            let Some(name) = config.active else { return Ok(None) };
            let settings = config.profiles.remove(&name);
            let settings = settings.ok_or_else(|| gone(Why::Active))?;
            return Ok(Some(Self { directory, name, why: Why::Active, settings }));
        };
        let directory = directory.map_or_else(Directory::needed, Ok)?;
        let settings = directory.config()?.profiles.remove(&name).ok_or_else(|| gone(why))?;
        Ok(Some(Self { directory, name, why, settings }))
    }

    /// Its secrets; none, if the file has none of it.
    pub(crate) fn secrets(&self) -> Result<Secrets, Failure> {
        Ok(self.directory.secrets()?.remove(&self.name).unwrap_or_default())
    }

    /// Where a value of it comes from, in words.
    pub(crate) fn origin(&self) -> String {
        format!("profile {}", self.name)
    }
}

/// The name that the flag or the environment says.
pub(crate) fn named(flag: Option<&str>) -> Result<Option<(String, Why)>, Failure> {
    if let Some(name) = flag {
        return Ok(Some((name.to_owned(), Why::Flag)));
    }
    match env::var("OAUTH1_PROFILE") {
        Ok(name) if !name.is_empty() => Ok(Some((name, Why::Environment))),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Failure::config("OAUTH1_PROFILE is not UTF-8", "set it to the name of a profile"))
        }
        _ => Ok(None),
    }
}

// The name is not repeated: it may be a secret in the wrong place.
pub(crate) fn gone(why: Why) -> Failure {
    let which = match why {
        Why::Flag => "the profile that was named is not there",
        Why::Environment => "the profile of OAUTH1_PROFILE is not there",
        Why::Active => "the active profile is not there",
    };
    Failure::config(
        which,
        "oauth1 profile list shows all; oauth1 profile add NAME makes one, oauth1 profile use NAME makes it the active one",
    )
}
