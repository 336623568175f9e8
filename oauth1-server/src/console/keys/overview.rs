//! `/keys/{key}`: a key at a glance, and what it can do.

use std::net::IpAddr;

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
};
use http::StatusCode;

use super::{Answer, head::Head};
use crate::{
    console::{
        Console,
        asked::Ask,
        form::{Errors, Values, sentence},
        page::{self, Shell},
        when::{self, When},
    },
    management::{KeyState, Right, SeenAddresses, Verdict, callbacks::OUT_OF_BAND},
};

#[derive(Template)]
#[template(path = "keys/overview.html")]
struct OverviewPage<'a> {
    shell: Shell,
    head: Head,
    query: &'a Values,
    errors: Errors,
    seen: SeenAddresses,
    verdict: Option<Verdict>,
    /// The end of the key where its account is.
    there: Option<String>,
    reveals: bool,
    may_reveal: bool,
    may_audit: bool,
    within: u64,
}

impl OverviewPage<'_> {
    /// Milliseconds until the key ends.
    fn until_end(&self) -> i64 {
        self.head.key.expires_at.map_or(i64::MAX, |end| end - self.head.now)
    }

    fn is_over(&self) -> bool {
        self.until_end() <= 0
    }

    fn ends_soon(&self) -> bool {
        self.until_end() < SOON
    }

    fn left(&self) -> String {
        when::duration(self.until_end())
    }
}

pub(super) async fn show(
    State(console): State<Console>,
    Path(key): Path<String>,
    Extension(asked): Ask,
) -> Answer {
    let caller = asked.caller()?;
    let management = console.management();
    let key = management.keys().show(caller, &key).await?;
    let account = management.account(caller, Some(&key.account)).await?;
    let seen = management.keys().addresses(caller, &key.id).await?;
    let query = &asked.query;
    let mut errors = Errors::default();
    let mut verdict = None;
    if let Some(path) = query.given("path") {
        let address = query.given("address").map(str::parse::<IpAddr>);
        if !path.starts_with('/') {
            errors.add("path", "A path begins with /, such as /v1/orders.");
        }
        if matches!(address, Some(Err(_))) {
            errors.add("address", "Give an address such as 192.0.2.7, or none.");
        }
        if errors.is_empty() {
            let method = query.given("method").unwrap_or("GET");
            let address = address.and_then(Result::ok);
            let keys = management.keys();
            verdict = Some(keys.check(caller, &key.id, method, path, address).await?);
        }
    }
    let there = key.expires_at.and_then(|end| when::last_second(end, &account.time_zone));
    let (shell, head) = Head::new(&asked, key, "overview");
    let page = OverviewPage {
        shell,
        head,
        query,
        errors,
        seen,
        verdict,
        there,
        reveals: account.secret_reveal,
        may_reveal: asked.may(Right::KeysReveal) && account.secret_reveal,
        may_audit: asked.may(Right::AuditRead),
        within: console.within(),
    };
    Ok(page::render(StatusCode::OK, &page))
}

/// Fourteen days, in milliseconds.
const SOON: i64 = 14 * 24 * 3600 * 1000;
