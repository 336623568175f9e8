//! Refused requests as pages show them.

use serde_json::Value as Json;

use super::{form::sentence, when::When};
use crate::management::KeptRefusal;

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct RefusalRow {
    pub(super) id: String,
    /// The key's row id, where it is not every sender's.
    pub(super) key: Option<String>,
    pub(super) at: When,
    pub(super) reason: String,
    pub(super) problem: String,
    pub(super) fix: String,
    pub(super) address: String,
    pub(super) method: String,
    pub(super) path: String,
    /// What else is known of it, such as the base string.
    pub(super) details: Vec<(String, String)>,
}

impl From<KeptRefusal> for RefusalRow {
    fn from(refusal: KeptRefusal) -> Self {
        let detail = serde_json::from_str(&refusal.detail);
        let Json::Object(mut detail) = detail.unwrap_or_default() else {
            return Self::of(refusal, String::new(), String::new(), Vec::new());
        };
        let text = |value: Json| match value {
            Json::String(text) => text,
            Json::Array(values) => {
                values.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")
            }
            other => other.to_string(),
        };
        let mut take = |name: &str| sentence(&detail.remove(name).map(text).unwrap_or_default());
        let (problem, fix) = (take("problem"), take("fix"));
        let details = detail.into_iter().map(|(name, value)| (name.replace('_', " "), text(value)));
        let details = details.filter(|(_, value)| !value.is_empty());
        Self::of(refusal, problem, fix, details.collect())
    }
}

impl RefusalRow {
    /// Where its base string can be compared, if one was built.
    pub(super) fn debugger(&self) -> Option<String> {
        let built = self.details.iter().any(|(name, _)| name == "base string");
        let key = self.key.as_deref().unwrap_or_default();
        built.then(|| format!("/debugger?refusal={}&key={key}", self.id))
    }

    fn of(
        refusal: KeptRefusal,
        problem: String,
        fix: String,
        details: Vec<(String, String)>,
    ) -> Self {
        Self {
            id: refusal.id,
            key: None,
            at: When(refusal.at),
            reason: refusal.reason,
            problem,
            fix,
            address: refusal.address.unwrap_or_else(|| "unknown".to_owned()),
            method: refusal.method,
            path: refusal.path,
            details,
        }
    }
}
