//! A request whose signature did not match, with the records that it should have been made with:
//! to look for the mistake later, off the request's path. There, it would tell by its time whether
//! a client exists.

use std::fmt;

use http::{header::CONTENT_TYPE, request::Parts};
use oauth1_core::{
    Limits, SignableRequest, Timestamp,
    captured::CapturedRequest,
    diagnose::{Diagnosis, Surroundings, Suspect},
};

use crate::{ClientRecord, TokenRecord, observer::Seen};

/// Small requests alone are kept.
#[derive(Clone)]
pub(crate) struct Suspicion {
    request: CapturedRequest,
    client: ClientRecord,
    token: Option<TokenRecord>,
    now: Timestamp,
}

impl Suspicion {
    pub(crate) fn of(
        parts: &Parts,
        request: &SignableRequest<'_>,
        authorization: &[&[u8]],
        form: &[u8],
        seen: &Seen,
    ) -> Option<Self> {
        let (client, token) = seen.signed_by.clone()?;
        let octets = request.query().len() + form.len() + request.uri().path().len();
        if octets > LONGEST {
            return None;
        }
        let mut url = request.uri().to_string();
        if !request.query().is_empty() {
            url.push('?');
            url.push_str(core::str::from_utf8(request.query()).ok()?);
        }
        let text = |octets: &[u8]| core::str::from_utf8(octets).ok().map(str::to_owned);
        let header = |name: &str| {
            let value = parts.headers.get(name)?;
            Some((name.to_owned(), text(value.as_bytes())?))
        };
        let mut headers: Vec<_> = FORWARDED.into_iter().filter_map(header).collect();
        // The URL has the public origin already; what the request says is one more guess.
        headers.extend(header("host").map(|(_, host)| ("x-original-host".to_owned(), host)));
        headers.extend(header(CONTENT_TYPE.as_str()));
        for value in authorization {
            headers.push(("authorization".to_owned(), text(value)?));
        }
        let method = request.method().to_owned();
        let request = CapturedRequest { method, url, headers, body: form.to_vec() };
        Some(Self { request, client, token, now: seen.now? })
    }

    /// One mistake or two, with the secrets that were good then. Takes up to some tenths of a
    /// second.
    pub(crate) fn diagnose(&self) -> Option<Diagnosis> {
        self.search(true)
    }

    /// One mistake alone, within a millisecond.
    #[cfg(feature = "sql")]
    pub(crate) fn diagnose_singly(&self) -> Option<Diagnosis> {
        self.search(false)
    }

    fn search(&self, together: bool) -> Option<Diagnosis> {
        let (signable, authorization) =
            (self.request.signable().ok()?, self.request.authorization());
        let suspect = Suspect::parse(&signable, &authorization, Limits::default()).ok()??;
        let suspect = if together { suspect } else { suspect.singly() };
        let headers = self.request.headers.iter().map(|(name, value)| (&**name, &**value));
        let suspect = suspect.with_surroundings(Surroundings::of_headers(headers));
        let method = suspect.signature_method();
        self.client.diagnose(&suspect, method, self.token.as_ref(), self.now)
    }
}

impl fmt::Debug for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suspicion").field("client", &self.client).finish_non_exhaustive()
    }
}

impl PartialEq for Suspicion {
    fn eq(&self, other: &Self) -> bool {
        self.request == other.request && self.now == other.now
    }
}

impl Eq for Suspicion {}

/// Under which names the client may have known the server; they are tried, and never believed.
const FORWARDED: [&str; 4] =
    ["x-forwarded-host", "x-original-host", "x-forwarded-port", "x-forwarded-prefix"];
/// Octets of path, query and form.
const LONGEST: usize = 8 * 1024;
