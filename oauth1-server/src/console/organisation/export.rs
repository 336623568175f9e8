//! `/audit.csv` and `/audit.json`: everything that a filter finds, as a file. Pages of it are read
//! as they are sent, so that the length of the log does not matter; if one cannot be read, the
//! answer breaks off, and nobody takes a part for the whole.

use std::{
    fmt::Write,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{Extension, body::Body, extract::State, response::Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body::Frame;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;

use super::{Answer, audit, csv::line};
use crate::{
    console::{
        Console,
        asked::{Ask, Asked},
        refused::Refused,
    },
    management::{AuditEntry, AuditPage},
};

pub(super) async fn csv(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    send(&console, &asked, Format::Csv).await
}

pub(super) async fn json(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    send(&console, &asked, Format::Json).await
}

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Json,
}

async fn send(console: &Console, asked: &Asked, format: Format) -> Answer {
    let (_, filter) = audit::filter(console, asked).await?;
    let filter = filter.map_err(|_| {
        let text = "The days of the filter cannot be read; write them such as 2027-01-31.";
        Refused::page(StatusCode::UNPROCESSABLE_ENTITY, text)
    })?;
    let (caller, management) = (asked.caller()?.clone(), console.management().clone());
    // What is wrong from the start is told as on every page.
    let first = management.audit(&caller, &filter, None, PAGE).await?;
    let (sender, receiver) = mpsc::channel(2);
    tokio::spawn(async move {
        let (mut page, mut is_first) = (first, true);
        loop {
            let part = Part { text: format.part(&page, is_first), is_last: page.next.is_none() };
            // Nobody reads any more.
            if sender.send(part).await.is_err() {
                return;
            }
            let Some(after) = page.next else { return };
            page = match management.audit(&caller, &filter, Some(&after), PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(%error, "an export of the audit log broke off");
                    return;
                }
            };
            is_first = false;
        }
    });
    let mut response = Response::new(Body::new(Parts { receiver, is_whole: false }));
    let day = Timestamp::now().strftime("%Y-%m-%d").to_string();
    let (kind, end) = match format {
        Format::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
        Format::Json => ("application/json", "json"),
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let name = format!("attachment; filename=\"audit-{day}.{end}\"");
    if let Ok(name) = HeaderValue::try_from(name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

impl Format {
    fn part(self, page: &AuditPage, is_first: bool) -> String {
        let mut text = String::new();
        match self {
            Self::Csv => {
                if is_first {
                    line(&mut text, &COLUMNS);
                }
                for entry in &page.entries {
                    let object = object(entry);
                    let cells = COLUMNS.map(|name| match &object[name] {
                        Json::Null => String::new(),
                        Json::String(text) => text.clone(),
                        other => other.to_string(),
                    });
                    line(&mut text, &cells.each_ref().map(String::as_str));
                }
            }
            Self::Json => {
                let mut between = if is_first { "[\n" } else { ",\n" };
                for entry in &page.entries {
                    // A String takes whatever is written.
                    let _ = write!(text, "{between}{}", object(entry));
                    between = ",\n";
                }
                if page.next.is_none() {
                    text += if is_first && page.entries.is_empty() { "[]\n" } else { "\n]\n" };
                }
            }
        }
        text
    }
}

/// As `/v1/audit` has it.
fn object(entry: &AuditEntry) -> Json {
    let mut detail: Json = serde_json::from_str(&entry.detail).unwrap_or_default();
    let mut state = |name: &str| detail.get_mut(name).map(Json::take).unwrap_or_default();
    let at = Timestamp::from_millisecond(entry.at).map(|at| format!("{at:.3}"));
    json!({
        "id": entry.id, "at": at.ok(), "actor": entry.actor, "address": entry.address,
        "action": entry.action, "subject_kind": entry.subject_kind,
        "subject_id": entry.subject_id, "subject": entry.subject,
        "before": state("before"), "after": state("after"),
    })
}

struct Part {
    text: String,
    is_last: bool,
}

/// A body whose parts come one after the other.
struct Parts {
    receiver: mpsc::Receiver<Part>,
    is_whole: bool,
}

/// The rest does not come.
#[derive(Debug, thiserror::Error)]
#[error("the rest of the audit log could not be read")]
struct BrokenOff;

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        self.receiver.poll_recv(context).map(|part| match part {
            Some(Part { text, is_last }) => {
                self.is_whole = is_last;
                Some(Ok(Frame::data(Bytes::from(text))))
            }
            None if self.is_whole => None,
            None => Some(Err(BrokenOff)),
        })
    }
}

const COLUMNS: [&str; 10] = [
    "id",
    "at",
    "actor",
    "address",
    "action",
    "subject_kind",
    "subject_id",
    "subject",
    "before",
    "after",
];
/// Rows that are read at once.
const PAGE: u16 = 500;

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn entry(subject: &str, detail: &str) -> AuditEntry {
        AuditEntry {
            id: "1".to_owned(),
            at: 1_767_225_600_000,
            actor: "person:ada".to_owned(),
            address: None,
            action: "key.create".to_owned(),
            subject_kind: "client".to_owned(),
            subject_id: "2".to_owned(),
            subject: subject.to_owned(),
            detail: detail.to_owned(),
        }
    }

    #[tokio::test]
    async fn a_part_is_never_taken_for_the_whole() {
        for (last, whole) in [(true, true), (false, false)] {
            let (sender, receiver) = mpsc::channel(2);
            for is_last in [false, last] {
                let part = Part { text: "x".to_owned(), is_last };
                assert!(sender.send(part).await.is_ok());
            }
            drop(sender);
            let read = Parts { receiver, is_whole: false }.collect().await;
            assert_eq!(read.is_ok(), whole);
        }
    }

    #[test]
    fn parts_of_an_export_make_one_file() {
        let page = |subject: &str, next: Option<&str>| AuditPage {
            entries: vec![entry(subject, r#"{"before": null, "after": {"name": "x"}}"#)],
            next: next.map(str::to_owned),
        };
        let (first, last) = (page("=a", Some("1")), page("b", None));
        let json = Format::Json.part(&first, true) + &Format::Json.part(&last, false);
        let json: Vec<Json> = serde_json::from_str(&json).unwrap();
        assert_eq!(json.len(), 2);
        assert_eq!(json[0]["subject"], "=a");
        assert_eq!(json[0]["at"], "2026-01-01T00:00:00.000Z");
        assert_eq!(json[1]["after"]["name"], "x");
        let csv = Format::Csv.part(&first, true) + &Format::Csv.part(&last, false);
        assert_eq!(
            csv,
            "id,at,actor,address,action,subject_kind,subject_id,subject,before,after\r\n\
             1,2026-01-01T00:00:00.000Z,person:ada,,key.create,client,2,'=a,,\"{\"\"name\"\":\"\"x\"\"}\"\r\n\
             1,2026-01-01T00:00:00.000Z,person:ada,,key.create,client,2,b,,\"{\"\"name\"\":\"\"x\"\"}\"\r\n"
        );
        let none = AuditPage { entries: Vec::new(), next: None };
        assert_eq!(Format::Json.part(&none, true), "[]\n");
        assert_eq!(Format::Csv.part(&none, true).lines().count(), 1);
    }
}
