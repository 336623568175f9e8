//! Signed requests, good and refused. What would be a right signature is a secret.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD};
use oauth1_core::{
    ClientCredentials, Nonce, SignableRequest, SignatureMethod, Signer, Stamp, Timestamp,
    TokenCredentials,
};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value as Json, json};

use crate::{
    desk::{Desk, text},
    routes::Keys,
};

/// A request that is to be signed.
struct Wanted<'a> {
    key: &'a Json,
    token: bool,
    method: SignatureMethod,
    verb: &'a str,
    url: String,
    ahead: i64,
}

impl<'a> Wanted<'a> {
    fn echo(key: &'a Json, verb: &'a str) -> Self {
        let (method, url) = (SignatureMethod::HmacSha1, "https://api.example.com/echo".to_owned());
        Self { key, token: true, method, verb, url, ahead: 0 }
    }

    fn signer(&self, app_secret: &str) -> Signer {
        let client = ClientCredentials::new(text(self.key, "app_key"), app_secret);
        let signer = Signer::new(client).with_method(self.method);
        if !self.token {
            return signer;
        }
        let (token, secret) = (text(self.key, "access_token"), text(self.key, "token_secret"));
        signer.with_token(TokenCredentials::new(token, secret))
    }
}

impl Desk {
    /// The header of a request, whose right signature is searched for, and the header with the
    /// signature that another app secret makes.
    fn signed(&mut self, wanted: &Wanted<'_>) -> (String, String) {
        let request = SignableRequest::new(wanted.verb, &wanted.url).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let timestamp = Timestamp::from_seconds(now.saturating_add_signed(wanted.ahead)).unwrap();
        let stamp = Stamp::new(Nonce::random().unwrap(), timestamp);
        let header = |secret: &str| {
            let header = wanted.signer(secret).authorize_at(&request, &stamp).unwrap();
            header.as_str().to_owned()
        };
        let right = header(text(wanted.key, "app_secret"));
        if wanted.method != SignatureMethod::Plaintext {
            let start = right.find(MARK).unwrap() + MARK.len();
            let value = right[start..].split('"').next().unwrap();
            let value = value.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=");
            self.secret("signature", &value);
            // However it would be written.
            let name = self.secrets.last().unwrap().0.clone();
            self.canaries.add(&name, &STANDARD.decode(&value).unwrap());
        }
        (right, header("a wrong secret"))
    }

    fn public(&self, verb: &str, path_and_query: &str) -> RequestBuilder {
        let method = Method::from_bytes(verb.as_bytes()).unwrap();
        let url = format!("http://{}{path_and_query}", self.server.address);
        self.http.request(method, url).header("host", "api.example.com")
    }

    async fn send(&self, verb: &str, header: &str, expected: u16) {
        let request = self.public(verb, "/echo").header("authorization", header);
        self.ask(request, expected).await;
    }

    async fn try_out(&mut self, wanted: Wanted<'_>, expected: u16) {
        let (header, _) = self.signed(&wanted);
        self.send(wanted.verb, &header, expected).await;
    }

    pub async fn requests(&mut self, keys: &Keys) {
        let bot = &keys.bot;
        for method in [SignatureMethod::HmacSha1, SignatureMethod::HmacSha256] {
            let wanted = Wanted { method, ..Wanted::echo(bot, "GET") };
            let (right, wrong) = self.signed(&wanted);
            self.send("GET", &wrong, 401).await;
            self.send("GET", &right, 200).await;
            self.send("GET", &right, 401).await;
        }
        // Right signatures, which are refused for something else.
        for ahead in [-1_000, 1_000] {
            self.try_out(Wanted { ahead, ..Wanted::echo(bot, "GET") }, 401).await;
        }
        self.try_out(Wanted::echo(bot, "POST"), 403).await;
        self.try_out(Wanted { token: false, ..Wanted::echo(bot, "GET") }, 400).await;
        self.try_out(Wanted::echo(&keys.revoked, "GET"), 401).await;
        self.try_out(Wanted::echo(&keys.elsewhere, "GET"), 403).await;
        self.try_out(Wanted::echo(&keys.disabled, "GET"), 401).await;
        let mut unknown = bot.clone();
        unknown["app_key"] = json!("nobody");
        self.try_out(Wanted::echo(&unknown, "GET"), 401).await;
        self.in_clear(bot).await;
        self.basic_requests(keys).await;
        self.tokens_and_management(keys).await;
    }

