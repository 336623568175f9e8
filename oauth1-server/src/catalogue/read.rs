//! Reads a catalogue from TOML, and goes on after a mistake to find them all.

use http::Method;
use toml::{Table, Value};

use super::{Catalogue, CatalogueError, Group, Level, Pattern, Preset, Privilege, scope::alike};

pub(super) fn read(text: &str) -> Result<Catalogue, CatalogueError> {
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let before = error.span().map(|span| text.as_bytes().iter().take(span.start));
            let line = before.map(|octets| 1 + octets.filter(|octet| **octet == b'\n').count());
            let line = line.map_or(String::new(), |line| format!("line {line}: "));
            return Err(CatalogueError(vec![format!("{line}{}", error.message())]));
        }
    };
    let mut errors = Vec::new();
    let mut fields = Fields::new(table, String::new(), &["group", "preset"], &mut errors);
    let (groups, presets) = (fields.tables("group"), fields.tables("preset"));
    let mut catalogue = Catalogue::default();
    for (place, table) in groups {
        let group = group(table, &place, &mut errors);
        if catalogue.groups.iter().any(|known| known.name == group.name) {
            errors.push(format!("{place}: there is another group of this name; give it another"));
        }
        if group.others && catalogue.groups.iter().any(|known| known.others) {
            errors.push(format!("{place}: only one group can have others = true"));
        }
        catalogue.groups.push(group);
    }
    for (place, table) in presets {
        let preset = preset(table, &place, &mut errors);
        for scope in &preset.scopes {
            if let Err(error) = catalogue.check_scope(scope) {
                errors.push(format!("{place}: scopes: {error}"));
            }
        }
        if catalogue.presets.iter().any(|known| known.name == preset.name) {
            errors.push(format!("{place}: there is another preset of this name; give it another"));
        }
        catalogue.presets.push(preset);
    }
    if errors.is_empty() { Ok(catalogue) } else { Err(CatalogueError(errors)) }
}

fn group(table: Table, place: &str, errors: &mut Vec<String>) -> Group {
    const KNOWN: &[&str] = &[
        "name",
        "title",
        "docs",
        "paths",
        "others",
        "view_methods",
        "modify_methods",
        "privilege",
    ];
    let mut fields = Fields::new(table, place.to_owned(), KNOWN, errors);
    let name = fields.name();
    let (title, docs) = (fields.title(&name), fields.text("docs"));
    let paths = fields.list("paths").unwrap_or_default();
    let patterns = paths.iter().filter_map(|path| fields.pattern("paths", path)).collect();
    let others = fields.flag("others");
    let view_methods = fields.methods("view_methods");
    let view_methods =
        view_methods.unwrap_or_else(|| vec![Method::GET, Method::HEAD, Method::OPTIONS]);
    let modify_methods = fields.methods("modify_methods");
    let tables = fields.tables("privilege");
    if others && !paths.is_empty() {
        fields.error("others", "a group has either paths, or others = true for all other paths");
    }
    if paths.is_empty() && !others && tables.is_empty() {
        fields.error(
            "paths",
            "the group permits nothing; give it paths, others = true or a privilege",
        );
    }
    let mut privileges: Vec<Privilege> = Vec::new();
    for (place, table) in tables {
        let privilege = privilege(table, &name, &place, errors);
        if privileges.iter().any(|known| known.name == privilege.name) {
            errors.push(format!("{place}: the group has another privilege of this name"));
        }
        privileges.push(privilege);
    }
    let (view, modify) = (format!("{name}:view").into(), format!("{name}:modify").into());
    Group {
        name,
        title,
        docs,
        paths,
        others,
        view_methods,
        modify_methods,
        privileges,
        patterns,
        view,
        modify,
    }
}

fn privilege(table: Table, group: &str, place: &str, errors: &mut Vec<String>) -> Privilege {
    const KNOWN: &[&str] = &["name", "title", "docs", "level", "requires_assignment", "rules"];
    let mut fields = Fields::new(table, place.to_owned(), KNOWN, errors);
    let name = fields.name();
    if ["view", "modify", "none"].contains(&&*name) {
        fields.error("name", "view, modify and none are levels; give the privilege another name");
    }
    let level = match fields.text("level").as_deref() {
        Some("view") => Some(Level::View),
        Some("modify") => Some(Level::Modify),
        None | Some("none") => None,
        Some(_) => {
            fields.error("level", "must be \"view\", \"modify\" or \"none\"");
            None
        }
    };
    let rules = fields.list("rules").unwrap_or_default();
    if rules.is_empty() {
        fields.error("rules", "name at least one request, such as \"POST /agents/*/login\"");
    }
    let patterns = rules.iter().filter_map(|rule| fields.rule(rule)).collect();
    Privilege {
        title: fields.title(&name),
        docs: fields.text("docs"),
        level,
        requires_assignment: fields.flag("requires_assignment"),
        rules,
        scope: format!("{group}:{name}").into(),
        patterns,
        name,
    }
}

