//! The form-encoded answers of sections 2.1 and 2.3.

use oauth1_core::SharedSecret;
use reqwest::Response;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::DelegationError;
use crate::error::SendError;

/// Names and values; wiped when they are dropped.
pub(super) struct Pairs(Vec<(String, Zeroizing<String>)>);

impl Pairs {
    /// Reads an answer, whatever media type it claims: many providers say `text/html`.
    pub(super) async fn read(mut response: Response) -> Result<Self, DelegationError> {
        let mut octets = Zeroizing::new(Vec::new());
        while let Some(piece) =
            response.chunk().await.map_err(|e| SendError::Http(e.without_url()))?
        {
            if octets.len() + piece.len() > LONGEST {
                return Err(DelegationError::Answer("it is too long to be one"));
            }
            octets.extend_from_slice(&piece);
        }
        Ok(Self::parse(&octets))
    }

    fn parse(octets: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(octets.trim_ascii());
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
    }

    /// The value of a name that is there exactly once.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(found, _)| found == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value.as_str())
    }

    /// `oauth_token` and `oauth_token_secret`; a secret may be empty, an identifier may not.
    pub(super) fn credentials(&self) -> Result<(String, SharedSecret), DelegationError> {
        let identifier = self.one("oauth_token").filter(|identifier| !identifier.is_empty());
        let identifier =
            identifier.ok_or(DelegationError::Answer("oauth_token is not in it, once"))?;
        let secret = self.one("oauth_token_secret");
        let secret =
            secret.ok_or(DelegationError::Answer("oauth_token_secret is not in it, once"))?;
        Ok((identifier.to_owned(), SharedSecret::new(secret)))
    }

    /// What is not of the protocol.
    pub(super) fn others(self) -> Vec<(String, String)> {
        let others = self.0.into_iter().filter(|(name, _)| !name.starts_with("oauth_"));
        others.map(|(name, mut value)| (name, std::mem::take(&mut *value))).collect()
    }
}

/// Octets.
const LONGEST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_twice_is_not_there() {
        let pairs = Pairs::parse(b" oauth_token=a%20b&oauth_token_secret=&x=1&y=2&y=3\n");
        let (identifier, secret) = pairs.credentials().unwrap();
        assert_eq!((&*identifier, secret.expose()), ("a b", ""));
        assert_eq!((pairs.one("x"), pairs.one("y"), pairs.one("z")), (Some("1"), None, None));
        assert_eq!(pairs.others().len(), 3);
        for bad in [
            "",
            "oauth_token=a",
            "oauth_token=&oauth_token_secret=b",
            "<html>",
            "oauth_token=a&oauth_token=b&oauth_token_secret=c",
        ] {
            assert!(Pairs::parse(bad.as_bytes()).credentials().is_err(), "{bad}");
        }
    }
}
