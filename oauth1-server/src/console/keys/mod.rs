//! The pages of keys.

mod card;
mod change;
mod delete;
mod fields;
pub(super) mod grid;
mod head;
mod health;
mod list;
mod new;
mod overview;
mod refusals;
mod reveal;
mod rotate;
mod snippets;
mod tokens;
mod watch;

use axum::routing::{MethodRouter, get, post};

use super::{Console, session::Answer};

pub(super) use card::Card;

pub(super) fn table() -> Vec<(&'static str, MethodRouter<Console>)> {
    vec![
        ("/keys", get(list::show)),
        ("/keys/new", get(new::form).post(new::create)),
        ("/keys/bulk", post(delete::bulk)),
        ("/keys/{key}", get(overview::show)),
        ("/keys/{key}/enabled", post(change::set_enabled)),
        ("/keys/{key}/privileges", get(change::privileges_form).post(change::privileges)),
        ("/keys/{key}/settings", get(change::settings_form).post(change::settings)),
        ("/keys/{key}/tokens", get(tokens::list).post(tokens::mint)),
        ("/keys/{key}/tokens/{token}/revoke", post(tokens::revoke)),
        ("/keys/{key}/rotate", get(rotate::form).post(rotate::rotate)),
        ("/keys/{key}/finish-rotation", post(rotate::finish)),
        ("/keys/{key}/regenerate", get(rotate::regenerate_form).post(rotate::regenerate)),
        ("/keys/{key}/delete", get(delete::form).post(delete::delete)),
        ("/keys/{key}/reveal", get(reveal::form).post(reveal::reveal)),
        ("/keys/{key}/refusals", get(refusals::list)),
        ("/keys/{key}/explain", post(refusals::explain)),
        ("/keys/{key}/first-use", get(watch::first_use)),
    ]
}
