//! Questions to the person at the terminal; secrets without echo.

use std::io::{self, BufRead, IsTerminal};

use oauth1_client::SharedSecret;
use zeroize::Zeroizing;

use crate::{failure::Failure, output::Output};

/// Whether somebody is there to answer.
pub(crate) fn possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a line that anybody may see; `None` at the end of stdin.
pub(crate) fn line(output: Output, question: &str) -> Result<Option<Zeroizing<String>>, Failure> {
    output.ask(question);
    let mut text = Zeroizing::new(String::new());
    let octets = io::stdin().lock().read_line(&mut text).map_err(|error| unread(&error))?;
    Ok((octets > 0).then(|| Zeroizing::new(text.trim().to_owned())))
}

/// Asks for a secret, which the terminal does not show.
pub(crate) fn secret(output: Output, question: &str) -> Result<SharedSecret, Failure> {
    let answer = hidden(output, question);
    // The line end that was typed is not shown either.
    output.say("");
    answer.map(|text| SharedSecret::new(text.as_str()))
}

/// A line without echo. Keys are read one by one: with the terminal's own Ctrl-C, the process would
/// end and leave the terminal mute.
#[cfg(unix)]
fn hidden(output: Output, question: &str) -> Result<Zeroizing<String>, Failure> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    let input = io::stdin();
    let before = tcgetattr(&input).map_err(|error| unread(&error.into()))?;
    let mut mute = before.clone();
    mute.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
    tcsetattr(&input, OptionalActions::Flush, &mute).map_err(|error| unread(&error.into()))?;
    // Only now: an answer could come at once, and be shown.
    output.ask(question);
    let mut typed = Zeroizing::new(Vec::with_capacity(LONGEST));
    let ended = loop {
        let mut key = [0];
        // Past the buffer of stdin, in which a copy would stay behind.
        match rustix::io::read(&input, &mut key) {
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => break Err(unread(&error.into())),
            Ok(0) => break Ok(()),
            Ok(_) => match key[0] {
                b'\n' | b'\r' | CTRL_D => break Ok(()),
                CTRL_C => break Err(Failure::interrupted("nothing was changed")),
                CTRL_U => typed.clear(),
                BACKSPACE | DELETE => {
                    // A whole character, whose later octets all begin with the bits 10.
                    while typed.pop().is_some_and(|octet| octet & 0xC0 == 0x80) {}
                }
                _ if typed.len() == LONGEST => {
                    break Err(Failure::usage(
                        "the secret is too long to be typed",
                        "give it as a file",
                    ));
                }
                octet => typed.push(octet),
            },
        }
    };
    let _ = tcsetattr(&input, OptionalActions::Now, &before);
    ended?;
    let text = core::str::from_utf8(&typed);
    let text = text.map_err(|_| Failure::usage("the secret is not UTF-8", "type it again"))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

#[cfg(not(unix))]
fn hidden(_: Output, _: &str) -> Result<Zeroizing<String>, Failure> {
    Err(Failure::usage(
        "secrets cannot be typed without being seen on this system",
        "give them as a file, or by stdin",
    ))
}

fn unread(error: &io::Error) -> Failure {
    Failure::other(
        format!("the terminal cannot be read: {}", error.kind()),
        "give what is asked for by flags and files",
    )
}

#[cfg(unix)]
const LONGEST: usize = 4096;
#[cfg(unix)]
const CTRL_C: u8 = 3;
#[cfg(unix)]
const CTRL_D: u8 = 4;
#[cfg(unix)]
const BACKSPACE: u8 = 8;
#[cfg(unix)]
const CTRL_U: u8 = 21;
#[cfg(unix)]
const DELETE: u8 = 127;
