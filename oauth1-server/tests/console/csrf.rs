//! T-CSRF-1: no page of others makes a browser send a form of ours.

use std::collections::BTreeSet;

use reqwest::RequestBuilder;
use serde_json::Value as Json;

use crate::{
    desk::{Desk, at_console},
    world::{World, world},
};

/// A form of a page, as the browser would send it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Form {
    action: String,
    body: String,
}

#[tokio::test]
async fn t_csrf_1_forms_of_others_are_refused() {
    at_console(async |desk| {
        let world = world(desk).await;
        let forms = forms(desk, &world).await;
        let routes: BTreeSet<String> = forms.iter().map(|form| route(&form.action)).collect();
        let missing: Vec<&str> =
            ROUTES.iter().copied().filter(|route| !routes.contains(*route)).collect();
        println!("{} forms, which send to {} routes", forms.len(), routes.len());
        assert!(missing.is_empty(), "no page has a form for {missing:?}; found: {routes:#?}");

        let before = everything(desk, &world).await;
        for form in &forms {
            for (site, origin) in [
                (Some("cross-site"), Some("https://evil.example")),
                (Some("cross-site"), None),
                (Some("same-site"), Some(desk.browser.origin.as_str())),
                (None, Some("https://evil.example")),
                (None, Some("null")),
                (None, None),
            ] {
                let request = send(desk, form, site, origin);
                let answer = request.send().await.unwrap();
                let (status, cookie) = (answer.status(), answer.headers().get("set-cookie"));
                assert!(cookie.is_none(), "{form:?}");
                assert_eq!(status, 403, "{site:?} {origin:?} {form:?}");
            }
        }
        assert_eq!(everything(desk, &world).await, before, "nothing was changed");

        // The same forms from our own pages are not refused for where they come from.
        let own = desk.browser.origin.clone();
        let forms = forms.iter().filter(|form| !form.action.starts_with("/sign-out"));
        for (count, form) in forms.enumerate() {
            // Browsers say either or both.
            let (site, origin) = match count % 3 {
                0 => (Some("same-origin"), Some(own.as_str())),
                1 => (Some("same-origin"), None),
                _ => (None, Some(own.as_str())),
            };
            let answer = send(desk, form, site, origin).send().await.unwrap();
            let (status, text) = (answer.status(), answer.text().await.unwrap());
            assert!(!text.contains("not sent by a page of this console"), "{status} {form:?}");
            assert!(status.as_u16() < 500, "{status} {form:?}: {text}");
        }
        assert_ne!(everything(desk, &world).await, before, "and they change something");
    })
    .await;
}

fn send(desk: &Desk, form: &Form, site: Option<&str>, origin: Option<&str>) -> RequestBuilder {
    let cookie = format!("{}={}", crate::browser::COOKIE, desk.admin);
    let mut request = desk.call("POST", &form.action).header("cookie", cookie);
    request = request.header("content-type", "application/x-www-form-urlencoded");
    if let Some(site) = site {
        request = request.header("sec-fetch-site", site);
    }
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    request.body(form.body.clone())
}

/// The forms of all pages.
async fn forms(desk: &Desk, world: &World) -> BTreeSet<Form> {
    let mut all = BTreeSet::new();
    let pages = world.pages().into_iter().map(|(_, path)| path);
    for path in pages.chain([format!("/keys/{}/rotate", rotating(desk).await)]) {
        desk.browser.open(&path).await;
        let found = desk.browser.session.script(COLLECT, &[]).await;
        for form in found.as_array().unwrap() {
            let text = |member: &str| form[member].as_str().unwrap().to_owned();
            all.insert(Form { action: text("action"), body: text("body") });
        }
    }
    // These pages are not for who is signed in.
    for action in ["/setup", "/sign-in"] {
        let body = "name=ada&password=x&code=x&password_again=x".to_owned();
        all.insert(Form { action: action.to_owned(), body });
    }
    all
}

async fn rotating(desk: &Desk) -> String {
    let keys = desk.show("/v1/keys?search=chat-bot").await;
    keys["items"][0]["id"].as_str().unwrap().to_owned()
}

/// All that forms could change, but for the session that looks.
async fn everything(desk: &Desk, world: &World) -> Vec<Json> {
    let mut all = Vec::new();
    for path in [
        "/v1/audit?limit=200",
        "/v1/keys?limit=100",
        "/v1/people",
        "/v1/roles",
        "/v1/settings",
        "/v1/accounts",
        "/v1/basic-credentials",
        &format!("/v1/keys/{}/tokens", world.id()),
    ] {
        let answer = desk.own("GET", path).send().await.unwrap();
        all.push(answer.json().await.unwrap_or_default());
    }
    all
}

/// With `{}` for what differs.
fn route(action: &str) -> String {
    let path = action.split('?').next().unwrap();
    let kinds = ["keys", "people", "roles", "basic", "tokens"];
    let mut route = String::new();
    let mut before = "";
    for segment in path.split('/').skip(1) {
        let fixed = !kinds.contains(&before) || ["new", "bulk"].contains(&segment);
        route += if fixed { "/" } else { "/{}" };
        if fixed {
            route += segment;
        }
        before = segment;
    }
    route
}

const ROUTES: [&str; 34] = [
    "/setup",
    "/sign-in",
    "/sign-out",
    "/step-up",
    "/keys/new",
    "/keys/bulk",
    "/keys/{}/enabled",
    "/keys/{}/privileges",
    "/keys/{}/settings",
    "/keys/{}/tokens",
    "/keys/{}/tokens/{}/revoke",
    "/keys/{}/rotate",
    "/keys/{}/finish-rotation",
    "/keys/{}/explain",
    "/keys/{}/regenerate",
    "/keys/{}/delete",
    "/keys/{}/reveal",
    "/basic/new",
    "/basic/{}/enabled",
    "/basic/{}/password",
    "/basic/{}/delete",
    "/people/new",
    "/people/{}",
    "/people/{}/enabled",
    "/people/{}/password",
    "/people/{}/delete",
    "/roles/new",
    "/roles/{}",
    "/roles/{}/delete",
    "/settings",
    "/settings/assign",
    "/accounts/new",
    "/debugger",
    "/me/password",
];

/// Every form that posts, with each of its buttons.
const COLLECT: &str = "
    const path = (url) => { const to = new URL(url, location); return to.pathname + to.search; };
    return Array.from(document.forms).flatMap((form) => {
        const buttons = Array.from(form.querySelectorAll('button, input[type=submit]'))
            .filter((button) => button.type === 'submit');
        return [null, ...buttons].map((button) => {
            const method = (button?.getAttribute('formmethod')
                || form.getAttribute('method') || 'get').toLowerCase();
            const action = button?.getAttribute('formaction') || form.getAttribute('action')
                || location.href;
            const body = new URLSearchParams(new FormData(form, button)).toString();
            return { method, action: path(action), body };
        }).filter((sent) => sent.method === 'post');
    });";
