//! What the pages of one key have in common: its name, its state, the way to the others.

use crate::{
    console::{asked::Asked, page::Shell},
    credentials::generate::now,
    management::{Key, Right},
};

/// The top of a page about a key.
pub(super) struct Head {
    pub(super) key: Key,
    pub(super) tabs: Vec<(&'static str, &'static str, bool)>,
    pub(super) may_update: bool,
    pub(super) may_rotate: bool,
    pub(super) may_delete: bool,
    pub(super) now: i64,
}

impl Head {
    pub(super) fn new(asked: &Asked, key: Key, current: &str) -> (Shell, Self) {
        let mut tabs = vec![("", "Overview")];
        let (may_update, may_rotate) = (asked.may(Right::KeysUpdate), asked.may(Right::KeysRotate));
        if may_update {
            tabs.extend([("/privileges", "Privileges"), ("/settings", "Settings")]);
        }
        tabs.push(("/tokens", "Tokens"));
        if may_rotate {
            tabs.push(("/rotate", "Rotate"));
        }
        tabs.push(("/refusals", "Refused requests"));
        let place = |path: &str| if path.is_empty() { "overview" } else { &path[1..] } == current;
        let shell = Shell::new(Some(asked), key.display_name.clone());
        let head = Self {
            tabs: tabs.into_iter().map(|(path, text)| (path, text, place(path))).collect(),
            may_update,
            may_rotate,
            may_delete: asked.may(Right::KeysDelete),
            now: now(),
            key,
        };
        (shell, head)
    }
}
