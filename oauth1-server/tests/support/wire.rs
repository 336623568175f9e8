//! Requests as they travel, signed where they can be.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use oauth1_core::{
    Limits, PresentedRequest, SharedSecret, SignableBody, SignableRequest, SignatureMethod,
    SigningKey, percent_encoding::encode,
};

use super::{CLIENT, CLIENT_SECRET, HOST, NOW, TOKEN, TOKEN_SECRET};

pub const FORM: &str = "application/x-www-form-urlencoded";

/// Where the protocol parameters stand (section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    Header,
    Form,
    Query,
}

impl Location {
    pub const ALL: [Self; 3] = [Self::Header, Self::Form, Self::Query];
}

/// `oauth_signature`.
#[derive(Clone, Debug)]
pub enum Sign {
    /// What the secrets make of the request; `x` if no base string can be made of it.
    Correctly,
    /// This value, as it travels.
    As(String),
    /// The right one, changed before it is percent-encoded.
    Changed(fn(&str) -> String),
    /// The parameter is left out.
    Not,
}

/// One request. Names and values are in the form they travel in.
#[derive(Clone)]
pub struct Wire {
    pub location: Location,
    pub method: String,
    /// Scheme and authority before the path, for the absolute form.
    pub absolute: String,
    pub path: String,
    pub query: Vec<String>,
    pub form: Option<Vec<String>>,
    /// A body that is no form, with its type.
    pub body: Option<(String, Vec<u8>)>,
    pub content_type: String,
    pub protocol: Vec<(String, String)>,
    pub sign: Sign,
    pub secrets: (String, String),
    /// What stands before the parameters of the header, the scheme included.
    pub prefix: String,
    pub separator: String,
    pub suffix: String,
    pub hosts: Vec<String>,
    pub headers: Vec<String>,
    /// The origin that is signed.
    pub origin: String,
}

