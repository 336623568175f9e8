//! The catalogue of an application's API: which scopes there are, and which requests each permits.
//!
//! It is written in TOML; `catalogue.example.toml` shows every field.
//!
//! - A **group** names paths. Its level *view* permits reading methods there, *modify* all methods.
//! - A **privilege** names single requests by rules, such as `POST /agents/*/login`. What a
//!   privilege names is permitted by this privilege alone: by its own scope, or by the level of the
//!   group that includes it.
//! - A privilege that **requires an assignment** is permitted only in accounts that have it, whatever
//!   else a scope permits.
//! - A **preset** is a set of scopes under one title.
//!
//! Scopes are `group:view`, `group:modify` (which implies view) and `group:privilege`. What no rule
//! names is permitted to nobody, unless the catalogue is empty: then everything is permitted.

mod authorizer;
mod pattern;
mod read;
mod scope;

use http::Method;

use crate::credentials::Scopes;
use pattern::{Pattern, is_plain_path};

/// Groups, privileges and presets. The default is empty and permits everything.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    groups: Vec<Group>,
    presets: Vec<Preset>,
}

/// Requests that belong together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Group {
    /// As in scopes.
    pub name: Box<str>,
    /// For people.
    pub title: Box<str>,
    /// Where it is documented.
    pub docs: Option<Box<str>>,
    /// Its paths, as they are written.
    pub paths: Vec<Box<str>>,
    /// Whether it has all paths that no other group names.
    pub others: bool,
    /// The methods of the level view.
    pub view_methods: Vec<Method>,
    /// The methods of the level modify beyond those; `None` for every method.
    pub modify_methods: Option<Vec<Method>>,
    /// Its privileges.
    pub privileges: Vec<Privilege>,
    patterns: Vec<Pattern>,
    /// `group:view` and `group:modify`.
    view: Box<str>,
    modify: Box<str>,
}

/// Single requests of a group.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Privilege {
    /// As in scopes.
    pub name: Box<str>,
    /// For people.
    pub title: Box<str>,
    /// Where it is documented.
    pub docs: Option<Box<str>>,
    /// The lowest level of the group that includes it; `None` if no level does.
    pub level: Option<Level>,
    /// Whether an account needs it to be assigned.
    pub requires_assignment: bool,
    /// `METHOD PATH`, as they are written.
    pub rules: Vec<Box<str>>,
    /// `group:privilege`.
    pub scope: Box<str>,
    patterns: Vec<(Option<Method>, Pattern)>,
}

/// How much of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Reading.
    View,
    /// Reading and writing.
    Modify,
}

/// Scopes under one title.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preset {
    /// By which it is asked for.
    pub name: Box<str>,
    /// For people.
    pub title: Box<str>,
    /// What it stands for.
    pub scopes: Vec<Box<str>>,
}

/// Why a catalogue cannot be used: each mistake with its place and what to do, one a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct CatalogueError(pub Vec<String>);

/// What a catalogue says about a request.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'c> {
    /// It is permitted.
    Allowed {
        /// By this scope; empty if the catalogue is.
        by: &'c str,
    },
    /// It is not permitted.
    Denied {
        /// Any of these scopes would do; those that need an assignment, with it.
        needs: Vec<&'c str>,
    },
    /// No rule names it. In a catalogue that is not empty, nobody may do it.
    NoRule,
}

impl Catalogue {
    /// Reads a catalogue.
    ///
    /// # Errors
    /// [`CatalogueError`], with everything that is wrong.
    pub fn parse(toml: &str) -> Result<Self, CatalogueError> {
        read::read(toml)
    }

    /// Whether there are no groups, so that everything is permitted and every scope can be given.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The groups, in the order of the file.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The presets, in the order of the file.
    #[must_use]
    pub fn presets(&self) -> &[Preset] {
        &self.presets
    }

    /// A preset by its name or its title.
    #[must_use]
    pub fn preset(&self, name: &str) -> Option<&Preset> {
        let by_name = self.presets.iter().find(|preset| *preset.name == *name);
        by_name.or_else(|| self.presets.iter().find(|preset| *preset.title == *name))
    }

