//! `/v1/audit`.

use axum::extract::State;

use super::{
    RestState,
    answer::{self, Answer},
    input::Input,
    json,
};
use crate::management::AuditFilter;

pub(super) async fn list(State(state): State<RestState>, input: Input) -> Answer {
    let caller = input.caller()?;
    let mut query = input.query()?;
    let filter = AuditFilter {
        subject_id: query.text("subject_id"),
        action: query.text("action"),
        actor: query.text("actor"),
        since: query.time("since"),
        until: query.time("until"),
    };
    let (limit, after) = (query.limit(), query.text("after"));
    query.end()?;
    let page = state.management().audit(caller, &filter, after.as_deref(), limit).await?;
    answer::page(page.entries.iter().map(json::audit).collect(), page.next.as_deref())
}
