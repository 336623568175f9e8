//! What this server asks of protocol parameters beyond what section 3.2 asks of every server.

use oauth1_core::{
    ParameterError, PresentedRequest,
    authorization::AuthorizationHeader,
    parameters::{Source, parse_form},
    protocol_parameters as names,
};

use crate::{Policy, Refusal, framing::Frame};

/// What requests are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Protected resources.
    Resource,
    /// Short-lived tokens of the client's own.
    OwnToken,
    /// Temporary credentials (section 2.1).
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    TemporaryCredentials,
    /// Token credentials (section 2.3), in one of the ways to get them.
    #[cfg_attr(not(feature = "server"), allow(dead_code))]
    TokenCredentials,
}

/// The part of a policy that is about parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requirements {
    purpose: Purpose,
    token: bool,
    body_hash: bool,
    parameters: usize,
}

impl Requirements {
    pub(crate) fn of(policy: &Policy, purpose: Purpose) -> Self {
        Self {
            purpose,
            token: policy.token_required && purpose == Purpose::Resource,
            body_hash: policy.body_hash_required && purpose.hashes_bodies(),
            parameters: policy.limits.protocol.parameters,
        }
    }

    /// Checks a request that is well formed by section 3.2.
    pub(crate) fn check(
        self,
        presented: &PresentedRequest<'_>,
        frame: &Frame<'_>,
        form: &[u8],
    ) -> Result<(), Refusal> {
        if frame.separators(form) > self.parameters {
            // Empty pairs are no parameters, but they are work.
            return Err(ParameterError::TooMany(self.parameters).into());
        }
        if presented.request().method().bytes().any(|b| b.is_ascii_lowercase()) {
            return Err(Refusal::LowerCaseMethod);
        }
        if frame.is_form && presented.body_hash().is_some() {
            return Err(Refusal::BodyHashOfForm);
        }
        let has = |name: &str| match name {
            names::TOKEN => presented.token_identifier().is_some(),
            names::BODY_HASH => presented.body_hash().is_some(),
            names::CALLBACK => presented.callback().is_some_and(|text| !text.is_empty()),
            names::VERIFIER => presented.verifier().is_some_and(|text| !text.is_empty()),
            names::SESSION_HANDLE => presented.session_handle().is_some(),
            name => presented.parameters().iter().any(|p| *p.name() == *name.as_bytes()),
        };
        match self.absent(frame, has) {
            absent if absent.is_empty() => Ok(()),
            absent => Err(ParameterError::Absent(absent).into()),
        }
    }

    /// Completes a list of missing parameters by those that only this server requires.
    pub(crate) fn complete(
        self,
        error: ParameterError,
        frame: &Frame<'_>,
        form: &[u8],
    ) -> ParameterError {
        let ParameterError::Absent(mut absent) = error else { return error };
        let authorization = frame.authorization();
        let header = authorization.iter().find_map(|value| AuthorizationHeader::parse(value).ok());
        let header = header.iter().flat_map(|header| header.parameters().iter().copied());
        let query = parse_form(frame.query(), Source::Query).filter_map(Result::ok);
        let form = parse_form(form, Source::Body).filter_map(Result::ok);
        let present: Vec<_> = header.chain(query).chain(form).collect();
        let has = |name: &str| {
            present.iter().any(|p| *p.name() == *name.as_bytes() && !p.value().is_empty())
        };
        absent.extend(self.absent(frame, has));
        ParameterError::Absent(absent)
    }

    /// The parameters that section 3.1 leaves optional and this request needs, as far as it does
    /// not have them.
    fn absent(self, frame: &Frame<'_>, has: impl Fn(&str) -> bool) -> Vec<&'static str> {
        let mut needed = Vec::new();
        if self.token {
            needed.push(names::TOKEN);
        }
        if self.body_hash && !frame.is_form {
            needed.push(names::BODY_HASH);
        }
        match self.purpose {
            Purpose::Resource | Purpose::OwnToken => {}
            Purpose::TemporaryCredentials => needed.push(names::CALLBACK),
            Purpose::TokenCredentials if has(XAUTH_MODE) && !has(names::TOKEN) => {}
            Purpose::TokenCredentials if has(names::SESSION_HANDLE) => needed.push(names::TOKEN),
            Purpose::TokenCredentials => needed.extend([names::TOKEN, names::VERIFIER]),
        }
        needed.retain(|name| !has(name));
        needed
    }
}

impl Purpose {
    /// Whether bodies mean something that no signature covers: elsewhere only forms are read.
    pub(crate) const fn hashes_bodies(self) -> bool {
        matches!(self, Self::Resource | Self::OwnToken)
    }

    /// Whether the client may leave out the token, whatever it may elsewhere.
    pub(crate) fn is_two_legged(self) -> bool {
        self != Self::Resource
    }
}

/// Of a request that brings a name and a password.
pub(crate) const XAUTH_MODE: &str = "x_auth_mode";
