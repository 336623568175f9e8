//! The three steps of section 2, at a provider that does as the test says.

use axum::{body::Body, http::Response};
use oauth1_client::{
    Callback, ClientCredentials, Problem, SharedSecret, Transmission, Verifier,
    delegation::{AwaitingOwner, Delegation, DelegationError, Endpoints, Session},
};

use crate::server::{APP_SECRET, Seen, Server, TOKEN_SECRET};

fn form(status: u16, body: &str) -> Response<Body> {
    let response = Response::builder().status(status);
    response.header("content-type", "text/html").body(body.to_owned().into()).unwrap()
}

/// Gives temporary credentials with this text after them, and tokens.
fn provider(confirmation: &'static str) -> Server {
    Server::start(move |seen, _| match seen.target.split('?').next().unwrap() {
        "/initiate" => form(
            200,
            &format!(
                "oauth_token=temporary&oauth_token_secret=canary-token%2Bsecret{confirmation}"
            ),
        ),
        "/token" => form(
            200,
            "oauth_token=access&oauth_token_secret=granted&user_id=7&oauth_expires_in=3600\
             &oauth_session_handle=handle&oauth_authorization_expires_in=0",
        ),
        other => panic!("{other}"),
    })
}

fn delegation(server: &Server) -> Delegation {
    let endpoints = Endpoints::new(
        &server.url("/initiate"),
        &server.url("/authorize?app=7"),
        &server.url("/token"),
    );
    Delegation::new(ClientCredentials::new("app", APP_SECRET), endpoints.unwrap()).unwrap()
}

const CONFIRMED: &str = "&oauth_callback_confirmed=true";

fn parameter(seen: &Seen, name: &str) -> Option<String> {
    let header = seen.headers.get("authorization").map_or("", |value| value.to_str().unwrap());
    let (_, rest) = header.split_once(&format!("{name}=\""))?;
    Some(rest.split('"').next().unwrap().to_owned())
}

#[tokio::test]
async fn the_whole_flow_is_signed_with_what_each_step_has() {
    let server = provider(CONFIRMED);
    let delegation = delegation(&server);
    let callback = Callback::uri("http://127.0.0.1:9/back?x=1");
    let awaiting = delegation.begin(callback, &[("scope", "photos read")]).await.unwrap();
    let url = awaiting.authorization_url();
    assert_eq!(url.as_str(), server.url("/authorize?app=7&oauth_token=temporary"));
    let back = "http://127.0.0.1:9/back?x=1&oauth_token=temporary&oauth_verifier=co%2Fde";
    let verifier = awaiting.verifier(back).unwrap();
    assert_eq!(verifier.expose(), "co/de");
    let shown = format!("{awaiting:?}");
    assert!(!shown.contains("canary"), "{shown}");
    let granted = awaiting.exchange(verifier).await.unwrap();
    assert_eq!(
        (granted.token.identifier(), granted.token.secret().expose()),
        ("access", "granted")
    );
    assert_eq!(granted.others, [("user_id".to_owned(), "7".to_owned())]);
    assert_eq!(granted.expires_in.unwrap().as_secs(), 3_600);
    let session = granted.session.unwrap();
    assert_eq!((session.handle.expose(), session.expires_in), ("handle", None));
    let seen = server.seen();
    assert_eq!((&*seen[0].method, &*seen[0].body), ("POST", &b"scope=photos+read"[..]));
    assert_eq!(parameter(&seen[0], "oauth_token"), None);
    assert!(parameter(&seen[0], "oauth_callback").unwrap().contains("%3Fx%3D1"));
    assert_eq!(parameter(&seen[1], "oauth_verifier").as_deref(), Some("co%2Fde"));
    assert_eq!(parameter(&seen[1], "oauth_callback"), None);
    // Signed with the app secret, and with the temporary secret as well: the server checks.
    server.verified_nonces();
}