    /// Whether scopes permit a request, with what is assigned to their account.
    ///
    /// The path is the one of the request target, not decoded. Allocates nothing if it permits.
    pub fn decide(
        &self,
        scopes: &Scopes,
        assigned: &Scopes,
        method: &str,
        raw_path: &str,
    ) -> Decision<'_> {
        if self.is_empty() {
            return Decision::Allowed { by: "" };
        }
        if !is_plain_path(raw_path) {
            return Decision::NoRule;
        }
        // What a privilege names is decided by privileges, so that no level of a group gives away
        // what needs more.
        let privileges = || {
            self.groups.iter().flat_map(|group| {
                let privileges = group.privileges.iter();
                privileges.filter(|p| p.names(method, raw_path)).map(move |p| (group, p))
            })
        };
        if privileges().next().is_some() {
            let granted = privileges().find_map(|(group, privilege)| {
                let assigned =
                    !privilege.requires_assignment || assigned.contains(&privilege.scope);
                let by = group.grants(privilege, scopes)?;
                assigned.then_some(by)
            });
            return match granted {
                Some(by) => Decision::Allowed { by },
                None => Decision::Denied { needs: privileges().map(|(_, p)| &*p.scope).collect() },
            };
        }
        let named = self.groups.iter().any(|group| group.has_path(raw_path));
        let groups = || {
            self.groups.iter().filter_map(move |group| {
                let has = if named {
                    group.patterns.iter().any(|pattern| pattern.matches(raw_path))
                } else {
                    group.others
                };
                has.then(|| group.needed(method)).flatten().map(|level| (group, level))
            })
        };
        match groups().find_map(|(group, level)| group.holds(level, scopes)) {
            Some(by) => Decision::Allowed { by },
            None => {
                let needs: Vec<_> = groups().map(|(group, level)| group.scope(level)).collect();
                if needs.is_empty() { Decision::NoRule } else { Decision::Denied { needs } }
            }
        }
    }
}

impl Group {
    /// The scope of a level.
    #[must_use]
    pub const fn scope(&self, level: Level) -> &str {
        match level {
            Level::View => &self.view,
            Level::Modify => &self.modify,
        }
    }

    /// The level that a method needs.
    fn needed(&self, method: &str) -> Option<Level> {
        if self.view_methods.iter().any(|known| known.as_str() == method) {
            return Some(Level::View);
        }
        let modifies = |methods: &Vec<Method>| methods.iter().any(|known| known.as_str() == method);
        self.modify_methods.as_ref().is_none_or(modifies).then_some(Level::Modify)
    }

    /// The scope by which this level, or a higher one, is held.
    fn holds(&self, level: Level, scopes: &Scopes) -> Option<&str> {
        if level == Level::View && scopes.contains(&self.view) {
            return Some(&self.view);
        }
        (scopes.contains(&self.modify) || scopes.is_all()).then_some(&*self.modify)
    }

    /// The scope by which a privilege is held, but for its assignment.
    fn grants<'a>(&'a self, privilege: &'a Privilege, scopes: &Scopes) -> Option<&'a str> {
        if scopes.contains(&privilege.scope) {
            return Some(&privilege.scope);
        }
        // "All" is all that needs no assignment, in levels or not.
        if scopes.is_all() && !privilege.requires_assignment {
            return Some(&privilege.scope);
        }
        let level = privilege.level?;
        match level {
            Level::View if scopes.contains(&self.view) => Some(&self.view),
            _ if scopes.contains(&self.modify) => Some(&self.modify),
            _ => None,
        }
    }

    /// Whether the path is one of this group, with any method.
    fn has_path(&self, path: &str) -> bool {
        let rules = self.privileges.iter().flat_map(|privilege| &privilege.patterns);
        let mut patterns = self.patterns.iter().chain(rules.map(|(_, pattern)| pattern));
        patterns.any(|pattern| pattern.matches(path))
    }
}

impl Privilege {
    fn names(&self, method: &str, path: &str) -> bool {
        self.patterns.iter().any(|(of, pattern)| {
            of.as_ref().is_none_or(|of| of.as_str() == method) && pattern.matches(path)
        })
    }
}

#[cfg(test)]
mod tests;
