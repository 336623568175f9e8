//! T-XSS-1: what people and senders write is text on every page, never markup or script.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::sleep,
};

use crate::{
    desk::{Desk, at_console, authorization, text},
    world::execute,
};

#[tokio::test]
async fn t_xss_1_what_is_written_about_keys_is_text() {
    at_console(async |desk| {
        let mut pages = BTreeSet::from(["/keys".to_owned(), "/keys?sort=name".to_owned()]);
        for (number, payload) in PAYLOADS.iter().enumerate() {
            let id = key(desk, number, payload).await;
            pages.extend(KEY_PAGES.map(|page| format!("/keys/{id}{page}")));
        }
        refused_requests(desk).await;
        in_every_column(desk).await;
        look_at(desk, &pages).await;
        are_there(desk, &["/keys"]).await;
        look_at(desk, &BTreeSet::from(["/audit", "/refusals"].map(str::to_owned))).await;
    })
    .await;
}

#[tokio::test]
async fn t_xss_1_what_is_written_elsewhere_is_text() {
    at_console(async |desk| {
        let mut pages = BTreeSet::from(ALWAYS.map(str::to_owned));
        for (number, payload) in PAYLOADS.iter().enumerate() {
            pages.extend(others(desk, number, payload).await);
        }
        in_every_column(desk).await;
        look_at(desk, &pages).await;
        are_there(desk, &["/people", "/roles"]).await;
        echoed(desk).await;
    })
    .await;
}

async fn look_at(desk: &Desk, pages: &BTreeSet<String>) {
    for path in pages {
        desk.browser.open(path).await;
        nothing_ran(desk, path).await;
    }
    println!("{} payloads, {} pages", PAYLOADS.len(), pages.len());
}

/// Each payload can be read in these lists, as it was written.
async fn are_there(desk: &Desk, lists: &[&str]) {
    let browser = &desk.browser;
    for path in lists {
        browser.open(path).await;
        let mut said = browser.text().await;
        while browser.has("button", "Next page").await {
            browser.press("Next page").await;
            said += &browser.text().await;
        }
        for payload in PAYLOADS {
            let payload = payload.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(&payload), "{path} lacks {payload}: {said}");
        }
    }
}

/// A key with the payload wherever text is taken, and requests that are refused, with it as path,
/// query and agent; most as octets that no browser would send.
async fn key(desk: &Desk, number: usize, payload: &str) -> String {
    let short: String = payload.chars().take(63).collect();
    let key = json!({
        "name": format!("key-{number}"), "display_name": payload, "developer_name": payload,
        "description": payload, "environment": short, "scopes": ["all:modify"],
        "attributes": { "till": payload },
    });
    let key = desk.made("/v1/keys", key).await;
    let mut wrong = key.clone();
    wrong["token_secret"] = json!("mistaken");
    let header = authorization(&wrong, "GET", &desk.service("/echo"));
    let line: String = payload.chars().filter(|c| c.is_ascii_graphic()).collect();
    for target in [format!("/echo?{line}"), format!("/echo?q={}", percent(payload))] {
        send(desk, &target, &header, payload).await;
    }
    text(&key, "id").to_owned()
}

/// A person, a role and some accounts, with their pages.
async fn others(desk: &Desk, number: usize, payload: &str) -> Vec<String> {
    let named = |kind: &str| json!({ "name": format!("{kind}-{number}"), "display_name": payload });
    let mut person = named("person");
    person["role"] = json!("auditor");
    let person = desk.made("/v1/people", person).await;
    let mut role = named("role");
    role["permissions"] = json!(["keys.read"]);
    let role = desk.made("/v1/roles", role).await;
    desk.made("/v1/accounts", named("account")).await;
    vec![
        format!("/people/{}", text(&person, "id")),
        format!("/roles/{}", text(&role, "id")),
        format!("/settings?account=account-{number}"),
    ]
}

/// Requests without a key of ours.
async fn refused_requests(desk: &Desk) {
    for payload in PAYLOADS {
        let mut unknown = json!({ "app_secret": "x", "token_secret": "x" });
        unknown["app_key"] = json!(payload);
        unknown["access_token"] = json!(payload);
        let url = desk.service("/echo");
        let header = authorization(&unknown, "GET", &url);
        send(desk, &format!("/echo?{}", percent(payload)), &header, payload).await;
    }
    desk.shows("/v1/refusals", "consumer_key_unknown").await;
}

/// Texts that come from elsewhere than forms: written where they end up.
async fn in_every_column(desk: &Desk) {
    for (table, column) in [
        ("refusal", "path"),
        ("refusal", "method"),
        ("refusal", "address"),
        ("audit", "address"),
        ("client", "created_by"),
        ("client", "last_used_address"),
        ("client_address", "address"),
    ] {
        let payload = PAYLOADS[0].replace('\'', "''");
        execute(desk, &format!("UPDATE {table} SET {column} = '{payload}'")).await;
    }
}

