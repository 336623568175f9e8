//! Forms whose answer holds secrets work once: who reloads the answer, or goes back to it, gets
//! neither the secrets again nor a second key.

use http::StatusCode;
use rand::{TryRng, rngs::SysRng};

use super::{Console, asked::Asked, refused::Refused};
use crate::management::Attempt;

/// A form that is being worked on.
#[derive(Debug)]
pub(super) struct Once<'a> {
    console: &'a Console,
    id: String,
}

impl<'a> Once<'a> {
    /// Uses up the form.
    pub(super) async fn begin(console: &'a Console, asked: &Asked) -> Result<Self, Refused> {
        let caller = asked.caller()?;
        let Some(form) = asked.form.given("once") else {
            let text = "The form is not complete. Open its page again.";
            return Err(Refused::page(StatusCode::BAD_REQUEST, text));
        };
        let path = asked.target.as_bytes();
        let idempotency = console.management().idempotency();
        match idempotency.begin(caller, &format!("form:{form}"), &[path]).await? {
            Attempt::First(id) => Ok(Self { console, id }),
            _ => Err(Refused::page(
                StatusCode::CONFLICT,
                "This form was sent before, and secrets are shown once. What it made is there; if a secret was lost, make a new one on its page.",
            )),
        }
    }

    /// Nothing was made: the form can be sent again.
    pub(super) async fn forget(self) -> Result<(), Refused> {
        Ok(self.console.management().idempotency().forget(&self.id).await?)
    }
}

/// A new form.
pub(super) fn new_form() -> Result<String, Refused> {
    let random = SysRng.try_next_u64().and_then(|high| Ok((high, SysRng.try_next_u64()?)));
    let (high, low) = random.map_err(|_| {
        let text = "The operating system gives no random numbers at the moment. Try again later.";
        Refused::page(StatusCode::SERVICE_UNAVAILABLE, text)
    })?;
    Ok(format!("{high:016x}{low:016x}"))
}
