//! Temporary credentials (section 2.1), and where resource owners are sent back to.

use http::Request;
use oauth1_core::{Callback, TokenCredentials};

use crate::{
    desk::{AUTHORIZE, CALLBACK, Desk, INITIATE, client, signed, to},
    on_both,
};

on_both! {
    t_cb_1_only_the_registered_callback_is_taken,
    t_cb_2_a_callback_at_the_authorize_step_is_ignored,
    t_emptytok_an_empty_token_is_none,
    t_10a_the_callback_is_confirmed,
    what_is_missing_or_too_much_is_a_bad_request,
    the_methods_of_the_endpoints,
    a_client_without_callbacks_asks_nobody,
    scopes_are_those_of_the_client,
    undecided_authorizations_are_bounded,
}

/// 40 that are not the one, each wrong in its own way, and the one.
async fn t_cb_1_only_the_registered_callback_is_taken(desk: Desk) {
    let one = "https://printer.example.com/ready";
    let key = desk.another_key("bound", &[one]).await;
    let hostile = [
        "http://printer.example.com/ready",
        "HTTPS://printer.example.com/ready",
        "https:/printer.example.com/ready",
        "https:///printer.example.com/ready",
        "//printer.example.com/ready",
        "/ready",
        "ready",
        "https://printer.example.com",
        "https://printer.example.com/",
        "https://printer.example.com/ready/",
        "https://printer.example.com/readymade",
        "https://printer.example.com/Ready",
        "https://printer.example.com/ready?",
        "https://printer.example.com/ready?x=1",
        "https://printer.example.com/ready#",
        "https://printer.example.com/ready#x",
        "https://printer.example.com/ready;x",
        "https://printer.example.com/./ready",
        "https://printer.example.com/x/../ready",
        "https://printer.example.com//ready",
        "https://printer.example.com/%72eady",
        "https://printer.example.com/ready%00",
        "https://printer.example.com:443/ready",
        "https://printer.example.com:8443/ready",
        "https://Printer.example.com/ready",
        "https://printer.example.com./ready",
        "https://evil.example/ready",
        "https://printer.example.com.evil.example/ready",
        "https://evil-printer.example.com/ready",
        "https://printer.example.com@evil.example/ready",
        "https://evil.example\\@printer.example.com/ready",
        "https://user@printer.example.com/ready",
        "https://printer.example.com\\.evil.example/ready",
        "https://pr\u{456}nter.example.com/ready",
        "https://xn--prnter-nmf.example.com/ready",
        "https://printer.example.com/ready https://evil.example/",
        " https://printer.example.com/ready",
        "javascript:alert(1)//printer.example.com/ready",
        "data:text/html,https://printer.example.com/ready",
        "oob",
    ];
    assert_eq!(hostile.len(), 40);
    for callback in hostile {
        let signer = client(&key).with_callback(Callback::uri(callback));
        let answer = desk.post(&signer, INITIATE, &[]).await;
        answer.is(400, "parameter_rejected");
        assert!(answer.body.contains("oauth_parameters_rejected=oauth_callback"), "{callback}");
    }
    // Control characters are no text at all.
    for callback in ["https://printer.example.com/ready\r\nX: y", "https://printer\0.example.com/"]
    {
        let signer = client(&key).with_callback(Callback::uri(callback));
        desk.post(&signer, INITIATE, &[]).await.is(400, "parameter_rejected");
    }
    desk.initiate_for(&key, one).await;
    let waiting = desk.fixture.number("SELECT count(*) FROM temporary").await;
    assert_eq!(waiting, 1, "nothing is kept for the refused");
}

/// The one that was bound is the one that is gone to.
async fn t_cb_2_a_callback_at_the_authorize_step_is_ignored(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    for form in ["OOB", "Oob", "oob "] {
        let signer = client(&desk.key).with_callback(Callback::uri(form));
        desk.post(&signer, INITIATE, &[]).await.is(400, "parameter_rejected");
    }
    let temporary = desk.initiate(CALLBACK).await;
    let evil = "&oauth_callback=https%3A%2F%2Fevil.example%2F";
    let token = temporary.identifier();
    let page = desk.page(&cookie, &format!("{AUTHORIZE}?oauth_token={token}{evil}")).await;
    assert!(page.status == 200 && !page.body.contains("evil.example"), "{page:?}");
    let form = [
        ("oauth_token", token),
        ("decision", "allow"),
        ("oauth_callback", "https://evil.example/"),
    ];
    let answer = desk.submit(&cookie, AUTHORIZE, &form).await;
    assert_eq!(answer.status, 303);
    let expected = format!("{CALLBACK}&oauth_token={token}&oauth_verifier=");
    assert!(answer.location().starts_with(&expected), "{answer:?}");
    assert!(answer.verifier().len() >= 22, "128 bits at least");
}