    /// PLAINTEXT, whose signature is the secrets, in all three places; and secrets as parameters.
    async fn in_clear(&mut self, bot: &Json) {
        let plain = Wanted { method: SignatureMethod::Plaintext, ..Wanted::echo(bot, "GET") };
        let (header, _) = self.signed(&plain);
        self.send("GET", &header, 400).await;
        let start = header.find("oauth_").unwrap();
        let form = header[start..].replace("\", ", "&").replace(", ", "&").replace('"', "");
        let query = format!("/echo?{form}");
        self.ask(self.public("GET", &query), 400).await;
        let body = self.public("POST", "/echo").body(form);
        let kind = "application/x-www-form-urlencoded";
        self.ask(body.header("content-type", kind), 400).await;
        let secret = text(bot, "app_secret");
        let path = format!("/echo?password={secret}&{secret}=1");
        self.ask(self.public("GET", &path).header("authorization", "OAuth "), 400).await;
        let wanted = Wanted {
            url: format!("https://api.example.com/echo?password={secret}"),
            ahead: -1_000,
            ..Wanted::echo(bot, "GET")
        };
        let (header, wrong) = self.signed(&wanted);
        for header in [header, wrong] {
            let path = format!("/echo?password={secret}");
            self.ask(self.public("GET", &path).header("authorization", header), 401).await;
        }
    }

    async fn basic_requests(&self, keys: &Keys) {
        let (given, made) = (keys.given_password.as_str(), keys.made_password.as_str());
        for (name, password, expected) in [
            ("given-till", given, 200),
            ("given-till", given, 200),
            ("oauth-till", made, 200),
            ("oauth-till", given, 401),
            ("no-till", made, 401),
        ] {
            let request = self.public("GET", "/echo").basic_auth(name, Some(password));
            self.ask(request, expected).await;
        }
        let octets = STANDARD.encode(format!("{given}\u{0}{made}"));
        self.send("GET", &format!("Basic {octets}"), 401).await;
    }

    /// Applications that make tokens for themselves, and keys that manage keys.
    async fn tokens_and_management(&mut self, keys: &Keys) {
        let url = "https://api.example.com/v1/tokens".to_owned();
        let wanted = Wanted { token: false, url, ..Wanted::echo(&keys.bot, "POST") };
        let (right, wrong) = self.signed(&wanted);
        let call = |header: &str| self.public("POST", "/v1/tokens").header("authorization", header);
        self.ask(call(&wrong), 401).await;
        let right = call(&right);
        self.make(right).await;

        let list = format!("http://{}/v1/keys", self.server.admin);
        let wanted = Wanted { url: list, ..Wanted::echo(&keys.manager, "GET") };
        let (right, wrong) = self.signed(&wanted);
        for (header, expected) in [(&wrong, 401), (&right, 200), (&right, 401)] {
            let call = self.request("GET", "/v1/keys").header("authorization", header);
            self.ask(call, expected).await;
        }
        let path = "/v1/keys/typed/regenerate";
        let url = format!("http://{}{path}", self.server.admin);
        let (right, _) = self.signed(&Wanted { url, ..Wanted::echo(&keys.manager, "POST") });
        let call = self.request("POST", path).header("authorization", right);
        self.make(call.header("idempotency-key", "fifth")).await;
    }
}

const MARK: &str = "oauth_signature=\"";
