//! Opens the browser of the person.

use std::{
    env,
    process::{Command, Stdio},
};

use reqwest::Url;

/// Opens an address: with the programs of `BROWSER`, which stand between colons and may have `%s`
/// in their arguments, or with what the system has for that. Says whether one was started.
pub(super) fn open(url: &Url) -> bool {
    let chosen = env::var("BROWSER").ok().filter(|browsers| !browsers.is_empty());
    match chosen {
        Some(browsers) => browsers.split(':').any(|browser| started(browser, url)),
        None if cfg!(target_os = "macos") => started("open", url),
        None if cfg!(windows) => started("rundll32 url.dll,FileProtocolHandler", url),
        None => started("xdg-open", url),
    }
}

/// No shell reads the address: it comes from elsewhere.
fn started(browser: &str, url: &Url) -> bool {
    let mut words = browser.split_whitespace();
    let Some(program) = words.next() else { return false };
    let mut arguments: Vec<_> = words.map(|word| word.replace("%s", url.as_str())).collect();
    if !browser.contains("%s") {
        arguments.push(url.as_str().to_owned());
    }
    let mut command = Command::new(program);
    command.args(arguments);
    // What it has to say is no part of this command's output; nor are its secrets its business.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("OAUTH1_") {
            command.env_remove(name);
        }
    }
    command.spawn().is_ok()
}
