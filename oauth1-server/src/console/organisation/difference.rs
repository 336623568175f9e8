//! What an entry of the audit log changed, field by field.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::console::when::When;

/// One field that is not what it was. `None` is what there was, or is, nothing of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) field: String,
    pub(super) old: Option<Shown>,
    pub(super) new: Option<Shown>,
}

/// A value for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Text(String),
    Time(When),
}

impl Shown {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Time(_) => "",
        }
    }

    /// Times are elements, which scripts put into the reader's zone.
    pub(super) fn time(&self) -> Option<&When> {
        match self {
            Self::Text(_) => None,
            Self::Time(at) => Some(at),
        }
    }
}

/// The fields in which the two states of an entry differ. Of what was made or deleted, those that
/// say something.
pub(super) fn differences(detail: &str) -> Vec<Difference> {
    let mut detail: Json = serde_json::from_str(detail).unwrap_or_default();
    let (before, after) = (object(&mut detail, "before"), object(&mut detail, "after"));
    let fields: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differing = fields.into_iter().filter(|field| before.get(*field) != after.get(*field));
    let difference = differing.filter_map(|field| {
        let (old, new) = (shown(field, before.get(field)), shown(field, after.get(field)));
        (old != new).then(|| Difference { field: field.replace('_', " "), old, new })
    });
    difference.collect()
}

fn object(detail: &mut Json, name: &str) -> Map<String, Json> {
    match detail.get_mut(name).map(Json::take) {
        Some(Json::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn shown(field: &str, value: Option<&Json>) -> Option<Shown> {
    if let (true, Some(at)) = (field.ends_with("_at"), value.and_then(Json::as_i64)) {
        return Some(Shown::Time(When(at)));
    }
    let text = match value? {
        Json::Null => return None,
        Json::Bool(true) => "yes".to_owned(),
        Json::Bool(false) => "no".to_owned(),
        Json::String(text) => pairs(text).unwrap_or_else(|| text.clone()),
        Json::Array(values) => {
            let texts = values
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join(", ")
        }
        Json::Number(number) => number.to_string(),
        Json::Object(fields) => of_object(fields),
    };
    Some(Shown::Text(text)).filter(|shown| !shown.text().is_empty())
}

/// A text that is itself an object, as attributes are kept.
fn pairs(text: &str) -> Option<String> {
    let fields =
        text.starts_with('{').then(|| serde_json::from_str::<Map<String, Json>>(text).ok());
    fields.flatten().map(|fields| of_object(&fields))
}

fn of_object(fields: &Map<String, Json>) -> String {
    let pairs = fields.iter().map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}={text}"),
        None => format!("{name}={value}"),
    });
    pairs.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(detail: &str) -> Vec<String> {
        let shown = |shown: Option<Shown>| match shown {
            None => "nothing".to_owned(),
            Some(Shown::Text(text)) => text,
            Some(Shown::Time(When(at))) => format!("at {at}"),
        };
        let told = differences(detail).into_iter();
        told.map(|one| format!("{}: {} → {}", one.field, shown(one.old), shown(one.new))).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let detail = r#"{
            "before": {"name": "a", "enabled": true, "expires_at": null, "scopes": "x:view",
                       "attributes": "{}", "permissions": ["keys.read"], "token_lifetime": 60},
            "after": {"name": "a", "enabled": false, "expires_at": 1000, "scopes": "",
                      "attributes": "{\"till\":\"T42\"}", "permissions": ["keys.read", "audit.read"],
                      "token_lifetime": 120}
        }"#;
        assert_eq!(
            told(detail),
            [
                "attributes: nothing → till=T42",
                "enabled: yes → no",
                "expires at: nothing → at 1000",
                "permissions: keys.read → keys.read, audit.read",
                "scopes: x:view → nothing",
                "token lifetime: 60 → 120",
            ]
        );
    }

    #[test]
    fn what_was_made_or_deleted_is_told_as_far_as_it_says_something() {
        assert_eq!(
            told(r#"{"before": null, "after": {"name": "a", "role": null, "description": ""}}"#),
            ["name: nothing → a"]
        );
        assert_eq!(
            told(r#"{"before": {"name": "a", "n": 0}, "after": null}"#),
            ["n: 0 → nothing", "name: a → nothing"]
        );
    }

    #[test]
    fn what_cannot_be_read_says_nothing() {
        for detail in
            ["", "[]", "{", "null", r#"{"before": 1, "after": "x"}"#, r#"{"after": null}"#]
        {
            assert_eq!(told(detail), [""; 0], "{detail}");
        }
        // A text that only looks like an object stays what it is.
        assert_eq!(told(r#"{"before": null, "after": {"name": "{a"}}"#), ["name: nothing → {a"]);
    }
}