async fn t_emptytok_an_empty_token_is_none(desk: Desk) {
    let signer = client(&desk.key).with_callback(to("oob"));
    desk.post(&signer, INITIATE, &[]).await.token();
    // The same with oauth_token="", which is signed as it is sent.
    let signer = signer.with_token(TokenCredentials::new("", ""));
    let request = signed(&signer, "POST", INITIATE, &[]);
    assert!(request.headers()["authorization"].to_str().unwrap().contains("oauth_token=\"\""));
    desk.send(request).await.token();
    // One nonce is one nonce, with the empty token or without.
    let once = signed(&signer, "POST", INITIATE, &[]);
    let (parts, _) = once.into_parts();
    let copy = || Request::from_parts(parts.clone(), axum::body::Body::empty());
    desk.send(copy()).await.token();
    desk.send(copy()).await.is(401, "nonce_used");
}

async fn t_10a_the_callback_is_confirmed(desk: Desk) {
    let signer = client(&desk.key).with_callback(to(CALLBACK));
    let answer = desk.post(&signer, INITIATE, &[]).await;
    assert_eq!(answer.headers["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let form = answer.form();
    assert_eq!(form["oauth_callback_confirmed"], "true");
    assert!(form["oauth_token"].starts_with("rt_") && form["oauth_token_secret"].len() > 43);
    assert_eq!(form.len(), 3);
}

async fn what_is_missing_or_too_much_is_a_bad_request(desk: Desk) {
    let answer = desk.post(&client(&desk.key), INITIATE, &[]).await;
    answer.is(400, "parameter_absent");
    assert!(answer.body.contains("oauth_parameters_absent=oauth_callback"), "{answer:?}");
    let own = desk.key.credentials.token.clone();
    let signer = client(&desk.key).with_callback(to("oob")).with_token(own);
    desk.post(&signer, INITIATE, &[]).await.is(400, "parameter_rejected");
    // A request without a signature is challenged.
    let unsigned = Request::post(INITIATE).header("host", "api.example.com");
    let answer = desk.send(unsigned.body(axum::body::Body::empty()).unwrap()).await;
    answer.is(401, "");
}

async fn the_methods_of_the_endpoints(desk: Desk) {
    for path in [INITIATE, crate::desk::TOKEN] {
        let signer = client(&desk.key).with_callback(to("oob"));
        let answer = desk.send(signed(&signer, "GET", path, &[])).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.headers["allow"], "POST");
    }
}

async fn a_client_without_callbacks_asks_nobody(desk: Desk) {
    let key = desk.another_key("alone", &[]).await;
    for callback in ["oob", CALLBACK] {
        let signer = client(&key).with_callback(to(callback));
        desk.post(&signer, INITIATE, &[]).await.is(400, "parameter_rejected");
    }
}

async fn scopes_are_those_of_the_client(desk: Desk) {
    desk.person("ada", None).await;
    let cookie = desk.sign_in("ada").await;
    let signer = client(&desk.key).with_callback(to("oob"));
    for more in ["prints:modify", "photos:modify prints:modify", "*", " "] {
        let answer = desk.post(&signer, INITIATE, &[("scope", more)]).await;
        answer.is(400, "parameter_rejected");
        assert!(answer.body.contains("oauth_parameters_rejected=scope"), "{answer:?}");
    }
    let answer = desk.post(&signer, INITIATE, &[("scope", "prints:view")]).await;
    let asked = answer.form()["oauth_token"].clone();
    let page = desk.page(&cookie, &format!("{AUTHORIZE}?oauth_token={asked}")).await;
    assert!(page.body.contains("Prints: see") && !page.body.contains("Photos"), "{page:?}");
}

async fn undecided_authorizations_are_bounded(desk: Desk) {
    let first = desk.initiate("oob").await;
    let id = format!("SELECT id FROM temporary WHERE identifier = '{}'", first.identifier());
    // 999 more of it.
    desk.fixture
        .execute(&format!(
            "INSERT INTO temporary (id, client_id, identifier, key_id, sealed, callback, scopes,
                 created_at, expires_at)
             WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 999)
             SELECT t.id || n.n, t.client_id, t.identifier || n.n, t.key_id, t.sealed, t.callback,
                 t.scopes, t.created_at, t.expires_at
             FROM temporary t, n WHERE t.id = ({id})"
        ))
        .await;
    let signer = client(&desk.key).with_callback(to("oob"));
    let answer = desk.post(&signer, INITIATE, &[]).await;
    answer.is(429, "consumer_key_refused");
    let retry: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=600).contains(&retry), "{retry}");
    // Others are not concerned.
    let other = desk.another_key("other", &["oob"]).await;
    desk.initiate_for(&other, "oob").await;
}