fn preset(table: Table, place: &str, errors: &mut Vec<String>) -> Preset {
    let mut fields = Fields::new(table, place.to_owned(), &["name", "title", "scopes"], errors);
    let name = fields.name();
    let scopes = fields.list("scopes").unwrap_or_default();
    if scopes.is_empty() {
        fields.error("scopes", "name at least one scope, such as \"group:view\"");
    }
    Preset { title: fields.title(&name), name, scopes }
}

/// The fields of one table, and what is wrong with them.
struct Fields<'e> {
    table: Table,
    place: String,
    errors: &'e mut Vec<String>,
}

impl<'e> Fields<'e> {
    fn new(table: Table, place: String, known: &[&str], errors: &'e mut Vec<String>) -> Self {
        let mut fields = Self { table, place, errors };
        let unknown: Vec<_> =
            fields.table.keys().filter(|key| !known.contains(&key.as_str())).cloned().collect();
        for key in unknown {
            let hint = match alike(&key, known.iter().copied()) {
                Some(alike) => format!("did you mean {alike}?"),
                None => format!("there are {}", known.join(", ")),
            };
            fields.error(&key, &format!("there is no such field; {hint}"));
        }
        fields
    }

    fn error(&mut self, field: &str, problem: &str) {
        let separator = if self.place.is_empty() { "" } else { ": " };
        self.errors.push(format!("{}{separator}{field}: {problem}", self.place));
    }

    fn take<T>(
        &mut self,
        field: &str,
        what: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        let value = read(self.table.remove(field)?);
        if value.is_none() {
            self.error(field, &format!("must be {what}"));
        }
        value
    }

    fn text(&mut self, field: &str) -> Option<Box<str>> {
        self.take(field, "text", |value| value.as_str().map(Into::into))
    }

    fn flag(&mut self, field: &str) -> bool {
        self.take(field, "true or false", |value| value.as_bool()).unwrap_or(false)
    }

    fn list(&mut self, field: &str) -> Option<Vec<Box<str>>> {
        self.take(field, "a list of texts", |value| {
            value.as_array()?.iter().map(|item| item.as_str().map(Into::into)).collect()
        })
    }

    /// `[[field]]`, each with its place.
    fn tables(&mut self, field: &str) -> Vec<(String, Table)> {
        let tables: Option<Vec<Table>> = self.take(field, "tables, each under [[…]]", |value| {
            let Value::Array(items) = value else { return None };
            items.into_iter().map(|item| item.try_into().ok()).collect()
        });
        let prefix =
            if self.place.is_empty() { String::new() } else { format!("{}, ", self.place) };
        let place = |(index, table): (usize, Table)| {
            let name = table.get("name").and_then(Value::as_str);
            let name =
                name.map_or_else(|| format!("number {}", index + 1), |name| format!("{name:?}"));
            (format!("{prefix}{field} {name}"), table)
        };
        tables.unwrap_or_default().into_iter().enumerate().map(place).collect()
    }

    fn name(&mut self) -> Box<str> {
        let name = self.text("name").unwrap_or_default();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let good = (1..=63).contains(&name.len())
            && name.bytes().next().is_some_and(plain)
            && name.bytes().all(|b| plain(b) || b"._-".contains(&b));
        if !good {
            self.error(
                "name",
                "must be 1 to 63 of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit",
            );
        }
        name
    }

    fn title(&mut self, name: &str) -> Box<str> {
        self.text("title").unwrap_or_else(|| name.into())
    }

    fn methods(&mut self, field: &str) -> Option<Vec<Method>> {
        let names = self.list(field)?;
        Some(names.iter().filter_map(|name| self.method(field, name)).collect())
    }

    fn method(&mut self, field: &str, name: &str) -> Option<Method> {
        // Only whole upper-case methods are ever accepted.
        let upper = !name.bytes().any(|b| b.is_ascii_lowercase());
        let method = Method::from_bytes(name.as_bytes()).ok().filter(|_| upper);
        if method.is_none() {
            self.error(field, &format!("{name:?} is no method; write it as GET or POST"));
        }
        method
    }

    fn pattern(&mut self, field: &str, text: &str) -> Option<Pattern> {
        Pattern::parse(text).map_err(|error| self.error(field, &format!("{text:?}: {error}"))).ok()
    }

    /// `METHOD PATH`; `*` for every method.
    fn rule(&mut self, rule: &str) -> Option<(Option<Method>, Pattern)> {
        let Some((method, path)) = rule.split_once(' ') else {
            self.error(
                "rules",
                &format!("{rule:?}: must be METHOD PATH, such as \"POST /orders/*\""),
            );
            return None;
        };
        let method = if method == "*" { None } else { Some(self.method("rules", method)?) };
        Some((method, self.pattern("rules", path)?))
    }
}
