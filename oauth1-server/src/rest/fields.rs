//! Named values of a query or a body. Everything that is not taken is refused by name.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use super::problem::Problem;
use crate::management::Password;

/// Named values, which are taken one after the other.
#[derive(Debug)]
pub(super) struct Fields {
    map: Map<String, Json>,
    known: Vec<&'static str>,
    errors: Vec<(String, String)>,
    place: &'static str,
}

impl Fields {
    pub(super) fn of(map: Map<String, Json>, place: &'static str) -> Result<Self, Problem> {
        let nul = |value: &Json| has_nul(value);
        if map.iter().any(|(name, value)| name.contains('\0') || nul(value)) {
            return Err(Problem::malformed(format!("{place} must not contain the character NUL")));
        }
        Ok(Self { map, known: Vec::new(), errors: Vec::new(), place })
    }

    /// Takes a value with a function that says what it should have been.
    fn take<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        read: impl FnOnce(Json) -> Option<T>,
    ) -> Option<T> {
        self.known.push(name);
        let value = read(self.map.remove(name)?);
        if value.is_none() {
            self.errors.push((name.to_owned(), format!("must be {wanted}")));
        }
        value
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name, "a text", text)
    }

    /// `Some(None)` is null.
    pub(super) fn nullable_text(&mut self, name: &'static str) -> Option<Option<String>> {
        self.take(name, "a text or null", |value| match value {
            Json::Null => Some(None),
            value => text(value).map(Some),
        })
    }

    pub(super) fn needed_text(&mut self, name: &'static str) -> String {
        let there = self.map.contains_key(name);
        let value = self.text(name);
        if !there {
            self.errors.push((name.to_owned(), "is missing".to_owned()));
        }
        value.unwrap_or_default()
    }

    pub(super) fn password(&mut self, name: &'static str) -> Option<Password> {
        self.text(name).map(Zeroizing::new)
    }

    pub(super) fn needed_password(&mut self, name: &'static str) -> Password {
        Zeroizing::new(self.needed_text(name))
    }

    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let is_query = self.place == QUERY;
        self.take(name, "true or false", |value| match value {
            Json::Bool(flag) => Some(flag),
            Json::String(text) if is_query => text.parse().ok(),
            _ => None,
        })
    }

    pub(super) fn number(&mut self, name: &'static str) -> Option<i64> {
        let is_query = self.place == QUERY;
        self.take(name, "a whole number", |value| match value {
            Json::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Json::String(text) if is_query => text.parse().ok(),
            _ => None,
        })
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.take(name, "a list of texts", |value| match value {
            Json::Array(values) => values.into_iter().map(text).collect(),
            _ => None,
        })
    }

    /// `Some(None)` is null.
    pub(super) fn nullable_texts(&mut self, name: &'static str) -> Option<Option<Vec<String>>> {
        if self.map.get(name).is_some_and(Json::is_null) {
            self.known.push(name);
            self.map.remove(name);
            return Some(None);
        }
        self.texts(name).map(Some)
    }

    pub(super) fn text_map(&mut self, name: &'static str) -> Option<BTreeMap<String, String>> {
        self.take(name, "an object of texts", |value| match value {
            Json::Object(map) => {
                map.into_iter().map(|(name, value)| Some((name, text(value)?))).collect()
            }
            _ => None,
        })
    }

    /// A moment, in milliseconds since 1970.
    pub(super) fn time(&mut self, name: &'static str) -> Option<i64> {
        let wanted = "a time such as 2027-01-31T12:00:00Z";
        self.take(name, wanted, |value| {
            let at: jiff::Timestamp = text(value)?.parse().ok()?;
            Some(at.as_millisecond())
        })
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let all = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        self.take(name, &format!("one of {all}"), |value| {
            let text = text(value)?;
            words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
        })
    }

    /// `limit`: how long a page is.
    pub(super) fn limit(&mut self) -> u16 {
        let Some(limit) = self.number("limit") else { return DEFAULT_LIMIT };
        match u16::try_from(limit).ok().filter(|limit| (1..=MOST).contains(limit)) {
            Some(limit) => limit,
            None => {
                self.errors.push(("limit".to_owned(), format!("must be 1 to {MOST}")));
                DEFAULT_LIMIT
            }
        }
    }

    pub(super) fn fail(&mut self, name: &str, problem: impl Into<String>) {
        self.errors.push((name.to_owned(), problem.into()));
    }

    /// Refuses what was not taken, and what could not be read.
    pub(super) fn end(mut self) -> Result<(), Problem> {
        for name in self.map.keys() {
            let likeness = |known: &&&str| (strsim::jaro_winkler(known, name) * 1e6) as u64;
            let alike = self.known.iter().filter(|known| likeness(known) > ALIKE);
            let problem = match alike.max_by_key(likeness) {
                Some(alike) => format!("is not known; did you mean {alike:?}?"),
                None if self.known.is_empty() => "is not known; none is expected here".to_owned(),
                None => format!("is not known; there is {}", self.known.join(", ")),
            };
            self.errors.push((name.clone(), problem));
        }
        if self.errors.is_empty() {
            return Ok(());
        }
        let problem = Problem::invalid(self.errors);
        if self.place == QUERY {
            let status = StatusCode::BAD_REQUEST;
            return Err(Problem { status, code: "invalid_parameter", ..problem });
        }
        Err(problem)
    }
}

fn text(value: Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// 3600.0 is as whole as 3600.
fn whole(number: f64) -> Option<i64> {
    let exact = number.fract() == 0.0 && number.abs() < 9e15;
    exact.then_some(number as i64)
}

fn has_nul(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains('\0'),
        Json::Array(values) => values.iter().any(has_nul),
        Json::Object(map) => map.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

pub(super) const QUERY: &str = "the query";
const DEFAULT_LIMIT: u16 = 50;
const MOST: u16 = 200;
/// Of a million.
const ALIKE: u64 = 850_000;
