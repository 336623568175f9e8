//! An application that people grant access: what they type, carry and get is secret.

use http::Request;
use oauth1_core::{
    Callback, ClientCredentials, Signer, TemporaryCredentials, TokenCredentials, Verifier,
};
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use serde_json::{Value as Json, json};
use url::form_urlencoded;

use crate::desk::{Desk, text};

const ORIGIN: &str = "https://api.example.com";
const CALLBACK: &str = "https://printer.example.com/ready";

impl Desk {
    /// Granted and refused, with codes that are carried and typed, renewed and ended.
    pub async fn three_legs(&mut self) {
        let callbacks = [CALLBACK, "oob"];
        let key = json!({ "name": "printer", "scopes": ["echo:view"], "callbacks": callbacks });
        let key = self.make(self.own("POST", "/v1/keys").json(&key)).await;
        let password = "the canary of who grants";
        self.secret("password of the owner", password);
        let person = json!({ "name": "olga", "role": "member", "password": password });
        self.ask(self.own("POST", "/v1/people").json(&person), 201).await;
        let flow = Flow::new(self, &key);

        let cookie = flow.sign_in(self, password).await;
        for callback in callbacks {
            let temporary = flow.begin(self, callback).await;
            flow.exchange(self, &temporary, "not the code of the canary", 401).await;
            let code = flow.decide(self, &cookie, &temporary, "allow").await.unwrap();
            flow.exchange(self, &temporary, "nor is this", 401).await;
            let token = flow.exchange(self, &temporary, &code, 200).await.unwrap();
            flow.exchange(self, &temporary, &code, 401).await;
            flow.renew(self, &token).await;
        }
        let temporary = flow.begin(self, CALLBACK).await;
        assert!(flow.decide(self, &cookie, &temporary, "deny").await.is_none());
        flow.exchange(self, &temporary, "refused", 401).await;
        // One is left waiting, and one allowed.
        flow.begin(self, "oob").await;
        let temporary = flow.begin(self, "oob").await;
        flow.decide(self, &cookie, &temporary, "allow").await.unwrap();

        let page = flow.page("GET", "/oauth/grants").header("cookie", &cookie);
        let page = flow.keep(self, page, 200).await;
        let id = page.split("name=\"id\" value=\"").nth(1).unwrap();
        let form = [("id", id.split('"').next().unwrap())];
        let revoke = flow.page("POST", "/oauth/grants").header("cookie", &cookie).form(&form);
        flow.keep(self, revoke, 303).await;
        // xAuth is off.
        let form = [
            ("x_auth_mode", "client_auth"),
            ("x_auth_username", "olga"),
            ("x_auth_password", password),
        ];
        let request = flow.signed(&flow.signer(), "/oauth/token", &form);
        flow.keep(self, request, 403).await;
    }
}

struct Flow {
    client: ClientCredentials,
    http: Client,
    public: String,
}

impl Flow {
    fn new(desk: &Desk, key: &Json) -> Self {
        let client = ClientCredentials::new(text(key, "app_key"), text(key, "app_secret"));
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { client, http, public: format!("http://{}", desk.server.address) }
    }

    fn signer(&self) -> Signer {
        Signer::new(self.client.clone())
    }

