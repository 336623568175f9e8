//! Scopes as texts: which there are, and what is within them.

use super::{Catalogue, Group, Level, Preset};
#[cfg(feature = "server")]
use crate::Scopes;

impl Catalogue {
    /// Whether a scope can be given.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn check_scope(&self, scope: &str) -> Result<(), String> {
        if self.is_empty() || self.scopes().any(|known| known == scope) {
            return Ok(());
        }
        Err(format!("there is no scope {scope:?}; {}", self.hint(scope)))
    }

    /// All scopes that can be given, in the order of the file.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().flat_map(|group| {
            let levels = group.has_levels().then_some([Level::View, Level::Modify]);
            let levels = levels.into_iter().flatten().map(|level| group.scope(level));
            levels.chain(group.privileges.iter().map(|privilege| &*privilege.scope))
        })
    }

    /// The `group:privilege` scopes within a scope that an account needs an assignment for. The
    /// rest of the scope is good without.
    #[must_use]
    pub fn needing_assignment(&self, scope: &str) -> Vec<String> {
        let within = |group: &Group| {
            let level = if *scope == *group.view {
                Some(Level::View)
            } else {
                (*scope == *group.modify).then_some(Level::Modify)
            };
            let privileges = group.privileges.iter().filter(|p| p.requires_assignment);
            let within = privileges.filter(move |privilege| {
                *scope == *privilege.scope
                    || privilege.level.zip(level).is_some_and(|(needed, level)| needed <= level)
            });
            within.map(|privilege| privilege.scope.to_string()).collect::<Vec<_>>()
        };
        self.groups.iter().flat_map(within).collect()
    }

    /// Whether who holds some scopes may do all that another one permits.
    #[cfg(feature = "server")]
    pub(crate) fn is_within(&self, scope: &str, held: &Scopes) -> bool {
        let in_group = |group: &Group| {
            let modify = held.contains(&group.modify);
            let view = modify || held.contains(&group.view);
            if *scope == *group.view {
                return view;
            }
            let privilege = group.privileges.iter().find(|privilege| *privilege.scope == *scope);
            privilege.and_then(|privilege| privilege.level).is_some_and(|level| match level {
                Level::View => view,
                Level::Modify => modify,
            })
        };
        held.is_all() || held.contains(scope) || self.groups.iter().any(in_group)
    }

    fn hint(&self, scope: &str) -> String {
        if let Some(preset) = self.preset(scope) {
            let Preset { scopes, title, .. } = preset;
            return format!("{title:?} is a preset, which stands for {}", scopes.join(" "));
        }
        if let Some(group) = self.groups.iter().find(|group| *group.name == *scope) {
            return format!("say how much of it: {}", group.scopes().join(", "));
        }
        if let Some(alike) = alike(scope, self.scopes()) {
            return format!("did you mean {alike:?}?");
        }
        let groups: Vec<_> = self.groups.iter().map(|group| &*group.name).collect();
        format!(
            "a scope is group:view, group:modify or group:privilege; groups are {}",
            groups.join(", ")
        )
    }
}

impl Group {
    /// Whether its levels permit anything.
    pub(super) fn has_levels(&self) -> bool {
        self.others
            || !self.patterns.is_empty()
            || self.privileges.iter().any(|p| p.level.is_some())
    }

    fn scopes(&self) -> Vec<&str> {
        let levels = self.has_levels().then_some([&*self.view, &*self.modify]);
        let privileges = self.privileges.iter().map(|privilege| &*privilege.scope);
        levels.into_iter().flatten().chain(privileges).collect()
    }
}

/// The one that is most like it, if any is.
pub(super) fn alike<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |known: &&str| (strsim::jaro_winkler(known, name) * 1e6) as u64;
    known.filter(|known| likeness(known) > ALIKE).max_by_key(likeness)
}

/// Of a million.
const ALIKE: u64 = 850_000;
