//! The style sheet and the script, which are in the program. Their names hold their hash, so that
//! browsers keep them for as long as they like.

use std::sync::LazyLock;

use axum::{Router, routing::get};
use http::header;
use sha2::{Digest, Sha256};

/// The path of the style sheet.
pub(super) fn css() -> &'static str {
    &CSS_PATH
}

/// The path of the script.
pub(super) fn js() -> &'static str {
    &JS_PATH
}

pub(crate) fn routes() -> Router {
    let file = |kind: &'static str, text: &'static str| {
        let headers = [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        get(move || async move { (headers, text) })
    };
    Router::new()
        .route(css(), file("text/css; charset=utf-8", CSS))
        .route(js(), file("text/javascript; charset=utf-8", JS))
        .route("/favicon.svg", file("image/svg+xml", ICON))
}

fn path(text: &str, kind: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let hash: String = hash.iter().take(8).map(|octet| format!("{octet:02x}")).collect();
    format!("/assets/console.{hash}.{kind}")
}

static CSS_PATH: LazyLock<String> = LazyLock::new(|| path(CSS, "css"));
static JS_PATH: LazyLock<String> = LazyLock::new(|| path(JS, "js"));
const CSS: &str = include_str!("../../assets/console.css");
const JS: &str = include_str!("../../assets/console.js");
const ICON: &str = include_str!("../../assets/icon.svg");