impl Wire {
    /// A good request, as the corpus calls it "B", with a nonce of its own.
    pub fn new(location: Location) -> Self {
        static NONCE: AtomicU64 = AtomicU64::new(1);
        let nonce = format!("n{}", NONCE.fetch_add(1, Ordering::Relaxed));
        let protocol = [
            ("oauth_consumer_key", CLIENT),
            ("oauth_token", TOKEN),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", &NOW.to_string()),
            ("oauth_nonce", &nonce),
            ("oauth_version", "1.0"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let is_form = location == Location::Form;
        Self {
            location,
            method: if is_form { "POST" } else { "GET" }.to_owned(),
            absolute: String::new(),
            path: "/r%20v/X".to_owned(),
            query: vec!["a=1".to_owned()],
            form: is_form.then(|| vec!["c=3".to_owned()]),
            body: None,
            content_type: FORM.to_owned(),
            protocol: protocol.into(),
            sign: Sign::Correctly,
            secrets: (CLIENT_SECRET.to_owned(), TOKEN_SECRET.to_owned()),
            prefix: "OAuth ".to_owned(),
            separator: ", ".to_owned(),
            suffix: String::new(),
            hosts: vec![HOST.to_owned()],
            headers: Vec::new(),
            origin: format!("http://{HOST}"),
        }
    }

    /// One in each location, changed in the same way.
    pub fn everywhere(change: impl Fn(Self) -> Self) -> Vec<Self> {
        Location::ALL.into_iter().map(|location| change(Self::new(location))).collect()
    }

    /// A signed request with a form, in the header.
    pub fn post_form() -> Self {
        Self {
            method: "POST".to_owned(),
            form: Some(vec!["c=3".to_owned(), "d=4".to_owned()]),
            ..Self::new(Location::Header)
        }
    }

    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        match self.protocol.iter_mut().find(|(n, _)| n == name) {
            Some(parameter) => parameter.1 = value,
            None => self.protocol.push((name.to_owned(), value)),
        }
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.protocol.retain(|(n, _)| n != name);
        if name == "oauth_signature" {
            self.sign = Sign::Not;
        }
        self
    }

    /// Adds a pair to the protocol parameters, whether the name stands there or not.
    pub fn add(mut self, name: &str, value: impl Into<String>) -> Self {
        self.protocol.push((name.to_owned(), value.into()));
        self
    }

    pub fn header_line(mut self, line: impl Into<String>) -> Self {
        self.headers.push(line.into());
        self
    }

    pub fn sign(self, sign: Sign) -> Self {
        Self { sign, ..self }
    }

    pub fn with_secrets(self, client: &str, token: &str) -> Self {
        Self { secrets: (client.to_owned(), token.to_owned()), ..self }
    }

    /// The request frozen as it is signed now: later changes leave the signature as it was.
    pub fn signed(self) -> Self {
        let signature = self.signature();
        Self { sign: Sign::As(encode(&signature).to_string()), ..self }
    }

    /// The value of the `Authorization` header.
    pub fn authorization(&self) -> String {
        let signature = encode(&self.signature()).to_string();
        self.parts(Some(&signature)).authorization.unwrap()
    }

    /// A request whose `Authorization` header is just this.
    pub fn with_authorization(value: &str) -> Self {
        let protocol = Vec::new();
        Self { protocol, sign: Sign::Not, prefix: value.to_owned(), ..Self::new(Location::Header) }
    }

    /// A request without any protocol parameter.
    pub fn unsigned() -> Self {
        Self { protocol: Vec::new(), sign: Sign::Not, ..Self::new(Location::Query) }
    }

    /// The octets of the request.
    pub fn render(&self) -> Vec<u8> {
        let signature = match &self.sign {
            Sign::Correctly => Some(encode(&self.signature()).to_string()),
            Sign::As(value) => Some(value.clone()),
            Sign::Changed(change) => Some(encode(&change(&self.signature())).to_string()),
            Sign::Not => None,
        };
        let Parts { query, authorization, body } = self.parts(signature.as_deref());
        let question = if query.is_empty() { "" } else { "?" };
        let mut out =
            format!("{} {}{}{question}{query} HTTP/1.1\r\n", self.method, self.absolute, self.path);
        for host in &self.hosts {
            out.push_str(&format!("Host: {host}\r\n"));
        }
        if let Some(value) = authorization {
            out.push_str(&format!("Authorization: {value}\r\n"));
        }
        let content_type = match &self.body {
            Some((content_type, _)) => Some(content_type),
            None => self.form.as_ref().map(|_| &self.content_type),
        };
        if let Some(content_type) = content_type {
            out.push_str(&format!(
                "Content-Type: {content_type}\r\nContent-Length: {}\r\n",
                body.len()
            ));
        }
        for line in &self.headers {
            out.push_str(&format!("{line}\r\n"));
        }
        let mut out = out.into_bytes();
        out.extend_from_slice(b"Connection: close\r\n\r\n");
        out.extend(body);
        out
    }

    /// The signature that the secrets make, before it is percent-encoded.
    pub fn signature(&self) -> String {
        let Some((method, base_string)) = self.base_string() else { return "x".to_owned() };
        let client = SharedSecret::new(self.secrets.0.as_str());
        let token = SharedSecret::new(self.secrets.1.as_str());
        match SigningKey::shared(method, &client, Some(&token)) {
            Some(key) => key.sign(&base_string).unwrap().as_str().to_owned(),
            None => "x".to_owned(),
        }
    }

    /// Read back from the request itself; `None` if it is too malformed to be signed.
    pub fn base_string(&self) -> Option<(SignatureMethod, Vec<u8>)> {
        let parts = self.parts(Some("x"));
        let question = if parts.query.is_empty() { "" } else { "?" };
        let url = format!("{}{}{question}{}", self.origin, self.path, parts.query);
        let body = match &self.body {
            Some((content_type, body)) => SignableBody::of(Some(content_type), body),
            None => SignableBody::of(Some(FORM), &parts.body),
        };
        let request = SignableRequest::new(&self.method, &url).ok()?.with_body(body);
        let header: Vec<&[u8]> = parts.authorization.iter().map(|v| v.as_bytes()).collect();
        let limits = Limits { parameters: 1_000_000, nonce: 1_000_000 };
        let presented = PresentedRequest::parse(&request, &header, limits).ok()??;
        Some((presented.signature_method(), presented.base_string().as_str().as_bytes().to_vec()))
    }

    fn parts(&self, signature: Option<&str>) -> Parts {
        let mut protocol = self.protocol.clone();
        if let Some(signature) = signature {
            protocol.push(("oauth_signature".to_owned(), signature.to_owned()));
        }
        let plain = || protocol.iter().map(|(name, value)| format!("{name}={value}"));
        let (mut query, mut form) = (self.query.clone(), self.form.clone());
        let mut authorization = None;
        match self.location {
            Location::Header => {
                let quoted = protocol.iter().map(|(name, value)| format!("{name}=\"{value}\""));
                let list = quoted.collect::<Vec<_>>().join(&self.separator);
                authorization = Some(format!("{}{list}{}", self.prefix, self.suffix));
            }
            Location::Form => form.get_or_insert_default().extend(plain()),
            Location::Query => query.extend(plain()),
        }
        let body = match &self.body {
            Some((_, body)) => body.clone(),
            None => form.unwrap_or_default().join("&").into_bytes(),
        };
        Parts { query: query.join("&"), authorization, body }
    }
}

struct Parts {
    query: String,
    authorization: Option<String>,
    body: Vec<u8>,
}

/// For messages, at most the beginning.
impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.render();
        write!(f, "{}", String::from_utf8_lossy(&octets[..octets.len().min(2_000)]))
    }
}

/// A secret as it may turn up: itself, percent-encoded once and twice, in Base64.
pub fn spellings(secret: &str) -> [String; 4] {
    let encoded = encode(secret).into_owned();
    let twice = encode(&encoded).into_owned();
    [secret.to_owned(), encoded, twice, BASE64_STANDARD.encode(secret)]
}
