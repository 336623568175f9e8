//! The pages of resource owners: what they show, and what browsers may do with them.

use axum::body::Body;
use http::header;

use crate::{
    desk::{AUTHORIZE, CALLBACK, Desk, FORM, ORIGIN, browser, encoded},
    on_both,
};

on_both! {
    a_decision_is_taken_from_our_own_page_alone,
    who_is_not_signed_in_learns_nothing,
    signing_in_leads_back_and_nowhere_else,
    a_session_here_is_none_in_the_console,
    what_is_registered_is_shown_as_text,
    no_page_is_framed_or_kept,
    links_that_lead_nowhere_say_so,
}

async fn a_decision_is_taken_from_our_own_page_alone(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let temporary = desk.initiate(CALLBACK).await;
    let decision = [("oauth_token", temporary.identifier()), ("decision", "allow")];
    let forms = [
        (AUTHORIZE, encoded(&decision)),
        ("/oauth/grants", encoded(&[("id", "x")])),
        ("/oauth/authorize/sign-in", encoded(&[("name", "ada"), ("password", "x")])),
        ("/oauth/authorize/sign-out", String::new()),
    ];
    for (path, form) in forms {
        for (name, value) in [
            ("", ""),
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://api.example.com"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let mut request = browser(&cookie, "POST", path).header("content-type", FORM);
            if !name.is_empty() {
                request = request.header(name, value);
            }
            let answer = desk.send(request.body(Body::from(form.clone())).unwrap()).await;
            assert_eq!(answer.status, 403, "{path} {name} {value}");
        }
    }
    let pending = "SELECT count(*) FROM temporary WHERE state = 'pending'";
    assert_eq!(desk.fixture.number(pending).await, 1);
    // Nor by a link.
    let link = format!("{AUTHORIZE}?{}", encoded(&decision));
    assert_eq!(desk.page(&cookie, &link).await.status, 200);
    assert_eq!(desk.fixture.number(pending).await, 1);
    assert_eq!(desk.decide(&cookie, temporary.identifier(), "maybe").await.status, 400);
    assert_eq!(desk.fixture.number(pending).await, 1);
    assert_eq!(desk.decide(&cookie, temporary.identifier(), "allow").await.status, 303);
    assert_eq!(desk.decide(&cookie, temporary.identifier(), "deny").await.status, 409);
}

async fn who_is_not_signed_in_learns_nothing(desk: Desk) {
    let temporary = desk.initiate("oob").await;
    for token in [temporary.identifier(), "rt_of_nobody"] {
        let answer = desk.page("", &format!("{AUTHORIZE}?oauth_token={token}")).await;
        let next = format!("%2Foauth%2Fauthorize%3Foauth_token%3D{token}");
        let expected = format!("/oauth/authorize/sign-in?next={next}");
        assert_eq!((answer.status, answer.location()), (303, &*expected));
    }
    let answer = desk.decide("", temporary.identifier(), "allow").await;
    assert!(answer.location().starts_with("/oauth/authorize/sign-in?"), "{answer:?}");
    let answer = desk.decide("__Host-oauth1-owner=invented", temporary.identifier(), "allow").await;
    assert!(answer.location().starts_with("/oauth/authorize/sign-in?"), "{answer:?}");
    let waiting = "SELECT count(*) FROM temporary WHERE state = 'pending'";
    assert_eq!(desk.fixture.number(waiting).await, 1);
}

