//! What handlers read of a request: the caller, the query, the body. Everything that is not read is
//! refused by name.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use super::{
    RestState,
    asker::Asker,
    fields::{Fields, QUERY},
    problem::Problem,
};
use crate::management::Caller;

/// What stands around all routes has read of the request.
#[derive(Clone, Debug)]
pub(super) struct Prepared(pub(super) Arc<Content>);

#[derive(Debug)]
pub(super) struct Content {
    pub(super) asker: Asker,
    pub(super) address: Option<String>,
    pub(super) query: Option<String>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// The request, as handlers take it.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) content: Arc<Content>,
    is_json: bool,
    if_match: Option<HeaderValue>,
}

impl FromRequestParts<RestState> for Input {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &RestState) -> Result<Self, Problem> {
        let prepared = parts.extensions.get::<Prepared>();
        let Prepared(content) = prepared
            .cloned()
            .ok_or_else(|| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR))?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default();
        let is_json = kind.trim().eq_ignore_ascii_case("application/json");
        let if_match = parts.headers.get(header::IF_MATCH).cloned();
        Ok(Self { content, is_json, if_match })
    }
}

impl Input {
    /// Who asks.
    pub(super) fn caller(&self) -> Result<&Caller, Problem> {
        self.content.asker.caller().ok_or_else(Problem::unauthenticated)
    }

    /// The parameters of the query.
    pub(super) fn query(&self) -> Result<Fields, Problem> {
        let mut map = Map::new();
        for pair in self.content.query.as_deref().unwrap_or_default().split('&') {
            if pair.is_empty() {
                continue;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if map.insert(name.clone(), value.into()).is_some() {
                return Err(Problem::malformed(format!("the query has {name:?} twice")));
            }
        }
        Fields::of(map, QUERY)
    }

    /// For routes without parameters.
    pub(super) fn no_query(&self) -> Result<(), Problem> {
        self.query()?.end()
    }

    /// The body, which has to be a JSON object.
    pub(super) fn body(&self) -> Result<Fields, Problem> {
        if !self.is_json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "send a JSON object, with Content-Type: application/json",
            ));
        }
        match serde_json::from_slice(&self.content.body) {
            Ok(Json::Object(map)) => Fields::of(map, "the body"),
            Ok(_) => Err(Problem::malformed("the body has to be a JSON object")),
            Err(error) => Err(Problem::malformed(format!("the body is no JSON: {error}"))),
        }
    }

    /// The same, where nothing needs to be said.
    pub(super) fn optional_body(&self) -> Result<Fields, Problem> {
        if self.content.body.is_empty() {
            return Fields::of(Map::new(), "the body");
        }
        self.body()
    }

    /// For routes without a body.
    pub(super) fn no_body(&self) -> Result<(), Problem> {
        self.optional_body()?.end()
    }

    /// The version that the caller has read, from `If-Match`. What is no version of ours never
    /// matches.
    pub(super) fn version(&self) -> Option<i64> {
        let text = self.if_match.as_ref()?.to_str().unwrap_or_default().trim();
        if text == "*" {
            return None;
        }
        let number = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        Some(number.and_then(|number| number.parse().ok()).unwrap_or(NEVER))
    }
}

/// As forms are encoded.
fn decoded(text: &str) -> Result<String, Problem> {
    let error = || Problem::malformed("the query has an escape that is none, or is no UTF-8");
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => b' ',
            b'%' => {
                let digit = |octet: Option<u8>| char::from(octet?).to_digit(16);
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let (Some(high), Some(low)) = (high, low) else { return Err(error()) };
                u8::try_from(high * 16 + low).map_err(|_| error())?
            }
            octet => octet,
        });
    }
    String::from_utf8(octets).map_err(|_| error())
}

/// No version is less than 1.
const NEVER: i64 = -1;
