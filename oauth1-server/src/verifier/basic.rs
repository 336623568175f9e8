//! Names and passwords instead of a signature.

use http::request::Parts;

use super::{RequestVerifier, Verdict};
use crate::Refusal;

#[cfg(feature = "sql")]
impl RequestVerifier {
    /// Accepts names and passwords of accounts that permit it, see [`basic`](crate::basic). Not
    /// where clients reach the server by plain `http`, loopback aside.
    #[must_use]
    pub fn with_basic(self, passwords: crate::basic::PasswordChecker) -> Self {
        use crate::middleware::Answers;
        let answers = Answers { basic: self.basic_is_safe(), ..(*self.answers).clone() };
        Self { passwords: Some(passwords), answers: std::sync::Arc::new(answers), ..self }
    }

    pub(super) async fn judge_basic(&self, parts: &Parts) -> Result<Verdict, Refusal> {
        use crate::{
            BasicRequest,
            basic::{BasicError, Presented},
        };
        let Some(passwords) = &self.passwords else { return Ok(Verdict::Unsigned) };
        if !self.basic_is_safe() {
            return Err(BasicError::Insecure.into());
        }
        let presented = Presented::of(&parts.headers).ok_or(BasicError::Malformed)?;
        let record = self.credentials.basic(presented.name()).await;
        let record = record.map_err(Refusal::Credentials)?;
        let checked = passwords.check(presented, record.as_ref()).await;
        checked.map_err(Refusal::Credentials)??;
        let basic = BasicRequest::new(record.ok_or(BasicError::Unknown)?);
        if let Some(authorizer) = &self.authorizer {
            authorizer.basic_permission(parts, &basic).into_result()?;
        }
        Ok(Verdict::Basic(basic))
    }

    /// Passwords, like PLAINTEXT, are for nobody on the way (section 3.4.4).
    fn basic_is_safe(&self) -> bool {
        self.origin.is_secure() || self.origin.is_loopback()
    }
}

#[cfg(not(feature = "sql"))]
impl RequestVerifier {
    pub(super) async fn judge_basic(&self, _: &Parts) -> Result<Verdict, Refusal> {
        Ok(Verdict::Unsigned)
    }
}
