//! The request a subcommand works on: from arguments, or as somebody else sent it.

use oauth1_client::core::{
    SignableBody, SignableRequest, authorization, base_string_uri::UriError,
    captured::CapturedRequest, request::is_form,
};
use reqwest::{
    Method, Request,
    header::{HeaderName, HeaderValue},
};
use url::Url;

use crate::{
    args::{RequestArgs, Transmit},
    body::{BodyArgs, GivenBody, pair},
    failure::Failure,
    item::{self, Item},
    output::Output,
    source::Sources,
    upload::{Part, Upload, placeholder},
};

/// A request without its signature, or with the one it came with.
#[derive(Debug)]
pub(crate) struct Input {
    /// The URL as it was typed.
    pub(crate) given: String,
    /// With the URL as it is sent.
    pub(crate) request: CapturedRequest,
    /// A body that is none of the request's own.
    pub(crate) upload: Option<Upload>,
}

/// Whether the URL is still to be sent, or was sent already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// reqwest will normalize the URL.
    ToBeSent,
    /// The same; large files are read when it goes out.
    Streamed,
    /// Every octet stays.
    Sent,
}

impl Input {
    /// Builds the request that the arguments describe.
    pub(crate) fn from_args(
        args: &RequestArgs,
        transmit: Transmit,
        wire: Wire,
        sources: &Sources,
        output: Output,
    ) -> Result<Self, Failure> {
        let given = args.url.clone().ok_or_else(|| {
            Failure::usage(
                "no URL was given",
                "write the whole address, such as https://api.example.com/1/me",
            )
        })?;
        let mut headers = Vec::new();
        let (mut query, mut parts) = (Vec::new(), Vec::new());
        for (i, text) in args.items.iter().enumerate() {
            match item::parse(text, i + 1)? {
                Item::Field(name, value) => parts.push(Part::Text(name, value)),
                Item::Query(name, value) => query.push(pair(&name, &value)),
                Item::Header(name, value) => headers.push((name, value)),
                Item::File(item) => parts.push(Part::file(item, i + 1)?),
            }
        }
        for header in &args.headers {
            let (name, value) = header.split_once(':').ok_or_else(|| {
                Failure::usage("a header has no colon", "write it as --header \"name: value\"")
            })?;
            headers.push((name.trim().into(), value.trim().into()));
        }
        let body = BodyArgs { args, transmit, wire, sources, output }.body(parts, &mut headers)?;
        let has_body = body.is_some() || transmit == Transmit::Form;
        let default = if has_body { "POST" } else { "GET" };
        let (octets, upload) = match body {
            None => (Vec::new(), None),
            Some(GivenBody::Octets(octets)) => (octets, None),
            Some(GivenBody::Upload(upload)) => (Vec::new(), Some(upload)),
        };
        let input = Self {
            request: CapturedRequest {
                method: args.method.as_deref().unwrap_or(default).to_ascii_uppercase(),
                url: sent_url(&given, &query.join("&"), wire)?,
                headers,
                body: octets,
            },
            given,
            upload,
        };
        input.checked()
    }

    /// The same request if method and headers can be sent.
    pub(crate) fn checked(self) -> Result<Self, Failure> {
        Method::from_bytes(self.request.method.as_bytes()).map_err(|_| {
            Failure::usage("the request method is malformed", "use a word such as GET or POST")
        })?;
        for (name, value) in &self.request.headers {
            let bad = || {
                // Only a well-formed name is repeated.
                let name = HeaderName::try_from(name).map_or("a header".into(), |n| n.to_string());
                Failure::usage(
                    format!("{name} is malformed"),
                    "header names are letters, digits and hyphens; values have no line breaks",
                )
            };
            HeaderName::try_from(name).map_err(|_| bad())?;
            HeaderValue::try_from(value).map_err(|_| bad())?;
        }
        Ok(self)
    }

    /// Refuses an `Authorization` header that the signature would replace or contradict.
    pub(crate) fn unsigned(self, transmit: Transmit) -> Result<Self, Failure> {
        let taken = |value: &&[u8]| transmit == Transmit::Header || authorization::is_oauth(value);
        if self.request.authorization().iter().any(taken) {
            return Err(Failure::usage(
                "the request has an Authorization header already",
                "leave it out, the signature goes there; to check a signed request, use oauth1 verify",
            ));
        }
        Ok(self)
    }

    /// What OAuth looks at.
    pub(crate) fn signable(&self) -> Result<SignableRequest<'_>, Failure> {
        let signable = self.request.signable().map_err(bad_url)?;
        Ok(match self.upload {
            Some(_) => signable.with_body(SignableBody::Streamed),
            None => signable,
        })
    }

    /// For reqwest. An upload is still to be attached; until then its place is taken.
    pub(crate) fn to_request(&self) -> Result<Request, Failure> {
        let method = Method::from_bytes(self.request.method.as_bytes())
            .map_err(|_| Failure::usage("the request method is malformed", "correct --method"))?;
        let url = self.request.url.parse().map_err(|_| bad_url(UriError::NotAbsolute))?;
        let mut request = Request::new(method, url);
        for (name, value) in &self.request.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                request.headers_mut().append(name, value);
            }
        }
        if self.upload.is_some() {
            *request.body_mut() = Some(placeholder());
        } else if !self.request.body.is_empty() {
            *request.body_mut() = Some(self.request.body.clone().into());
        }
        Ok(request)
    }

    /// Whether the body is form-encoded.
    pub(crate) fn is_form(&self) -> bool {
        self.request.header("content-type").is_some_and(is_form)
    }
}

/// The URL with the query items, as it is sent.
fn sent_url(given: &str, query: &str, wire: Wire) -> Result<String, Failure> {
    let (before, fragment) = given.split_at(given.find('#').unwrap_or(given.len()));
    let joint = match (query, before.split_once('?')) {
        ("", _) => "",
        (_, None) => "?",
        (_, Some((_, ""))) => "",
        (_, Some(_)) => "&",
    };
    let url = format!("{before}{joint}{query}{fragment}");
    SignableRequest::new("GET", &url).map_err(|e| match e {
        UriError::NotAbsolute if given.bytes().all(|b| b.is_ascii_uppercase()) => Failure::usage(
            "the URL looks like a request method",
            "write the method as -X METHOD, and the URL first",
        ),
        e => bad_url(e),
    })?;
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Failure::usage(
            "the URL holds a user name or password",
            "remove them: they stand in the same header as the signature",
        ));
    }
    if wire == Wire::Sent {
        return Ok(url);
    }
    let url = Url::parse(&url).map_err(|_| bad_url(UriError::Host))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad_url(UriError::Host));
    }
    Ok(url.into())
}

fn bad_url(error: UriError) -> Failure {
    Failure::usage(
        format!("the URL cannot be used: {error}"),
        "correct the address; it is the first argument after the subcommand",
    )
}
