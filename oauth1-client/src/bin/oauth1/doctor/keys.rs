//! Files, profile and keys.

use std::time::{SystemTime, UNIX_EPOCH};

use oauth1_client::SharedSecret;

use super::{Directory, Report};
use crate::{
    credentials::{Credentials, Given},
    failure::Failure,
    profile::{Chosen, odd, swapped},
};

/// Whether the files are there, readable, and nobody else's.
pub(super) fn files(report: &mut Report) {
    let Some(directory) = Directory::find() else {
        return report.odd(
            "files",
            "there is no place for profiles",
            "set HOME or OAUTH1_CONFIG_DIR",
        );
    };
    let path = directory.path().to_string_lossy().into_owned();
    if !directory.path().exists() {
        return report.odd("files", format!("{path} is not there"), "oauth1 profile add NAME");
    }
    match directory.config().and_then(|_| directory.secrets()) {
        Ok(_) => report.good("files", format!("{path} is readable, and by nobody else")),
        Err(failure) => report.bad("files", failure),
    }
}

/// Whether there is a profile, and its token still holds.
pub(super) fn profile(report: &mut Report, profile: Option<&Chosen>) {
    let Some(profile) = profile else {
        return report.odd(
            "profile",
            "none is chosen",
            "oauth1 profile use NAME, or add one; keys in the environment need none",
        );
    };
    let name = &profile.name;
    report.good("profile", format!("{name} ({})", profile.why.as_str()));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    match profile.settings.token_ends {
        Some(ends) if ends <= now => report.bad(
            "token",
            Failure::config(
                format!("it ended {} s ago", now - ends),
                format!("oauth1 login --renew --profile {name}, or log in again"),
            ),
        ),
        Some(ends) => report.good("token", format!("it ends in {} s", ends - now)),
        None => {}
    }
}

/// Whether the values are there, and look like what they are.
pub(super) fn credentials(report: &mut Report, credentials: &Credentials) {
    let Credentials { client, client_secret, token, token_secret, .. } = credentials;
    if client.is_none() {
        let fix = "oauth1 profile add NAME, or set OAUTH1_CONSUMER_KEY";
        report.bad("keys", Failure::config("the App key is missing", fix));
    }
    pair(report, ("App key", client), ("App secret", client_secret));
    pair(report, ("Access token", token), ("Token secret", token_secret));
    if client.is_some() && token.is_none() {
        report.odd("keys", "there is no Access token", "oauth1 login, unless the API wants none");
    }
}

/// An identifier and its secret, of which nothing is shown but where it came from.
fn pair(
    report: &mut Report,
    (name, identifier): (&str, &Option<Given<String>>),
    (secret_name, secret): (&str, &Option<Given<SharedSecret>>),
) {
    let Some(identifier) = identifier else { return };
    match odd(&identifier.value) {
        Some(words) => report.odd("keys", format!("the {name} {words}"), COPY),
        None => report.good("keys", format!("{name} ({})", identifier.origin)),
    }
    let Some(secret) = secret else {
        // With an RSA key there is none.
        let fix = "oauth1 profile add NAME --replace, unless requests are signed with an RSA key";
        return report.odd("keys", format!("the {secret_name} is missing"), fix);
    };
    match odd(secret.value.expose()) {
        Some(words) => report.odd("keys", format!("the {secret_name} {words}"), COPY),
        None => report.good("keys", format!("{secret_name} ({})", secret.origin)),
    }
    if swapped(&identifier.value, secret.value.expose()) {
        let message = format!("{name} and {secret_name} look swapped");
        report.odd("keys", message, "compare them with the provider's page");
    }
}

const COPY: &str = "copy it again, without anything around it";
