//! `/audit`: who did what, when and from where, and what it changed.

use askama::Template;
use axum::{Extension, extract::State};
use http::StatusCode;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    Answer,
    difference::{Difference, differences},
};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        form::{Errors, Values},
        page::{self, Shell},
        refused::Refused,
        when::When,
    },
    management::{AuditEntry, AuditFilter, Right},
};

#[derive(Template)]
#[template(path = "organisation/audit.html")]
struct AuditPage<'a> {
    shell: Shell,
    query: &'a Values,
    errors: Errors,
    rows: Vec<AuditRow>,
    next: Option<String>,
    narrowed: bool,
    time_zone: String,
}

struct AuditRow {
    entry: AuditEntry,
    differences: Vec<Difference>,
}

impl AuditRow {
    /// Whether there was nothing before.
    fn is_new(&self) -> bool {
        self.differences.iter().all(|one| one.old.is_none())
            && self.entry.action.ends_with(".create")
    }
}

impl AuditPage<'_> {
    /// The same entries, as a file.
    fn whole(&self) -> String {
        self.query.query(&[("after", ""), ("done", "")])
    }
}

pub(super) async fn show(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let query = &asked.query;
    let (time_zone, filter) = filter(&console, &asked).await?;
    let (status, filter, errors) = match filter {
        Ok(filter) => (StatusCode::OK, Some(filter), Errors::default()),
        Err(errors) => (StatusCode::UNPROCESSABLE_ENTITY, None, errors),
    };
    let (mut rows, mut next) = (Vec::new(), None);
    if let Some(filter) = filter {
        let (caller, management) = (asked.caller()?, console.management());
        let page = management.audit(caller, &filter, query.given("after"), PAGE).await?;
        rows.extend(
            page.entries
                .into_iter()
                .map(|entry| AuditRow { differences: differences(&entry.detail), entry }),
        );
        next = page.next.map(|next| query.query(&[("done", ""), ("after", &next)]));
    }
    let narrowed = ["action", "actor", "subject", "since", "until", "after"];
    let page = AuditPage {
        shell: Shell::new(Some(&asked), "Audit log"),
        query,
        errors,
        rows,
        next,
        narrowed: narrowed.iter().any(|name| query.given(name).is_some()),
        time_zone,
    };
    Ok(page::render(status, &page))
}

/// What an entry is about, as the pages call it.
fn kind(entry: &AuditEntry) -> &str {
    match entry.subject_kind.as_str() {
        "client" => "key",
        "basic" => "Basic credential",
        kind => kind,
    }
}

/// What the query asks for, and the time zone of its days.
pub(super) async fn filter(
    console: &Console,
    asked: &Asked,
) -> Result<(String, Result<AuditFilter, Errors>), Refused> {
    asked.require(Right::AuditRead)?;
    let account = console.management().account(asked.caller()?, None).await?;
    let zone = TimeZone::get(&account.time_zone).unwrap_or(TimeZone::UTC);
    let (query, mut errors) = (&asked.query, Errors::default());
    let mut day = |name: &str, last: bool| {
        let text = query.given(name)?;
        let at = instant(text, &zone, last);
        if at.is_none() {
            errors.add(name, "Give a day such as 2027-01-31.");
        }
        at
    };
    let filter = AuditFilter {
        since: day("since", false),
        until: day("until", true),
        subject_id: query.owned("subject"),
        action: query.owned("action"),
        actor: query.owned("actor"),
    };
    Ok((account.time_zone, if errors.is_empty() { Ok(filter) } else { Err(errors) }))
}

/// The first instant of a day, or the first after it; or an instant as it is written.
fn instant(text: &str, zone: &TimeZone, last: bool) -> Option<i64> {
    let day = match text.parse::<Date>().ok().filter(|_| text.len() == "2027-01-31".len()) {
        None => return Some(text.parse::<Timestamp>().ok()?.as_millisecond()),
        Some(day) if last => day.tomorrow().ok()?,
        Some(day) => day,
    };
    Some(day.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}

const PAGE: u16 = 25;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_and_end_where_the_account_is() {
        let of = |text, zone, last| {
            let at = instant(text, &TimeZone::get(zone).unwrap(), last)?;
            Some(Timestamp::from_millisecond(at).unwrap().to_string())
        };
        for (text, zone, last, at) in [
            ("2026-11-21", "UTC", false, "2026-11-21T00:00:00Z"),
            ("2026-11-21", "UTC", true, "2026-11-22T00:00:00Z"),
            ("2026-07-01", "Europe/Berlin", false, "2026-06-30T22:00:00Z"),
            ("2026-07-01", "Europe/Berlin", true, "2026-07-01T22:00:00Z"),
            ("2026-07-01T12:00:00Z", "Europe/Berlin", true, "2026-07-01T12:00:00Z"),
        ] {
            assert_eq!(of(text, zone, last).as_deref(), Some(at));
        }
        for bad in ["yesterday", "2026-13-01", "20260701", ""] {
            assert_eq!(of(bad, "UTC", false), None, "{bad}");
        }
    }
}
