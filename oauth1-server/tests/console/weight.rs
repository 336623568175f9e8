//! What every page carries: headers that keep it to itself, little weight, and its content without
//! any script.

use std::collections::BTreeMap;

use crate::{
    desk::{Desk, at_console, expect},
    world::{OUTSIDE, open, world},
};

#[tokio::test]
async fn pages_are_light_and_keep_to_themselves() {
    at_console(async |desk| {
        let world = world(desk).await;
        let mut assets = BTreeMap::new();
        let mut heaviest = (0, String::new());
        let outside = OUTSIDE.iter().map(|&(name, path)| (name, path.to_owned()));
        for (name, path) in world.pages().into_iter().chain(outside) {
            let request =
                if name == "sign-in" { desk.call("GET", &path) } else { desk.own("GET", &path) };
            let answer = expect(request, 200).await;
            headers(&path, answer.headers());
            let html = answer.text().await.unwrap();
            let mut weight = html.len();
            for asset in linked(&html) {
                if !assets.contains_key(&asset) {
                    assets.insert(asset.clone(), size(desk, &asset).await);
                }
                weight += assets[&asset];
            }
            assert!(weight <= 100 * 1024, "{path} weighs {weight} octets");
            heaviest = heaviest.max((weight, path.clone()));
            // Scripts wait until the page is there, and are files of ours.
            for script in html.split("<script").skip(1) {
                let tag = script.split('>').next().unwrap();
                assert!(tag.contains("src=\"/assets/") && tag.contains(" defer"), "{path}: {tag}");
            }
            for inline in ["<style", " style=", " onclick=", "javascript:", "@import"] {
                assert!(!html.contains(inline), "{path} has {inline}");
            }
        }
        println!("the heaviest page: {heaviest:?}; assets: {assets:?}");
        for (path, status) in [("/nothing-here", 404), ("/keys/nothing-here", 404)] {
            headers(path, expect(desk.own("GET", path), status).await.headers());
        }
        // Without scripts, every page says the same.
        desk.browser.without_scripts().await;
        for (_, path) in world.pages() {
            open(&desk.browser, &path).await;
        }
    })
    .await;
}

async fn size(desk: &Desk, asset: &str) -> usize {
    let answer = expect(desk.call("GET", asset), 200).await;
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{asset}");
    let content = answer.text().await.unwrap();
    for elsewhere in ["http://", "https://", "@import"] {
        let known = content.matches(elsewhere).count()
            - content.matches("http://www.w3.org/2000/svg").count()
                * usize::from(elsewhere == "http://");
        assert_eq!(known, 0, "{asset} loads something from elsewhere");
    }
    content.len()
}

/// What a page loads by itself.
fn linked(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mark in [
        "<link rel=\"stylesheet\" href=\"",
        "<script src=\"",
        "<img src=\"",
        "<link rel=\"icon\" href=\"",
    ] {
        for rest in html.split(mark).skip(1) {
            found.push(rest.split('"').next().unwrap().to_owned());
        }
    }
    assert!(found.len() >= 2, "{html:.300}");
    found
}

fn headers(path: &str, headers: &http::HeaderMap) {
    let header = |name: &str| {
        headers.get(name).map_or("", |value| value.to_str().unwrap_or_default()).to_owned()
    };
    let policy = header("content-security-policy");
    for directive in [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "script-src 'self'",
        "style-src 'self'",
    ] {
        assert!(policy.contains(directive), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    assert_eq!(header("x-frame-options"), "DENY", "{path}");
    assert_eq!(header("cache-control"), "no-store", "{path}");
    assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
    assert!(["same-origin", "no-referrer"].contains(&header("referrer-policy").as_str()), "{path}");
    assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
}
