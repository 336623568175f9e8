//! The resource owner: a shell command that decides, and prints what came of it.

use std::process::{Command, Stdio};

use super::Settings;
use super::answer::Said;
use crate::sequence::Decision;

/// Runs the command for that decision.
///
/// # Errors
/// It could not act: it ended badly, or printed more than one line.
pub(super) fn decide(settings: &Settings, decision: Decision, url: &str) -> Result<Said, String> {
    let (option, command) = match decision {
        Decision::Approve => ("--approve", &settings.approve),
        Decision::Deny => ("--deny", &settings.deny),
    };
    let failed = |what: String| format!("the command of {option} {what}");
    let output = Command::new("sh")
        .args(["-c", command])
        .env("AUTHORIZE_URL", url)
        // It acts for the resource owner, who does not know the client's secrets.
        .env_remove("OAUTH1_CONSUMER_SECRET")
        .env_remove("OAUTH1_SECOND_CONSUMER_SECRET")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("could not be started: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed: {}", output.status)));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| failed("printed what is no UTF-8".to_owned()))?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.next().unwrap_or_default();
    if lines.next().is_some() {
        return Err(failed("printed several lines; print the URI or the code, or nothing".into()));
    }
    Ok(match line {
        "" => Said::Nothing,
        uri if is_uri(uri) => Said::Redirect(uri.to_owned()),
        code => Said::Code(code.to_owned()),
    })
}

/// A scheme and a colon; no verification code looks like that.
fn is_uri(line: &str) -> bool {
    line.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}
