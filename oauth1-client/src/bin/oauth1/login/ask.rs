//! The step of the person: in a browser, with a code, or with a password.

use std::time::Duration;

use oauth1_client::{
    Callback, SharedSecret, Verifier,
    delegation::{AwaitingOwner, Granted, Loopback},
    providers::Quirk,
};
use reqwest::Url;
use tokio::runtime::Runtime;

use super::{Args, begun::Begun, browser, words};
use crate::{
    failure::{Failure, Kind},
    output::{Output, printable},
    prompt,
};

impl Args {
    /// The browser brings the code to a port of this computer.
    pub(super) async fn with_browser(
        &self,
        begun: &Begun,
        output: Output,
    ) -> Result<Granted, Failure> {
        let port = self.callback_port.unwrap_or(PORT);
        let loopback = Loopback::bind(port, "/callback").await.map_err(|error| {
            Failure::other(
                format!("port {port} of 127.0.0.1 cannot be listened on: {}", error.kind()),
                "take another with --callback-port, and register its callback, or --headless",
            )
        })?;
        let callback = loopback.callback();
        let awaiting = self.begin(begun, &callback, output).await?;
        let url = self.authorization_url(begun, &awaiting);
        let opened = browser::open(&url);
        let verb = if opened { "opening your browser; if nothing happens, open" } else { "open" };
        output.say(&format!("{verb}\n  {url}"));
        let waiting = tokio::time::timeout(
            Duration::from_secs(self.timeout.max(1)),
            loopback.verifier(&awaiting),
        );
        let verifier = waiting.await.map_err(|_| {
            Failure::new(
                Kind::Network,
                "nobody came back from the browser in time",
                "log in again; on a computer without a browser, with --headless",
            )
        })?;
        let verifier = verifier.map_err(|error| words::failed(error, Some(&callback)))?;
        let granted = awaiting.exchange(verifier).await;
        granted.map_err(|failed| words::failed(failed.error, None))
    }

    /// The person types the code.
    pub(super) fn with_code(
        &self,
        runtime: &Runtime,
        begun: &Begun,
        output: Output,
    ) -> Result<Granted, Failure> {
        if begun.place.has(Quirk::NoOutOfBand) {
            return Err(Failure::usage(
                "this provider shows no codes",
                "log in without --headless, on a computer with a browser",
            ));
        }
        let mut awaiting = runtime.block_on(self.begin(begun, &Callback::OutOfBand, output))?;
        output.say(&format!(
            "open this address on any computer, and allow it:\n  {}",
            self.authorization_url(begun, &awaiting)
        ));
        let mut left = TRIES;
        loop {
            let code = prompt::line(output, "Code: ")?.ok_or_else(|| {
                Failure::usage("no code was typed", "log in again; the code goes to stdin")
            })?;
            if code.is_empty() {
                continue;
            }
            left -= 1;
            match runtime.block_on(awaiting.exchange(Verifier::new(code.as_str()))) {
                Ok(granted) => return Ok(granted),
                Err(failed) if left > 0 && words::again(&failed.error) => {
                    let failure = words::failed(failed.error, None);
                    output.say(&format!("{}; try again, {left} left", failure.message));
                    awaiting = *failed.awaiting;
                }
                Err(failed) => return Err(words::failed(failed.error, None)),
            }
        }
    }

    async fn begin(
        &self,
        begun: &Begun,
        callback: &Callback,
        output: Output,
    ) -> Result<AwaitingOwner, Failure> {
        if !begun.place.notes.is_empty() {
            output.say(&format!("note: {}", begun.place.notes));
        }
        if begun.place.has(Quirk::CallbackNotConfirmed) {
            output.warn("this provider does not confirm callbacks: finish only what you began");
        }
        let (more, _) = begun.place.parameters(self.scope.as_deref(), &self.parameters);
        let delegation = begun.delegation()?;
        let awaiting = delegation.begin(callback.clone(), &more).await;
        awaiting.map_err(|error| words::failed(error, Some(callback)))
    }

    fn authorization_url(&self, begun: &Begun, awaiting: &AwaitingOwner) -> Url {
        let (_, more) = begun.place.parameters(self.scope.as_deref(), &self.parameters);
        awaiting.authorization_url_with(&more)
    }

    pub(super) fn typed_password(
        &self,
        begun: &Begun,
        output: Output,
    ) -> Result<SharedSecret, Failure> {
        if let Some(path) = &self.password_file {
            let text = begun.sources.secret(path, "the password")?;
            return Ok(SharedSecret::new(text.as_str()));
        }
        if !prompt::possible() {
            return Err(Failure::usage(
                "nobody is there to type the password",
                "give --password-file FILE, - for stdin",
            ));
        }
        prompt::secret(
            output,
            &format!("Password of {}: ", printable(self.user.as_deref().unwrap_or_default())),
        )
    }
}

/// Registered callbacks are compared whole, so the port is the same each time.
const PORT: u16 = 8318;
/// Servers end it after some wrong codes; ours after five.
const TRIES: u32 = 5;