async fn signing_in_leads_back_and_nowhere_else(desk: Desk) {
    desk.person("ada", None).await;
    let page = desk.page("", "/oauth/authorize/sign-in?next=%2Foauth%2Fgrants").await;
    assert!(page.status == 200 && page.body.contains("value=\"/oauth/grants\""), "{page:?}");
    for (next, to) in [
        ("/oauth/authorize?oauth_token=rt_1", "/oauth/authorize?oauth_token=rt_1"),
        ("/oauth/grants?done=x", "/oauth/grants?done=x"),
        ("", "/oauth/grants"),
        ("/elsewhere", "/oauth/grants"),
        ("https://evil.example/oauth/grants", "/oauth/grants"),
        ("//evil.example/oauth/authorize", "/oauth/grants"),
        ("/oauth/authorize/sign-out", "/oauth/grants"),
    ] {
        let form = [("name", "ada"), ("password", crate::desk::PASSWORD), ("next", next)];
        let answer = desk.submit("", "/oauth/authorize/sign-in", &form).await;
        assert_eq!((answer.status, answer.location()), (303, to));
        let cookie = answer.headers[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("__Host-oauth1-owner="), "{cookie}");
        for part in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
    let wrong = [("name", "ada"), ("password", "wrong"), ("next", "/oauth/grants")];
    let answer = desk.submit("", "/oauth/authorize/sign-in", &wrong).await;
    assert!(answer.status == 401 && answer.body.contains("value=\"/oauth/grants\""), "{answer:?}");
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
    // Signing out ends the session itself.
    let cookie = desk.sign_in("ada").await;
    assert_eq!(desk.page(&cookie, "/oauth/grants").await.status, 200);
    let answer = desk.submit(&cookie, "/oauth/authorize/sign-out", &[]).await;
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(desk.page(&cookie, "/oauth/grants").await.status, 303);
}

async fn a_session_here_is_none_in_the_console(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let token = cookie.split_once('=').unwrap().1;
    let sessions = desk.management.sessions();
    assert!(sessions.find(token, None).await.unwrap().is_none());
    assert!(desk.management.owner_sessions().find(token, None).await.unwrap().is_some());
    let password = oauth1_server::management::Password::new(crate::desk::PASSWORD.to_owned());
    let (console, _) = sessions.sign_in("ada", &password, None, None).await.unwrap();
    let cookie = format!("__Host-oauth1-owner={}", &*console);
    assert_eq!(desk.page(&cookie, "/oauth/grants").await.status, 303);
}

async fn what_is_registered_is_shown_as_text(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    for column in ["display_name", "developer_name", "description"] {
        let text = hostile.replace('\'', "''");
        desk.fixture.execute(&format!("UPDATE client SET {column} = '{text}'")).await;
    }
    desk.fixture.execute("UPDATE client SET scopes = '<b>x</b>'").await;
    let temporary = desk.initiate("oob").await;
    let path = format!("{AUTHORIZE}?oauth_token={}", temporary.identifier());
    let page = desk.page(&cookie, &path).await;
    let answer = desk.decide(&cookie, temporary.identifier(), "allow").await;
    desk.exchange(&temporary, &answer.verifier()).await.token();
    let grants = desk.page(&cookie, "/oauth/grants").await;
    for shown in [page.body, answer.body, grants.body] {
        assert!(shown.contains("&#60;script&#62;alert(1)"), "{shown}");
        assert!(!shown.contains("<script>alert") && !shown.contains("<img"), "{shown}");
        assert!(!shown.contains("<b>x"), "{shown}");
    }
}

async fn no_page_is_framed_or_kept(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let temporary = desk.initiate("oob").await;
    let consent = format!("{AUTHORIZE}?oauth_token={}", temporary.identifier());
    for path in [&*consent, "/oauth/grants", "/oauth/authorize", "/oauth/authorize/sign-in"] {
        let answer = desk.page(&cookie, path).await;
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        // The form of the question leads to the application, wherever that leads.
        assert_eq!(policy.contains("form-action 'self'"), path != consent, "{path}: {policy}");
    }
    let elsewhere = axum::http::Request::get("/oauth/grants").header("host", "other.example.com");
    let answer = desk.send(elsewhere.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 421, "{ORIGIN} is another");
}

async fn links_that_lead_nowhere_say_so(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let temporary = desk.initiate("oob").await;
    desk.allow(&cookie, &temporary).await;
    for (query, status, words) in [
        (String::new(), 400, "oauth_token is missing"),
        ("?oauth_token=".to_owned(), 400, "oauth_token is missing"),
        ("?oauth_token=rt_of_nobody".to_owned(), 404, "There is no request for access"),
        (format!("?oauth_token={}", temporary.identifier()), 409, "decided before"),
        ("?oauth_token=%00".to_owned(), 400, "cannot be read"),
    ] {
        let page = desk.page(&cookie, &format!("{AUTHORIZE}{query}")).await;
        assert!(page.status == status && page.body.contains(words), "{query} {page:?}");
        assert_eq!(page.location(), "");
    }
}