/// T-10A-C: without the confirmation nothing more is sent.
#[tokio::test]
async fn t_10a_c_an_unconfirmed_callback_is_an_error() {
    for confirmation in [
        "",
        "&oauth_callback_confirmed=false",
        "&oauth_callback_confirmed=",
        "&oauth_callback_confirmed=True",
        "&oauth_callback_confirmed=true&oauth_callback_confirmed=true",
        "&oauth_callback_confirmed=true&oauth_callback_confirmed=false",
    ] {
        let server = provider(confirmation);
        let delegation = delegation(&server);
        let begun = delegation.begin(Callback::OutOfBand, &[]).await;
        assert!(matches!(begun, Err(DelegationError::CallbackNotConfirmed)), "{begun:?}");
        assert_eq!(server.seen().len(), 1);
        let begun = delegation.with_unconfirmed_callbacks().begin(Callback::OutOfBand, &[]).await;
        assert_eq!(begun.unwrap().temporary().identifier(), "temporary");
    }
}

#[tokio::test]
async fn answers_to_other_requests_and_refusals_are_told_apart() {
    let server = provider(CONFIRMED);
    let awaiting = delegation(&server).begin(Callback::OutOfBand, &[]).await.unwrap();
    let of = |url: &str| awaiting.verifier(url).map(|code| code.expose().to_owned());
    assert_eq!(of("/back?oauth_token=temporary&oauth_verifier=x#y").unwrap(), "x");
    // What a callback has in its own query stands before what the server appends.
    let own = "/back?oauth_token=mine&oauth_verifier=mine&oauth_token=temporary&oauth_verifier=x";
    assert_eq!(of(own).unwrap(), "x");
    for other in ["/back", "/back?oauth_verifier=x", "/back?oauth_token=other&oauth_verifier=x"] {
        assert!(matches!(of(other), Err(DelegationError::OtherToken)), "{other}");
    }
    for refused in ["oauth_token=temporary&oauth_problem=user_refused", "denied=temporary"] {
        let of = of(&format!("/back?{refused}"));
        assert!(matches!(of, Err(DelegationError::OwnerRefused)), "{refused}");
    }
    for none in ["oauth_token=temporary", "oauth_token=temporary&oauth_verifier="] {
        assert!(matches!(of(&format!("/back?{none}")), Err(DelegationError::NoVerifier)), "{none}");
    }
}

#[tokio::test]
async fn a_code_that_was_mistyped_can_be_typed_again() {
    let server = Server::start(|seen, number| match (&*seen.target, number) {
        ("/initiate", _) => {
            form(200, &format!("oauth_token=temporary&oauth_token_secret=s{CONFIRMED}"))
        }
        (_, 1) => form(401, "oauth_problem=verifier_invalid"),
        (_, 2) => form(200, "<html>maintenance</html>"),
        _ => form(200, "oauth_token=access&oauth_token_secret=granted"),
    });
    let awaiting = delegation(&server).begin(Callback::OutOfBand, &[]).await.unwrap();
    let failed = awaiting.exchange(Verifier::new("1")).await.unwrap_err();
    let DelegationError::Refused(refused) = &failed.error else { panic!("{failed}") };
    // The body claims to be HTML, so it is not read as a report.
    assert_eq!((refused.status.as_u16(), refused.problem()), (401, None));
    let failed = failed.awaiting.exchange(Verifier::new("2")).await.unwrap_err();
    assert!(matches!(failed.error, DelegationError::Answer(_)), "{failed}");
    // From one process to another.
    let kept = failed.awaiting.temporary().clone();
    let resumed = AwaitingOwner::resume(delegation(&server), Callback::OutOfBand, kept);
    let granted = resumed.exchange(Verifier::new("3")).await.unwrap();
    assert!(granted.session.is_none() && granted.expires_in.is_none());
}

