//! How often what happened, for metrics.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Counts by name.
#[derive(Debug, Default)]
pub(crate) struct Events(Mutex<BTreeMap<&'static str, u64>>);

impl Events {
    pub(crate) fn count(&self, names: &[&'static str]) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            *counts.entry(name).or_default() += 1;
        }
    }

    /// Each name with its count.
    pub(crate) fn all(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(name, count)| (*name, *count)).collect()
    }
}
