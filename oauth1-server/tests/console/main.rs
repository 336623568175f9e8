//! The console as people meet it: a real server, and Chromium at its pages.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod application;
mod axe;
mod browser;
mod card;
mod consent;
mod csrf;
mod debugger;
mod desk;
mod hands;
mod key;
mod leaks;
mod list;
mod no_script;
mod organisation;
mod people;
mod reveal;
mod session;
mod setup;
mod snippets;
mod ways;
mod webdriver;
mod weight;
mod world;
mod xss;