#[tokio::test]
async fn tokens_are_renewed_and_passwords_exchanged() {
    let server = provider(CONFIRMED);
    let delegation = delegation(&server);
    let token = oauth1_client::TokenCredentials::new("old", TOKEN_SECRET);
    let renewed = delegation.renew(&token, &Session::new("handle")).await.unwrap();
    assert_eq!(renewed.token.identifier(), "access");
    let seen = server.only();
    assert_eq!(parameter(&seen, "oauth_session_handle").as_deref(), Some("handle"));
    assert_eq!(parameter(&seen, "oauth_token").as_deref(), Some("old"));
    let password = SharedSecret::new("pass word&");
    delegation.with_password("ada", &password).await.unwrap();
    let seen = server.seen().pop().unwrap();
    let expected = "x_auth_mode=client_auth&x_auth_username=ada&x_auth_password=pass+word%26";
    assert_eq!(&*seen.body, expected.as_bytes());
    server.verified_nonces();
}

#[tokio::test]
async fn refusals_are_typed() {
    let server = Server::start(|_, _| {
        let challenge = "OAuth realm=\"x\", oauth_problem=\"consumer_key_unknown\"";
        let response = Response::builder().status(401).header("www-authenticate", challenge);
        response.body(Body::empty()).unwrap()
    });
    let begun = delegation(&server).begin(Callback::OutOfBand, &[]).await;
    let Err(DelegationError::Refused(refused)) = begun else { panic!("{begun:?}") };
    assert_eq!(refused.problem(), Some(Problem::ConsumerKeyUnknown));
    let text = refused.to_string();
    assert!(text.contains("401") && text.contains("consumer_key_unknown"), "{text}");
}

#[tokio::test]
async fn providers_that_want_it_otherwise_get_it() {
    let server = provider(CONFIRMED);
    let delegation = delegation(&server)
        .with_method(reqwest::Method::GET)
        .with_transmission(Transmission::Query);
    let awaiting = delegation.begin(Callback::OutOfBand, &[]).await.unwrap();
    awaiting.exchange(Verifier::new("code")).await.unwrap();
    for seen in server.seen() {
        assert_eq!(seen.method, "GET");
        assert!(seen.target.contains("oauth_signature="), "{}", seen.target);
    }
    server.verified_nonces();
}

#[cfg(feature = "loopback")]
#[tokio::test]
async fn a_browser_brings_the_code_to_this_machine() {
    use oauth1_client::delegation::Loopback;
    use tokio::net::TcpStream;
    let server = provider(CONFIRMED);
    let loopback = Loopback::bind(0, "/back").await.unwrap();
    let callback = loopback.callback();
    let address = callback.as_str().strip_prefix("http://").unwrap().split('/').next().unwrap();
    let address = address.to_owned();
    let awaiting = delegation(&server).begin(callback, &[]).await.unwrap();
    let browser = async {
        // A connection that says nothing, and what is none of the answer.
        let _silent = TcpStream::connect(&address).await.unwrap();
        assert!(visit(&address, "GET /favicon.ico").await.starts_with("HTTP/1.1 404"));
        assert_eq!(visit(&address, "POST /back?oauth_token=temporary&oauth_verifier=x").await, "");
        let other = "GET /back?oauth_token=other&oauth_verifier=evil";
        assert!(visit(&address, other).await.starts_with("HTTP/1.1 400"));
        visit(&address, "GET /back?oauth_token=temporary&oauth_verifier=code").await
    };
    let (verifier, page) = tokio::join!(loopback.verifier(&awaiting), browser);
    assert_eq!(verifier.unwrap().expose(), "code");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("You can close"), "{page}");
    assert!(page.contains("Referrer-Policy: no-referrer") && !page.contains("code\""), "{page}");
    let refusal = visit(&address, "GET /back?oauth_token=temporary&oauth_problem=user_refused");
    let (verifier, page) = tokio::join!(loopback.verifier(&awaiting), refusal);
    assert!(matches!(verifier, Err(DelegationError::OwnerRefused)));
    assert!(page.contains("refused"), "{page}");
}

#[cfg(feature = "loopback")]
async fn visit(address: &str, line: &str) -> String {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("{line} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut page = String::new();
    let _ = stream.read_to_string(&mut page).await;
    page
}