/// What is sent back: questions in the address, and forms with an error.
async fn echoed(desk: &Desk) {
    let browser = &desk.browser;
    for payload in PAYLOADS {
        let p = percent(payload);
        for page in [
            format!(
                "/keys?q={p}&state={p}&environment={p}&sort={p}&scope={p}&created_by={p}&done={p}"
            ),
            format!("/audit?actor={p}&action={p}&since={p}&until={p}&subject={p}"),
            format!("/step-up?next={p}"),
        ] {
            browser.open(&page).await;
            nothing_ran(desk, &page).await;
        }
    }
    for page in ["/keys/new", "/debugger"] {
        browser.open(page).await;
        for payload in PAYLOADS {
            // Again and again with what came back.
            let script = "const form = document.querySelector('main form[method=post]');
                window.__left = true;
                form.querySelectorAll('input:not([type]), textarea').forEach((field) => {
                    field.value = arguments[0];
                });
                form.submit();";
            browser.session.script(script, &[json!(payload)]).await;
            let there = "return !window.__left && document.readyState === 'complete'";
            while browser.session.try_script(there).await != Ok(json!(true)) {
                sleep(Duration::from_millis(10)).await;
            }
            nothing_ran(desk, page).await;
            let script = "return Array.from(document.querySelectorAll('main input:not([type])'))
                .map((field) => field.value)";
            let values = browser.session.script(script, &[]).await;
            let plain = payload.replace(['\n', '\r'], "");
            let values = values.as_array().unwrap();
            assert!(values.iter().any(|value| *value == plain), "{page}: {plain}: {values:?}");
        }
    }
}

/// Neither a script nor an element of a payload is there, and nothing had to be stopped.
pub async fn nothing_ran(desk: &Desk, page: &str) {
    let script = "return [window.__xss ?? 0, document.querySelectorAll(
        '#xss, main script, main iframe, main object, main embed, main base, main math, main meta, '
        + 'main [onerror], main [onload], main [onclick], main [onfocus], main [ontoggle]').length,
        Array.from(document.querySelectorAll('[href], [action], [formaction], [src]'))
            .flatMap((element) => ['href', 'action', 'formaction', 'src']
                .map((name) => (element.getAttribute(name) || '').trim().toLowerCase()))
            .filter((to) => /^(javascript|data|vbscript):/.test(to)).length,
        document.querySelectorAll('main h1').length]";
    let found: Json = desk.browser.session.script(script, &[]).await;
    assert_eq!(found, json!([0, 0, 0, 1]), "{page}: {}", desk.browser.source().await);
    let complaints = desk.browser.complaints().await;
    assert!(complaints.is_empty(), "{page}: {complaints:#?}");
}

/// A request as octets, with what no library would let through.
async fn send(desk: &Desk, target: &str, header: &str, agent: &str) {
    let address = desk.server.address;
    let agent: String = agent.chars().filter(|c| !c.is_control()).collect();
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {agent}\r\nAuthorization: {header}\r\n\
         Connection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
}

fn percent(text: &str) -> String {
    text.bytes().map(|octet| format!("%{octet:02X}")).collect()
}

const KEY_PAGES: [&str; 9] = [
    "?method=GET&path=/echo",
    "/privileges",
    "/settings",
    "/tokens",
    "/rotate",
    "/regenerate",
    "/delete",
    "/reveal?secret=app_secret",
    "/refusals",
];
const ALWAYS: [&str; 13] = [
    "/keys",
    "/keys?sort=name",
    "/keys/new",
    "/basic",
    "/basic/new",
    "/catalogue",
    "/people",
    "/people/new",
    "/roles",
    "/roles/new",
    "/accounts",
    "/audit",
    "/me",
];

/// Each would say so by `window.__xss`, by an element with the id `xss`, or by a dialog.
pub const PAYLOADS: [&str; 30] = [
    "<script>window.__xss=1</script>",
    "<script>alert('xss')</script>",
    "\"><script>window.__xss=1</script>",
    "'><script>window.__xss=1</script>",
    "<img id=xss src=x onerror=\"window.__xss=1\">",
    "\"><img id=xss src=x onerror=window.__xss=1>",
    "'><img id=xss src=x onerror=window.__xss=1>",
    "<svg id=xss onload=window.__xss=1>",
    "<svg><script id=xss>window.__xss=1</script></svg>",
    "</title><script>window.__xss=1</script>",
    "</textarea><script>window.__xss=1</script>",
    "</option></select><img id=xss src=x onerror=window.__xss=1>",
    "</code></pre><img id=xss src=x onerror=window.__xss=1>",
    "--><script>window.__xss=1</script><!--",
    "]]><script>window.__xss=1</script>",
    "\" autofocus onfocus=\"window.__xss=1\" id=\"xss",
    "' autofocus onfocus='window.__xss=1' id='xss",
    "x onmouseover=window.__xss=1 id=xss",
    "javascript:window.__xss=1",
    "JaVaScRiPt:window.__xss=1//",
    "data:text/html,<script>window.__xss=1</script>",
    "<iframe id=xss src=\"javascript:parent.__xss=1\"></iframe>",
    "<a id=xss href=\"javascript:window.__xss=1\">here</a>",
    "<details id=xss open ontoggle=window.__xss=1>",
    "<form id=xss action=//evil.example><input name=password>",
    "<meta id=xss http-equiv=refresh content=\"0;url=javascript:window.__xss=1\">",
    "<base id=xss href=\"//evil.example/\">",
    "<style id=xss>*{background:url(//evil.example)}</style>",
    "{{constructor.constructor('window.__xss=1')()}} ${window.__xss=1}",
    "&lt;script&gt;window.__xss=1&lt;/script&gt; &#60;img src=x&#62; %3Cscript%3E",
];
