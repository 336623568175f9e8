//! The parameters of a verified token request.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header, request::Parts};
use oauth1_core::{PresentedRequest, percent_encoding::encode};
use zeroize::Zeroizing;

use crate::{PeerAddress, Refusal, RequestVerifier, framing::Frame};

/// What the protocol and its extensions put into such a request, decoded.
pub(super) struct Sent {
    pub(super) callback: Option<String>,
    pub(super) verifier: Option<Zeroizing<String>>,
    pub(super) session_handle: Option<Zeroizing<String>>,
    others: Vec<(String, Zeroizing<String>)>,
}

impl Sent {
    pub(super) fn read(
        parts: &Parts,
        form: Option<&Bytes>,
        verifier: &RequestVerifier,
    ) -> Result<Self, Refusal> {
        let limits = verifier.policy().limits;
        let frame = Frame::of(parts, verifier.origin(), &limits)?;
        let form = form.filter(|_| frame.is_form).cloned().unwrap_or_default();
        let (request, authorization) = (frame.signable(&form)?, frame.authorization());
        let presented = PresentedRequest::parse(&request, &authorization, limits.protocol)?;
        let presented = presented.ok_or(Refusal::Unsigned)?;
        let secret = |text: Option<&str>| text.map(|text| Zeroizing::new(text.to_owned()));
        let others = presented.parameters().into_iter().filter(|p| !p.is_protocol()).map(|p| {
            let (name, value) = (p.name(), p.value());
            let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
            (text(&name), Zeroizing::new(text(&value)))
        });
        Ok(Self {
            callback: presented.callback().map(str::to_owned),
            verifier: secret(presented.verifier()),
            session_handle: secret(presented.session_handle()),
            others: others.collect(),
        })
    }

    /// A parameter that is not of the protocol.
    pub(super) fn other(&self, name: &str) -> Option<&str> {
        self.others.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// The address of who asks, for the audit log.
pub(super) fn address(parts: &Parts) -> Option<String> {
    PeerAddress::find(&parts.extensions).map(|address| address.to_string())
}

/// A form-encoded answer with secrets (sections 2.1 and 2.3); wiped when it was sent.
pub(super) fn answer<B: From<Bytes>>(pairs: &[(&str, &str)]) -> Response<B> {
    let length = pairs.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
    let mut form = Zeroizing::new(String::with_capacity(length));
    for (name, value) in pairs {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        // Secrets are letters and digits, which stay as they are.
        form.push_str(&encode(value.as_bytes()));
    }
    let mut response = Response::new(B::from(Bytes::from_owner(form)));
    *response.status_mut() = StatusCode::OK;
    for (name, value) in [
        (header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
