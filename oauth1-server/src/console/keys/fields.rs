//! The fields of a key as forms have them, and what they say.

use std::collections::BTreeMap;

use crate::{
    console::form::{Errors, Values, sentence},
    management::{Account, Key},
};

/// The end of a key: a choice, so that nobody forgets it.
pub(super) fn expiry(form: &Values, account: &Account, errors: &mut Errors) -> Option<i64> {
    let (field, text) = match form.text("expires") {
        "" => {
            errors.add("expires", "Choose when the key ends.");
            return None;
        }
        "date" if form.text("expires_on").is_empty() => {
            errors.add("expires_on", "Give the last day on which the key works.");
            return None;
        }
        "date" => ("expires_on", form.text("expires_on")),
        text => ("expires", text),
    };
    match account.expiry(text) {
        Ok(at) => at,
        Err(error) => {
            errors.add(field, sentence(&error.problem));
            None
        }
    }
}

/// One on each line: what stands between spaces or commas may be one.
pub(super) fn callbacks(form: &Values) -> Vec<String> {
    let lines = form.text("callbacks").lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Lines `name=value`.
pub(super) fn attributes(form: &Values, errors: &mut Errors) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    for line in form.text("attributes").lines().filter(|line| !line.trim().is_empty()) {
        let Some((name, value)) = line.split_once('=') else {
            errors.add("attributes", format!("Write name=value on each line; {line:?} has no =."));
            break;
        };
        attributes.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    attributes
}

/// Seconds, of a number of minutes.
pub(super) fn token_lifetime(form: &Values, errors: &mut Errors) -> Option<i64> {
    let text = form.given("token_minutes")?;
    match text.parse::<i64>().ok().filter(|minutes| (1..=43_200).contains(minutes)) {
        Some(minutes) => Some(minutes * 60),
        None => {
            errors.add("token_minutes", "Give 1 to 43,200 minutes, which is 30 days.");
            None
        }
    }
}

/// The signature methods that were ticked; `None` for whatever the server accepts.
pub(super) fn methods(form: &Values) -> Option<String> {
    let ticked: Vec<_> = form.all("signature_method").collect();
    (!ticked.is_empty()).then(|| ticked.join(" "))
}

/// A form that shows a key.
pub(super) fn of(key: &Key) -> Values {
    let attributes: BTreeMap<String, String> =
        serde_json::from_str(&key.attributes).unwrap_or_default();
    let attributes: Vec<_> =
        attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut form = Values::default()
        .with("name", &key.name)
        .with("display_name", &key.display_name)
        .with("developer_name", &key.developer_name)
        .with("description", &key.description)
        .with("environment", &key.environment)
        .with("ip_allow", key.ip_allow.replace(' ', "\n"))
        .with("callbacks", key.callbacks.replace(' ', "\n"))
        .with("attributes", attributes.join("\n"))
        .with("attribute_methods", &key.attribute_methods)
        .with("token_minutes", key.token_lifetime.div_euclid(60).max(1).to_string())
        .with("acts_as", key.acts_as.as_deref().unwrap_or_default())
        .with("role", key.role.as_deref().unwrap_or_default())
        .with("expires", if key.expires_at.is_some() { "same" } else { "never" })
        .with("version", key.version.to_string());
    for method in key.signature_methods.as_deref().unwrap_or_default().split_whitespace() {
        form = form.with("signature_method", method);
    }
    for (name, ticked) in
        [("two_legged", key.two_legged), ("body_hash_required", key.body_hash_required)]
    {
        if ticked {
            form = form.with(name, "yes");
        }
    }
    form
}

/// The choices for the end of a key.
pub(super) fn ends(account: &Account, there: bool) -> Vec<(&'static str, &'static str)> {
    let mut ends = if there { vec![("same", "As it is")] } else { Vec::new() };
    ends.extend([("30d", "30 days"), ("60d", "60 days"), ("90d", "90 days"), ("365d", "A year")]);
    ends.push(("date", "By a date"));
    if !account.expiry_required {
        ends.push(("never", "No expiry"));
    }
    ends
}
