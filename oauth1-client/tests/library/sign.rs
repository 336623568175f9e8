//! What is signed is what is sent.

use oauth1_client::{
    Client, ClientCredentials, SendError, SignError, SignRequest, Signer, Stamp, TokenCredentials,
    Transmission, client_builder,
    core::{self, Nonce, Timestamp},
    sign, sign_as,
};
use reqwest::{
    Body, Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST},
};

use crate::{server::Server, signer};

fn http() -> reqwest::Client {
    client_builder().no_proxy().build().unwrap()
}

/// A body whose octets are not at hand.
pub(crate) fn stream() -> Body {
    let multipart = reqwest::multipart::Form::new().text("a", "b");
    let request = http().post("http://h/").multipart(multipart).build().unwrap();
    let (_, request) = reqwest::RequestBuilder::from_parts(http(), request).build_split();
    let body = request.unwrap().body_mut().take().unwrap();
    assert!(body.as_bytes().is_none());
    body
}

#[test]
fn the_example_of_rfc_5849_section_3_1() {
    let signer = Signer::new(ClientCredentials::new("9djdj82h48djs9d2", "j49sk3j29djd"))
        .with_token(TokenCredentials::new("kkk9d7dh3k39sjv7", "dh893hdasih9"))
        .with_version(false);
    let mut request = http()
        .post("http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body("c2&a3=2+q")
        .build()
        .unwrap();
    let stamp = Stamp::new(Nonce::new("7d8f3e4a").unwrap(), Timestamp::parse("137131201").unwrap());
    sign_as(&mut request, &signer, Transmission::Header, &stamp).unwrap();
    let header = request.headers()[AUTHORIZATION].to_str().unwrap();
    assert!(
        header.contains(r#"oauth_signature="r6%2FTJjbCOr97%2F%2BUU0NsvSne7s5g%3D""#),
        "{header}"
    );
}

#[tokio::test]
async fn urls_bodies_and_headers_verify_as_they_arrive() {
    let server = Server::hello();
    let client = http();
    let odd = "/a/../b;x=1/%7e/é/!*'()?q=it's [1] ~*+%2B&&empty&=&q=ünï#fragment";
    let url = server.url(odd);
    let requests = [
        client.get(&url),
        client.head(&url),
        client.delete(server.url("")),
        client.get(&url).query(&[("a b*~'!", "x&y=z+")]),
        client.post(&url).form(&[("status", "Hello Ladies + Gentlemen"), ("a", "~*'!")]),
        client
            .post(&url)
            .header(CONTENT_TYPE, "Application/X-WWW-Form-URLEncoded; charset=UTF-8")
            .body("c2&a3=2+q&c2=%E2%82%AC"),
        client.put(&url).json(&["not", "signed"]),
        client.post(&url).multipart(reqwest::multipart::Form::new().text("a", "b")),
        client.get(&url).header(HOST, "Virtual.example:80"),
        client.request(Method::from_bytes(b"PURGE").unwrap(), &url),
    ];
    let count = requests.len();
    for request in requests {
        request.sign_oauth1(&signer()).unwrap().send().await.unwrap();
    }
    assert_eq!(server.verified_nonces().len(), count);
}

#[tokio::test]
async fn query_and_body_carry_the_parameters_too() {
    let server = Server::hello();
    let builder = || reqwest::Client::builder().no_proxy();
    for transmission in [Transmission::Query, Transmission::Body] {
        let client = Client::with_builder(signer(), builder()).unwrap();
        let client = client.with_transmission(transmission);
        let url = server.url("/p?a=1");
        client.send(client.http().post(&url).form(&[("b", "2")])).await.unwrap();
        client.send(client.http().post(&url)).await.unwrap();
    }
    assert_eq!(server.verified_nonces().len(), 4);
    assert!(server.seen().iter().all(|seen| !seen.headers.contains_key(AUTHORIZATION)));
    let query = &server.seen()[0];
    assert!(query.target.starts_with("/p?a=1&oauth_consumer_key=app&"), "{}", query.target);
    assert!(server.seen()[2].body.starts_with(b"b=2&oauth_consumer_key=app&"));
}

#[tokio::test]
async fn a_body_hash_is_sent_for_bodies_that_are_no_form() {
    let server = Server::hello();
    let signer = signer().with_body_hash(true);
    for request in [
        http().post(server.url("/")).json(&[1]),
        http().get(server.url("/")),
        http().post(server.url("/")).form(&[("a", "b")]),
    ] {
        request.sign_oauth1(&signer).unwrap().send().await.unwrap();
    }
    assert_eq!(server.verified_nonces().len(), 3);
    let hashed = |i: usize| {
        server.seen()[i].headers[AUTHORIZATION].to_str().unwrap().contains("oauth_body_hash")
    };
    assert_eq!([hashed(0), hashed(1), hashed(2)], [true, true, false]);
}

#[test]
fn the_header_is_sensitive_and_replaces_any_other() {
    let request = http().get("http://user:canary@h/").bearer_auth("canary");
    let request = request.sign_oauth1(&signer()).unwrap().build().unwrap();
    let values: Vec<_> = request.headers().get_all(AUTHORIZATION).iter().collect();
    assert_eq!(values.len(), 1);
    assert!(values[0].is_sensitive() && values[0].as_bytes().starts_with(b"OAuth "));
    let shown = format!("{request:?} {:?}", signer());
    assert!(!shown.contains("canary") && !shown.contains("oauth_signature"), "{shown}");
}

#[test]
fn other_schemes_stay_beside_parameters_in_the_query() {
    let mut request = http().get("http://h/").basic_auth("u", Some("p")).build().unwrap();
    let stamp = Stamp::now().unwrap();
    sign_as(&mut request, &signer(), Transmission::Query, &stamp).unwrap();
    assert!(request.headers()[AUTHORIZATION].as_bytes().starts_with(b"Basic "));
    let mut request = http().get("http://h/").build().unwrap();
    sign(&mut request, &signer()).unwrap();
    sign_as(&mut request, &signer(), Transmission::Query, &stamp).unwrap();
    assert!(!request.headers().contains_key(AUTHORIZATION), "one location only");
}

#[test]
fn a_request_that_cannot_be_signed_is_unchanged() {
    fn refused(request: Request, signer: &Signer, transmission: Transmission) -> SignError {
        let mut request = request;
        let before = (format!("{request:?}"), request.headers().clone());
        let error =
            sign_as(&mut request, signer, transmission, &Stamp::now().unwrap()).unwrap_err();
        assert_eq!((format!("{request:?}"), request.headers().clone()), before);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("canary"), "{shown}");
        error
    }
    let request = |method: Method, url: &str| {
        let mut request = Request::new(method, url.parse().unwrap());
        request.headers_mut().insert(AUTHORIZATION, "Bearer before".parse().unwrap());
        request
    };
    let header = Transmission::Header;
    let of = |url: &str| refused(request(Method::GET, url), &signer(), header);

    assert!(matches!(of("http://canary@h/"), SignError::UserInfo));
    assert!(matches!(of("http://:canary@h/"), SignError::UserInfo));
    assert!(matches!(of("ftp://h/canary"), SignError::Protocol(core::SignError::Uri(_))));
    assert!(matches!(of("http://h/?canary=%z"), SignError::Protocol(core::SignError::Escape(..))));
    assert!(matches!(
        of("http://h/?oauth_canary=1"),
        SignError::Protocol(core::SignError::ProtocolParameter(_))
    ));

    let mut host = request(Method::GET, "http://h/");
    host.headers_mut().insert(HOST, "a b".parse().unwrap());
    assert!(matches!(
        refused(host, &signer(), header),
        SignError::Protocol(core::SignError::Uri(_))
    ));

    let streamed = |content_type: &str| {
        let mut request = request(Method::POST, "http://h/");
        request.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
        *request.body_mut() = Some(stream());
        request
    };
    let form = streamed("application/x-www-form-urlencoded");
    assert!(matches!(refused(form, &signer(), header), SignError::StreamedForm));
    let hashing = signer().with_body_hash(true);
    assert!(matches!(
        refused(streamed("text/plain"), &hashing, header),
        SignError::Protocol(core::SignError::BodyUnknown)
    ));
    sign(&mut streamed("text/plain"), &signer()).unwrap();
    assert!(matches!(
        refused(streamed("text/plain"), &signer(), Transmission::Body),
        SignError::Protocol(core::SignError::NotForm)
    ));
    let get = request(Method::GET, "http://h/");
    assert!(matches!(refused(get, &signer(), Transmission::Body), SignError::NoBody));
    let mut json = request(Method::POST, "http://h/");
    *json.body_mut() = Some("{}".into());
    assert!(matches!(
        refused(json, &signer(), Transmission::Body),
        SignError::Protocol(core::SignError::NotForm)
    ));
}

#[tokio::test]
async fn what_reqwest_cannot_build_or_send_is_told_without_the_url() {
    let error = http().get("http://canary@[").sign_oauth1(&signer()).unwrap_err();
    assert!(matches!(error, SignError::Build(_)));
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("canary"), "{shown}");

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let client = Client::with_builder(signer(), reqwest::Client::builder().no_proxy()).unwrap();
    let sent = client.send(client.http().get(format!("http://{address}/?a=canary"))).await;
    let error = sent.unwrap_err();
    assert!(matches!(error, SendError::Http(_)));
    let shown = format!("{error} {error:?} {client:?}");
    assert!(!shown.contains("canary"), "{shown}");
}
