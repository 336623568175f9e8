//! The OAuth header that a written-down request came with: what it says is used again, so that
//! its signature can be made once more.

use oauth1_client::core::{
    authorization::{AuthorizationHeader, is_oauth},
    protocol_parameters as names,
};

use crate::{failure::Failure, input::Input};

/// Decoded protocol parameters of an `Authorization: OAuth` header.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    found: Vec<(String, String)>,
    pub(crate) realm: Option<String>,
    pub(crate) present: bool,
}

impl Captured {
    pub(crate) fn from_input(input: &Input) -> Result<Self, Failure> {
        let authorization = input.request.authorization();
        let Some(value) = authorization.into_iter().find(|value| is_oauth(value)) else {
            return Ok(Self::default());
        };
        let header = AuthorizationHeader::parse(value).map_err(|error| {
            Failure::usage(
                format!("the Authorization header of the request is malformed: {error}"),
                "write it as OAuth name=\"value\", name=\"value\"",
            )
        })?;
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let found = header.parameters().iter().map(|p| (text(&p.name()), text(&p.value())));
        let mut captured =
            Self { found: Vec::new(), realm: header.realm().map(Into::into), present: true };
        for (name, value) in found {
            let known = KNOWN.contains(&name.as_str());
            if !known || captured.get(&name).is_some() {
                let what =
                    if known { "twice in it" } else { "unknown, so it cannot be signed again" };
                let name = if known { &name } else { "a parameter" };
                return Err(Failure::usage(
                    format!("the Authorization header of the request: {name} is {what}"),
                    "to see the base string of such a request, use oauth1 verify",
                ));
            }
            captured.found.push((name, value));
        }
        Ok(captured)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.found.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn own(&self, name: &str) -> Option<String> {
        self.get(name).map(Into::into)
    }
}

const KNOWN: &[&str] = &[
    names::BODY_HASH,
    names::CALLBACK,
    names::CONSUMER_KEY,
    names::NONCE,
    names::SESSION_HANDLE,
    names::SIGNATURE,
    names::SIGNATURE_METHOD,
    names::TIMESTAMP,
    names::TOKEN,
    names::VERIFIER,
    names::VERSION,
];
