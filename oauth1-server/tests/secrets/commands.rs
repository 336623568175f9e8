//! The same by commands, beside the running server.

use serde_json::Value as Json;

use crate::desk::{Desk, text};

impl Desk {
    pub fn commands(&mut self) {
        for password in [PASSWORD, NEW_PASSWORD, TILL] {
            self.secret("typed password", password);
        }
        let typed = |password: &str| format!("{password}\n");
        self.run_making(&["keys", "create", "--name", "typed", "--scope", "echo:view"], "");
        self.run_making(&["keys", "rotate", "typed"], "");
        self.run_making(&["keys", "regenerate", "typed", "--yes"], "");
        self.run_making(&["keys", "token", "typed"], "");
        let person = ["people", "create", "eve", "--role", "auditor"];
        self.run(&person, &typed(PASSWORD));
        self.run(&["people", "set-password", "eve"], &typed(NEW_PASSWORD));
        self.run(&["basic", "create", "typed-till", "--ask"], &typed(TILL));
        self.run_making(&["basic", "create", "made-till"], "");
        self.run_making(&["basic", "set-password", "made-till"], "");
    }

    /// All that commands show.
    pub fn commands_look(&self, bot: &Json) {
        let bot = text(bot, "app_key");
        for words in [
            &["keys", "list"][..],
            &["keys", "show", bot],
            &["keys", "addresses", bot],
            &["keys", "refusals", bot],
            &["keys", "refusals"],
            &["keys", "update", bot, "--description", "looked at"],
            &["account", "show"],
            &["audit"],
            &["people", "list"],
            &["people", "show", "eve"],
            &["people", "roles"],
            &["basic", "list"],
            &["basic", "show", "typed-till"],
        ] {
            assert!(!self.run(words, "").is_empty(), "{words:?}");
            assert!(!self.run(&[words, &["--json"]].concat(), "").is_empty(), "{words:?}");
        }
        for words in [["config", "print"], ["config", "check"]] {
            assert!(!self.run(&words, "").is_empty(), "{words:?}");
        }
    }
}

const PASSWORD: &str = "typed+horse/battery=of eve &";
const NEW_PASSWORD: &str = "retyped+horse/battery=of eve &";
const TILL: &str = "typed+till/password=1 &";
