//! Resource owners whom a proxy in front knows.

use axum::body::Body;
use http::HeaderName;
use oauth1_core::TemporaryCredentials;
use oauth1_server::endpoints::{HeaderOwners, Times};

use crate::{
    desk::{AUTHORIZE, Answer, Desk, FORM, ORIGIN, browser, encoded, proxied},
    on_both,
};

on_both! {
    a_trusted_proxy_says_who_decides,
    nobody_else_does,
}

fn behind_proxy(desk: Desk) -> Desk {
    let header = HeaderName::from_static("x-forwarded-user");
    desk.with(Times::default(), |endpoints| endpoints.with_owners(HeaderOwners::new(header)))
}

async fn decide(desk: &Desk, owner: &str, temporary: &TemporaryCredentials) -> Answer {
    let form = [("oauth_token", temporary.identifier()), ("decision", "allow")];
    let request = proxied(owner, "POST", AUTHORIZE)
        .header("origin", ORIGIN)
        .header("content-type", FORM)
        .body(Body::from(encoded(&form)));
    desk.send(request.unwrap()).await
}

async fn a_trusted_proxy_says_who_decides(desk: Desk) {
    // One of the people has the same name, and is somebody else.
    desk.person("ada", None).await;
    let ours = desk.sign_in("ada").await;
    desk.grant(&ours).await;
    let desk = behind_proxy(desk);
    let temporary = desk.initiate("oob").await;
    let path = format!("{AUTHORIZE}?oauth_token={}", temporary.identifier());
    let page = desk.send(proxied("ada", "GET", &path).body(Body::empty()).unwrap()).await;
    assert!(page.status == 200 && page.body.contains("<dd>ada</dd>"), "{page:?}");
    assert!(!page.body.contains("Sign out"), "that is the proxy's affair");
    let code = decide(&desk, "ada", &temporary).await.verifier();
    let token = desk.exchange(&temporary, &code).await.token();
    let echo = desk.call(&token, "GET", "/photos").await;
    assert!(echo.body.contains(r#""resource_owner":"ada""#), "{echo:?}");
    let grants = async |owner: &str| {
        let request = proxied(owner, "GET", "/oauth/grants").body(Body::empty()).unwrap();
        desk.send(request).await.body.matches("End access").count()
    };
    assert_eq!((grants("ada").await, grants("eve").await), (1, 0));
}

async fn nobody_else_does(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let desk = behind_proxy(desk);
    let temporary = desk.initiate("oob").await;
    let path = format!("{AUTHORIZE}?oauth_token={}", temporary.identifier());
    // Not the cookie of the built-in people, and no header that did not come through the proxy.
    for request in [
        browser(&cookie, "GET", &path),
        browser("", "GET", &path).header("x-forwarded-user", "ada"),
        proxied("", "GET", &path),
        proxied("ada", "GET", &path).header("x-forwarded-user", "eve"),
    ] {
        let page = desk.send(request.body(Body::empty()).unwrap()).await;
        assert!(page.status == 401 && !page.body.contains("The printer"), "{page:?}");
    }
    let sign_in = desk.page("", "/oauth/authorize/sign-in").await;
    assert_eq!(sign_in.status, 404);
    let waiting = "SELECT count(*) FROM temporary WHERE state = 'pending'";
    assert_eq!(desk.fixture.number(waiting).await, 1);
}
