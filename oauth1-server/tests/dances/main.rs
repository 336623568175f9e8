//! The three legs of RFC 5849 section 2 with clients that nobody here wrote, the way their users
//! write them: temporary credentials, a person who allows, token credentials, a request with them.

#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod command;
mod library;
mod ours;
// Each program uses a part of it.
#[allow(dead_code)]
#[path = "../serve/process.rs"]
mod process;
mod provider;
mod site;

use library::{AUTHLIB, Library, NET_OAUTH, NODE_OAUTH, REQUESTS_OAUTHLIB, RUBY_OAUTH};
use site::{CALLBACK, OUT_OF_BAND, OWNER, Site};

#[test]
fn requests_oauthlib_is_called_back() {
    dance(&REQUESTS_OAUTHLIB, CALLBACK);
}

#[test]
fn requests_oauthlib_is_told_the_code() {
    dance(&REQUESTS_OAUTHLIB, OUT_OF_BAND);
}

#[test]
fn authlib_is_called_back() {
    dance(&AUTHLIB, CALLBACK);
}

#[test]
fn authlib_is_told_the_code() {
    dance(&AUTHLIB, OUT_OF_BAND);
}

#[test]
fn net_oauth_is_called_back() {
    dance(&NET_OAUTH, CALLBACK);
}

#[test]
fn net_oauth_is_told_the_code() {
    dance(&NET_OAUTH, OUT_OF_BAND);
}

#[test]
fn ruby_oauth_is_called_back() {
    dance(&RUBY_OAUTH, CALLBACK);
}

#[test]
fn ruby_oauth_is_told_the_code() {
    dance(&RUBY_OAUTH, OUT_OF_BAND);
}

#[test]
fn node_oauth_is_called_back() {
    dance(&NODE_OAUTH, CALLBACK);
}

#[test]
fn node_oauth_is_told_the_code() {
    dance(&NODE_OAUTH, OUT_OF_BAND);
}

/// Who says no is sent back as well, and the application gets nothing.
#[test]
fn requests_oauthlib_is_refused() {
    if REQUESTS_OAUTHLIB.is_missing() {
        return;
    }
    let site = Site::new();
    let output = site.run(&REQUESTS_OAUTHLIB, CALLBACK, "deny");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("VerifierMissing"), "{output:?}");
    assert_eq!(site.granted().len(), 0);
}

/// Nothing comes of a callback that the key does not have.
#[test]
fn requests_oauthlib_cannot_be_called_back_elsewhere() {
    if REQUESTS_OAUTHLIB.is_missing() {
        return;
    }
    let site = Site::new();
    let output = site.run(&REQUESTS_OAUTHLIB, "https://evil.example/back", "allow");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("parameter_rejected"), "{output:?}");
    assert_eq!(site.granted().len(), 0);
}

/// The whole of it: the library says who it was at the end, and the server says the same.
fn dance(library: &Library, callback: &str) {
    if library.is_missing() {
        return;
    }
    let site = Site::new();
    let output = site.run(library, callback, "allow");
    assert!(output.status.success(), "{}: {}", library.name, site.told(&output));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| said[name].as_str().unwrap_or_else(|| panic!("no {name}: {said}"));
    let (token, echo) = (text("token"), &said["echo"]);
    assert_eq!((&echo["client"], &echo["token"]), (&site.app_key.as_str().into(), &token.into()));
    assert_eq!((&echo["method"], &echo["path"]), (&"GET".into(), &"/echo".into()));
    assert!(token != site.access_token && token != text("temporary"), "{said}");
    let granted = site.granted();
    assert_eq!(granted.len(), 1, "{granted:?}");
    assert_eq!(granted[0]["access_token"], token);
    assert_eq!(granted[0]["resource_owner"], OWNER);
}