    /// A page of our own, or a form of it.
    fn page(&self, method: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.public);
        let request = self.http.request(method.parse().unwrap(), url);
        request.header("host", "api.example.com").header("origin", ORIGIN)
    }

    fn signed(&self, signer: &Signer, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::builder().method("POST").uri(format!("{ORIGIN}{path}"));
        let form = "application/x-www-form-urlencoded";
        let mut request = request.header("content-type", form).body(body.clone()).unwrap();
        signer.sign(&mut request).unwrap();
        let header = request.headers()["authorization"].to_str().unwrap().to_owned();
        let request = self.page("POST", path).header("authorization", header);
        request.header("content-type", form).body(body)
    }

    /// An answer without secrets: all of it is kept.
    async fn keep(&self, desk: &Desk, request: RequestBuilder, expected: u16) -> String {
        let response = answer(request, expected).await;
        let head = format!("{:?}", response.headers());
        let text = response.text().await.unwrap();
        desk.keep("answer", format!("{head}\n{text}").as_bytes());
        text
    }

    async fn sign_in(&self, desk: &mut Desk, password: &str) -> String {
        let form = |password| [("name", "olga"), ("password", password), ("next", "/oauth/grants")];
        let path = "/oauth/authorize/sign-in";
        let wrong = "a wrong password of the canary";
        desk.secret("a password that somebody tried", wrong);
        let request = self.page("POST", path).form(&form(wrong));
        self.keep(desk, request, 401).await;
        let response = answer(self.page("POST", path).form(&form(password)), 303).await;
        let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        desk.secret("cookie of the owner", cookie.split_once('=').unwrap().1);
        cookie
    }

    async fn begin(&self, desk: &mut Desk, callback: &str) -> TemporaryCredentials {
        let callback =
            if callback == "oob" { Callback::OutOfBand } else { Callback::uri(callback) };
        let signer = self.signer().with_callback(callback);
        let form = answer(self.signed(&signer, "/oauth/initiate", &[]), 200).await;
        let form = form.text().await.unwrap();
        let secret = value(&form, "oauth_token_secret");
        desk.secret("temporary secret", &secret);
        TemporaryCredentials::new(value(&form, "oauth_token"), secret)
    }

    /// The code, from the page or from where it leads.
    async fn decide(
        &self,
        desk: &mut Desk,
        cookie: &str,
        temporary: &TemporaryCredentials,
        decision: &str,
    ) -> Option<String> {
        let token = temporary.identifier();
        let ask = self.page("GET", &format!("/oauth/authorize?oauth_token={token}"));
        self.keep(desk, ask.header("cookie", cookie), 200).await;
        let form = [("oauth_token", token), ("decision", decision)];
        let request = self.page("POST", "/oauth/authorize").header("cookie", cookie).form(&form);
        let response = request.send().await.unwrap();
        let location = response.headers().get("location").cloned();
        let page = response.text().await.unwrap();
        let code = match location {
            Some(location) => {
                let query = location.to_str().unwrap().split_once('?').unwrap().1;
                value(query, "oauth_verifier")
            }
            None => {
                let rest = page.split("id=\"verifier\"").nth(1)?.split_once('>')?.1;
                rest.split('<').next()?.to_owned()
            }
        };
        // Eight digits are in many numbers that are no code.
        if code.len() > 8 {
            desk.secret("verification code", &code);
        }
        Some(code).filter(|code| !code.is_empty())
    }

    async fn exchange(
        &self,
        desk: &mut Desk,
        temporary: &TemporaryCredentials,
        code: &str,
        expected: u16,
    ) -> Option<(TokenCredentials, String)> {
        let signer = self.signer().with_temporary(temporary.clone(), Verifier::new(code));
        if code.contains("canary") {
            desk.secret("a code that somebody tried", code);
        }
        let request = self.signed(&signer, "/oauth/token", &[]);
        if expected != 200 {
            self.keep(desk, request, expected).await;
            return None;
        }
        Some(self.token(desk, request).await)
    }

    async fn renew(&self, desk: &mut Desk, (token, handle): &(TokenCredentials, String)) {
        let signer = self.signer().with_token(token.clone());
        let wrong = signer.clone().with_session_handle("not the handle");
        self.keep(desk, self.signed(&wrong, "/oauth/token", &[]), 401).await;
        let right = signer.with_session_handle(handle.as_str());
        self.token(desk, self.signed(&right, "/oauth/token", &[])).await;
    }

    async fn token(&self, desk: &mut Desk, request: RequestBuilder) -> (TokenCredentials, String) {
        let form = answer(request, 200).await.text().await.unwrap();
        let secret = value(&form, "oauth_token_secret");
        let handle = value(&form, "oauth_session_handle");
        desk.secret("granted token secret", &secret);
        desk.secret("session handle", &handle);
        (TokenCredentials::new(value(&form, "oauth_token"), secret), handle)
    }
}

async fn answer(request: RequestBuilder, expected: u16) -> Response {
    let response = request.send().await.unwrap();
    if response.status().as_u16() != expected {
        let url = response.url().clone();
        panic!("{url}: {}: {}", response.status(), response.text().await.unwrap());
    }
    response
}

fn value(form: &str, name: &str) -> String {
    let mut pairs = form_urlencoded::parse(form.as_bytes());
    pairs.find(|(found, _)| found == name).map_or(String::new(), |(_, value)| value.into_owned())
}
