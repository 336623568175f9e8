//! What this server asks of protocol parameters beyond what section 3.2 asks of every server.

use oauth1_core::{
    ParameterError, PresentedRequest,
    authorization::AuthorizationHeader,
    parameters::{Source, parse_form},
    protocol_parameters as names,
};

use crate::{Policy, Refusal, framing::Frame};

/// The part of a policy that is about parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requirements {
    token: bool,
    body_hash: bool,
    parameters: usize,
}

impl Requirements {
    pub(crate) const fn of(policy: &Policy) -> Self {
        Self {
            token: policy.token_required,
            body_hash: policy.body_hash_required,
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
        let absent = self.required(frame).filter(|name| match *name {
            names::TOKEN => presented.token_identifier().is_none(),
            _ => presented.body_hash().is_none(),
        });
        match absent.collect::<Vec<_>>() {
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
        absent.extend(self.required(frame).filter(|name| {
            !present.iter().any(|p| *p.name() == *name.as_bytes() && !p.value().is_empty())
        }));
        ParameterError::Absent(absent)
    }

    /// The parameters that section 3.1 leaves optional and this server does not.
    fn required(self, frame: &Frame<'_>) -> impl Iterator<Item = &'static str> + use<> {
        let token = self.token.then_some(names::TOKEN);
        let hash = (self.body_hash && !frame.is_form).then_some(names::BODY_HASH);
        token.into_iter().chain(hash)
    }
}
