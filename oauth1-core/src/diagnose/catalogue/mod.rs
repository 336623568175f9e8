//! The mistakes that are known, as data. Each says what it changes in the making of a signature,
//! so that the one that makes a client's signature can be found.

mod encoding;
mod key;
mod order;
mod parameters;
mod protocol;
mod signature;
mod uri;

use alloc::{vec, vec::Vec};
use core::fmt;

use super::{facts::Facts, recipe::Recipe};

/// A mistake that clients make in signing.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Mistake {
    /// A name that stays the same, such as `scheme`.
    pub id: &'static str,
    /// What the client did, in a few words.
    pub title: &'static str,
    /// What is wrong with that.
    pub explanation: &'static str,
    /// What to do in the client, or in front of the server.
    pub fix: &'static str,
    /// The section of RFC 5849 or of the document that says so.
    pub clause: &'static str,
    /// Who is known to make it.
    pub made_by: &'static [&'static str],
    /// Every recipe that it may turn this one into.
    pub(super) apply: fn(&Facts<'_>, &Recipe) -> Vec<Recipe>,
}

impl fmt::Debug for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mistake").field("id", &self.id).finish_non_exhaustive()
    }
}

impl PartialEq for Mistake {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Mistake {}

/// The recipe with one change.
fn with(recipe: &Recipe, change: impl FnOnce(&mut Recipe)) -> Vec<Recipe> {
    let mut changed = recipe.clone();
    change(&mut changed);
    vec![changed]
}

/// The recipe with each of these changes.
fn with_each<T>(
    recipe: &Recipe,
    values: impl IntoIterator<Item = T>,
    mut change: impl FnMut(&mut Recipe, T),
) -> Vec<Recipe> {
    let changed = |value| {
        let mut changed = recipe.clone();
        change(&mut changed, value);
        changed
    };
    values.into_iter().map(changed).collect()
}

/// All of them, in the order in which they are applied.
pub(super) const PARTS: [&[Mistake]; 7] = [
    uri::MISTAKES,
    parameters::MISTAKES,
    protocol::MISTAKES,
    encoding::MISTAKES,
    order::MISTAKES,
    key::MISTAKES,
    signature::MISTAKES,
];
