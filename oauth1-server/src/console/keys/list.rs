//! `/keys`: all keys, to be searched, filtered, sorted and paged.

use askama::Template;
use axum::{Extension, extract::State};
use http::StatusCode;

use super::{
    Answer,
    health::{self, HealthCard},
};
use crate::{
    console::{
        Console,
        asked::Ask,
        form::Values,
        page::{self, Shell},
        when::When,
    },
    credentials::generate::now,
    management::{Account, Key, KeyFilter, KeyOrder, KeyState, Right},
};

#[derive(Template)]
#[template(path = "keys/list.html")]
struct ListPage<'a> {
    shell: Shell,
    query: &'a Values,
    health: Vec<HealthCard>,
    accounts: Vec<Account>,
    account: Option<Account>,
    used: u64,
    keys: Vec<Key>,
    next: Option<String>,
    narrowed: bool,
    may_create: bool,
    may_update: bool,
    may_delete: bool,
    may_reveal: bool,
}

impl ListPage<'_> {
    fn is_full(&self) -> bool {
        self.account.as_ref().is_some_and(|account| {
            account.max_keys > 0 && self.used >= account.max_keys.unsigned_abs()
        })
    }

    fn is_shown(&self, account: &Account) -> bool {
        self.account.as_ref().is_some_and(|shown| shown.id == account.id)
    }

    /// A link to the same list, narrowed otherwise.
    fn link(&self, name: &str, value: &str) -> String {
        self.query.query(&[("after", ""), ("done", ""), (name, value)])
    }
}

pub(super) async fn show(State(console): State<Console>, Extension(asked): Ask) -> Answer {
    let caller = asked.caller()?;
    let (management, query) = (console.management(), &asked.query);
    let now = now();
    let mut filter = KeyFilter {
        state: KeyState::ALL.into_iter().find(|state| state.as_str() == query.text("state")),
        environment: query.owned("environment"),
        scope: query.owned("scope"),
        created_by: query.owned("created_by"),
        search: query.owned("q"),
        order: match query.text("sort") {
            "name" => KeyOrder::Name,
            "last_used" => KeyOrder::LastUsed,
            "expires" => KeyOrder::Expires,
            _ => KeyOrder::Newest,
        },
        ..KeyFilter::default()
    };
    health::apply(&mut filter, query.text("health"), now);
    let accounts = management.accounts(caller).await?;
    // Only the newest are listed across accounts; in another order they are one account's.
    let across = accounts.len() > 1 && filter.order == KeyOrder::Newest && filter.search.is_none();
    let account = match query.given("account") {
        None if across => None,
        name => Some(management.account(caller, name).await?),
    };
    filter.account = account.as_ref().map(|account| account.name.clone());
    let keys = management.keys();
    let page = keys.list(caller, &filter, query.given("after"), PAGE).await?;
    let used = match &account {
        Some(account) if account.max_keys > 0 => {
            let all = KeyFilter { account: Some(account.name.clone()), ..KeyFilter::default() };
            keys.count(caller, &all, account.max_keys.unsigned_abs()).await?
        }
        _ => 0,
    };
    let looked_at = match &account {
        Some(account) => std::slice::from_ref(account),
        None => &accounts[..],
    };
    let health = health::cards(&console, caller, looked_at, query.text("health"), now).await?;
    let accounts = if accounts.len() > 1 { accounts } else { Vec::new() };
    let narrowed = ["q", "state", "environment", "scope", "created_by", "health", "after"];
    let narrowed = narrowed.iter().any(|name| query.given(name).is_some());
    let reveals = account.as_ref().is_none_or(|account| account.secret_reveal);
    let page = ListPage {
        shell: Shell::new(Some(&asked), "Keys"),
        query,
        health,
        accounts,
        account,
        used,
        keys: page.keys,
        next: page.next.map(|next| query.query(&[("done", ""), ("after", &next)])),
        narrowed,
        may_create: asked.may(Right::KeysCreate),
        may_update: asked.may(Right::KeysUpdate),
        may_delete: asked.may(Right::KeysDelete),
        may_reveal: asked.may(Right::KeysReveal) && reveals,
    };
    Ok(page::render(StatusCode::OK, &page))
}

/// The end of an identifier, which is enough to tell keys apart.
fn tail(identifier: &str) -> &str {
    let cut = identifier.len().saturating_sub(8);
    identifier.get(cut..).unwrap_or(identifier)
}

const PAGE: u16 = 25;
