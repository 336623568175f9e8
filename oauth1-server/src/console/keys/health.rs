//! The cards above the list: keys that somebody should look at.

use crate::{
    console::{Console, refused::Refused},
    management::{Account, Caller, KeyFilter, KeyState},
};

/// One card; it leads to the keys that it counts.
#[derive(Clone, Debug)]
pub(super) struct HealthCard {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) why: &'static str,
    pub(super) count: u64,
    pub(super) current: bool,
}

impl HealthCard {
    /// "999+" stands for any number from a thousand on.
    pub(super) fn shown(&self) -> String {
        if self.count >= MOST { format!("{}+", MOST - 1) } else { self.count.to_string() }
    }
}

/// All of them. What is counted is an account's in every index, so accounts are asked in turn.
pub(super) async fn cards(
    console: &Console,
    caller: &Caller,
    accounts: &[Account],
    current: &str,
    now: i64,
) -> Result<Vec<HealthCard>, Refused> {
    let mut cards = Vec::new();
    for (name, title, why) in CARDS {
        let mut count = 0;
        for account in accounts.iter().take(MOST_ACCOUNTS) {
            let account = Some(account.name.clone());
            let mut filter = KeyFilter { account, ..KeyFilter::default() };
            apply(&mut filter, name, now);
            count += console.management().keys().count(caller, &filter, MOST).await?;
        }
        cards.push(HealthCard { name, title, why, count, current: name == current });
    }
    Ok(cards)
}

/// Narrows a list to the keys of a card.
pub(super) fn apply(filter: &mut KeyFilter, name: &str, now: i64) {
    match name {
        "never-expires" => filter.never_expires = true,
        "idle" => filter.unused_since = Some(now - 90 * DAY),
        "expires-soon" => {
            filter.expires_before = Some(now + 14 * DAY);
            filter.state = Some(KeyState::Active);
        }
        "open-to-all" => filter.open_to_all = true,
        _ => {}
    }
}

const CARDS: [(&str, &str, &str); 4] = [
    ("never-expires", "Never expire", "A key that is forgotten stays good for ever."),
    ("idle", "Idle for 90 days", "Disable what nobody uses; it can be enabled again."),
    ("expires-soon", "Expire within 14 days", "Rotate or prolong them before they stop."),
    ("open-to-all", "Allow list without effect", "0.0.0.0/0 or ::/0 restricts nothing."),
];
const MOST: u64 = 1000;
const MOST_ACCOUNTS: usize = 20;
/// Milliseconds.
const DAY: i64 = 24 * 3600 * 1000;
