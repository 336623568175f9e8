//! Requests that other sites make a browser send, with the cookie.

use serde_json::json;

use crate::fixture::{Fixture, Kind};

crate::on_both!(changes_with_a_cookie_come_from_pages_of_our_own);

async fn changes_with_a_cookie_come_from_pages_of_our_own(kind: Kind) {
    let Some(fixture) = Fixture::new(kind).await else { return };
    let token = fixture.person("ada", "super_admin", None).await;
    let cookie = format!("oauth1-session={token}");
    let sent = |method: &str, headers: &[(&str, &str)]| {
        let mut call = fixture.call(method, "/v1/settings").header("cookie", &cookie);
        for (name, value) in headers {
            call = call.header(name, value);
        }
        if method == "PATCH" {
            call = call.json(&json!({ "display_name": "Default" }));
        }
        call.send()
    };
    for own in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("sec-fetch-site", "none")],
        &[("origin", "http://127.0.0.1:8081")],
        &[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8081")],
    ] {
        sent("PATCH", own).await.expect(200);
    }
    for foreign in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8081")],
        &[("origin", "null")],
        &[("origin", "https://127.0.0.1:8081")],
        &[("origin", "http://127.0.0.1:8082")],
        &[("origin", "http://evil.example")],
        &[("origin", "http://127.0.0.1:8081.evil.example")],
    ] {
        sent("PATCH", foreign).await.problem(403, "cross_site_request");
        // To read, a page of others would have to see the answer.
        sent("GET", foreign).await.expect(200);
    }
    // Nor does anybody sign in by a page of others.
    for path in ["/v1/session", "/v1/setup"] {
        let call = fixture.call("POST", path).header("sec-fetch-site", "cross-site");
        call.json(&json!({})).send().await.problem(403, "cross_site_request");
        // A form needs no permission of the browser, and is no JSON.
        let form = fixture.call("POST", path).body("text/plain", b"{}");
        form.send().await.problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn names_that_only_lead_here_are_refused() {
    let fixture = Fixture::new(Kind::Sqlite).await.unwrap();
    let token = fixture.person("ada", "super_admin", None).await;
    for host in ["evil.example", "evil.example:8081", "127.0.0.1", "127.0.0.1:8082", "", "a b"] {
        let call = fixture.call_to(host, "GET", "/v1/keys");
        let call = call.header("cookie", &format!("oauth1-session={token}"));
        call.send().await.problem(421, "misdirected_request");
    }
}
