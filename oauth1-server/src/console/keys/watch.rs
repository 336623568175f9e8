//! What the script of the one-time card asks: was there a first request?

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderValue, header};
use serde_json::json;

use super::Answer;
use crate::console::{Console, asked::Ask, refusals::RefusalRow};

pub(super) async fn first_use(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let caller = asked.caller()?;
    let number = |name| asked.query.text(name).parse::<i64>().unwrap_or_default();
    let (since, before) = (number("since"), number("before"));
    let key = console.management().keys().show(caller, &key).await?;
    // Uses are known by the minute. One of the old secret, while it is still good, is no test.
    let used = key.last_used_at.unwrap_or_default();
    let answer = if used > before.max(key.old_secret_used_at.unwrap_or_default()) {
        json!({ "used": true, "address": key.last_used_address.as_deref().unwrap_or("somewhere") })
    } else {
        let refusals = console.management().keys().refusals(caller, Some(&key.id)).await?;
        match refusals.first().filter(|refusal| refusal.at >= since) {
            Some(refusal) => {
                let refused = RefusalRow::from(refusal.clone());
                json!({ "used": false, "refused": refused.problem, "fix": refused.fix })
            }
            None => json!({ "used": false }),
        }
    };
    let mut response = Response::new(Body::from(answer.to_string()));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}
