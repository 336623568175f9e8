//! The grid of privileges: a level for each group of the catalogue, and single privileges.

use crate::{
    catalogue::{Catalogue, Level},
    console::form::Values,
    management::Account,
};

/// The catalogue as a form.
#[derive(Clone, Debug)]
pub(in crate::console) struct Grid {
    pub(in crate::console) groups: Vec<GroupRow>,
    pub(in crate::console) presets: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub(in crate::console) struct GroupRow {
    pub(in crate::console) name: String,
    pub(in crate::console) title: String,
    pub(in crate::console) docs: Option<String>,
    pub(in crate::console) about: String,
    /// Whether view and modify mean something; else there are only single privileges.
    pub(in crate::console) levels: bool,
    pub(in crate::console) privileges: Vec<PrivilegeRow>,
}

#[derive(Clone, Debug)]
pub(in crate::console) struct PrivilegeRow {
    pub(in crate::console) scope: String,
    pub(in crate::console) title: String,
    /// The level that includes it.
    pub(in crate::console) level: &'static str,
    /// It needs an assignment that the account has not.
    pub(in crate::console) locked: bool,
}

impl Grid {
    pub(in crate::console) fn new(catalogue: &Catalogue, account: &Account) -> Self {
        let groups = catalogue.groups().iter().map(|group| GroupRow {
            name: group.name.to_string(),
            title: group.title.to_string(),
            docs: group.docs.as_ref().map(ToString::to_string),
            about: if group.others {
                "every path that no other group names".to_owned()
            } else {
                group.paths.join(", ")
            },
            levels: group.others
                || !group.paths.is_empty()
                || group.privileges.iter().any(|privilege| privilege.level.is_some()),
            privileges: group
                .privileges
                .iter()
                .map(|privilege| PrivilegeRow {
                    scope: privilege.scope.to_string(),
                    title: privilege.title.to_string(),
                    level: match privilege.level {
                        Some(Level::View) => "view",
                        Some(Level::Modify) => "modify",
                        None => "",
                    },
                    locked: privilege.requires_assignment
                        && !account.assignments.iter().any(|scope| **scope == *privilege.scope),
                })
                .collect(),
        });
        let presets = catalogue.presets().iter();
        let presets = presets.map(|preset| (preset.name.to_string(), preset.title.to_string()));
        Self { groups: groups.collect(), presets: presets.collect() }
    }

    /// Without a catalogue, scopes are free words.
    pub(in crate::console) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The level that a form has for a group.
    pub(in crate::console) fn level<'f>(form: &'f Values, group: &GroupRow) -> &'f str {
        form.given(&format!("level-{}", group.name)).unwrap_or("none")
    }

    pub(in crate::console) fn is_first(&self, group: &GroupRow) -> bool {
        self.groups.iter().find(|row| row.levels).is_some_and(|first| first.name == group.name)
    }

    /// The scopes that a form asks for.
    pub(in crate::console) fn scopes(&self, form: &Values) -> Vec<String> {
        if self.is_empty() {
            return form.words("scopes");
        }
        let levels = self.groups.iter().filter_map(|group| {
            let level = form.text(&format!("level-{}", group.name));
            matches!(level, "view" | "modify").then(|| format!("{}:{level}", group.name))
        });
        levels.chain(form.all("privilege").map(str::to_owned)).collect()
    }

    /// A form that shows scopes.
    pub(in crate::console) fn fill(&self, mut form: Values, scopes: &str) -> Values {
        for scope in scopes.split_whitespace() {
            let level = scope.split_once(':').filter(|(group, level)| {
                matches!(*level, "view" | "modify")
                    && self.groups.iter().any(|row| row.name == *group)
            });
            form = match level {
                // The first value counts, and modify implies view.
                Some((group, "modify")) => {
                    Values::default().with(format!("level-{group}"), "modify").and(form)
                }
                Some((group, level)) => form.with(format!("level-{group}"), level),
                None => form.with("privilege", scope),
            };
        }
        form.with("scopes", scopes)
    }
}
