//! Passwords that are typed, or piped in: never from the command line, where everybody sees them.

use std::io::{BufRead, IsTerminal, Write};

use oauth1_server::management::Password;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Asks twice on a terminal, without showing it; else takes the first line.
///
/// # Errors
/// Why there is none.
pub(crate) fn password(whose: &str) -> Result<Password, String> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return line();
    }
    let first = hidden(&format!("Password of {whose}: "))?;
    if first != hidden("The same again: ")? {
        return Err("these are two different passwords".to_owned());
    }
    Ok(first)
}

fn hidden(prompt: &str) -> Result<Password, String> {
    eprint!("{prompt}");
    let _ = std::io::stderr().flush();
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).map_err(|error| format!("no terminal: {error}"))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    let set = |modes| {
        tcsetattr(&stdin, OptionalActions::Flush, modes)
            .map_err(|error| format!("the terminal shows what is typed: {error}"))
    };
    set(&silent)?;
    let typed = line();
    set(&before)?;
    eprintln!();
    typed
}

fn line() -> Result<Password, String> {
    // Never grows while it is read, unless it is too long for a password anyway.
    let mut text = Password::new(String::with_capacity(8 * 1024));
    let read = std::io::stdin().lock().read_line(&mut text);
    read.map_err(|error| format!("no password: {error}"))?;
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    if text.is_empty() {
        return Err("no password was given; type it, or pipe it in".to_owned());
    }
    Ok(text)
}
