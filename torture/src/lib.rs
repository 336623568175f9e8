//! Faults and loads against `oauth1-server`: every request and every answer is recorded, and no
//! request may be accepted twice.

pub mod faults;
pub mod harness;
pub mod loads;
pub mod report;
pub mod services;

use std::path::PathBuf;

/// How large a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// A few minutes in all, for every change.
    Short,
    /// The figures of the report.
    Long,
}

impl Scale {
    /// Whether times are judged: beside other work, as in the short form, they are only told.
    #[must_use]
    pub fn judges(self, time_is_good: bool) -> bool {
        time_is_good || self == Self::Short
    }

    /// One number or the other.
    #[must_use]
    pub const fn pick<T: Copy>(self, short: T, long: T) -> T {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }
}

/// What each fault and load is given.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The server program.
    pub program: PathBuf,
    /// How large the run is.
    pub scale: Scale,
}
