//! What came back: an HTTP answer, or what the resource owner's browser ended with.

use oauth1_core::authorization::AuthorizationHeader;
use oauth1_core::parameters::{Source, parse_form};
use oauth1_core::{SharedSecret, protocol_parameters as names};

use crate::sequence::Endpoint;

/// An HTTP answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) challenges: Vec<String>,
    /// As text; wiped when it is dropped, for it may hold secrets.
    pub(super) body: SharedSecret,
}

/// Identifier and secret, of temporary or of token credentials.
#[derive(Clone)]
pub(super) struct Issued {
    pub(super) identifier: String,
    pub(super) secret: SharedSecret,
}

impl Answer {
    fn octets(&self) -> &[u8] {
        self.body.expose().as_bytes()
    }

    /// The media type, without its parameters.
    pub(super) fn media_type(&self) -> Option<String> {
        let value = self.content_type.as_deref()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    /// The value of a parameter of the form in the body, if it is there exactly once.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        only(self.octets(), name)
    }

    /// The credentials in it, whatever the status says.
    pub(super) fn credentials(&self) -> Option<Issued> {
        let identifier = first(self.octets(), names::TOKEN)?;
        let secret = first(self.octets(), names::TOKEN_SECRET)?;
        Some(Issued { identifier, secret: SharedSecret::new(secret) })
    }

    /// Whether the request was granted: at the resource by the status, elsewhere by credentials.
    pub(super) fn is_granted(&self, endpoint: Endpoint) -> bool {
        match endpoint {
            Endpoint::Resource => (200..300).contains(&self.status),
            _ => self.credentials().is_some(),
        }
    }

    /// `oauth_problem`, from a challenge or the body.
    pub(super) fn problem(&self) -> Option<String> {
        let challenge = self.challenges.iter().find_map(|challenge| {
            let header = AuthorizationHeader::parse(challenge.as_bytes()).ok()?;
            let found = header.parameters().iter().find(|p| *p.name() == *b"oauth_problem")?;
            Some(String::from_utf8_lossy(&found.value()).into_owned())
        });
        challenge.or_else(|| first(self.octets(), "oauth_problem"))
    }

    /// Whether a challenge names that scheme.
    pub(super) fn challenges(&self, scheme: &str) -> bool {
        let named = |challenge: &String| {
            let found = challenge.split([' ', ',']).next().unwrap_or_default();
            found.eq_ignore_ascii_case(scheme)
        };
        self.challenges.iter().any(named)
    }
}

/// Decoded values of a name in a form or query.
fn values<'a>(form: &'a [u8], name: &'a str) -> impl Iterator<Item = String> + 'a {
    parse_form(form, Source::Body)
        .filter_map(Result::ok)
        .filter(move |parameter| *parameter.name() == *name.as_bytes())
        .map(|parameter| String::from_utf8_lossy(&parameter.value()).into_owned())
}

/// The first value that is not empty.
fn first(form: &[u8], name: &str) -> Option<String> {
    values(form, name).find(|value| !value.is_empty())
}

/// The value, if there is exactly one.
pub(super) fn only(form: &[u8], name: &str) -> Option<String> {
    let mut found = values(form, name);
    let value = found.next()?;
    if found.next().is_some() { None } else { Some(value) }
}

/// What the resource owner's command printed.
pub(super) enum Said {
    /// The URI that the browser was sent to.
    Redirect(String),
    /// The verification code that the page shows.
    Code(String),
    /// Nothing: the provider let nobody decide, or there is nothing to tell the client.
    Nothing,
}

impl Said {
    /// The verification code in it.
    pub(super) fn verifier(&self) -> Option<String> {
        match self {
            Self::Redirect(uri) => first(query(uri), names::VERIFIER),
            Self::Code(code) => Some(code.clone()),
            Self::Nothing => None,
        }
    }

    /// The value of a parameter of the redirect, if it is there exactly once.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        match self {
            Self::Redirect(uri) => only(query(uri), name),
            Self::Code(_) | Self::Nothing => None,
        }
    }
}

fn query(uri: &str) -> &[u8] {
    let before_fragment = uri.split('#').next().unwrap_or_default();
    before_fragment.split_once('?').map_or("", |(_, query)| query).as_bytes()
}
