//! The cookie of who is signed in: no page but our own sends it, no script reads it.

use http::{HeaderMap, HeaderValue, header};

use crate::PublicOrigin;

/// Its name. The prefix, by which browsers bind it to this host, is for https alone.
fn name(origin: &PublicOrigin) -> &'static str {
    if origin.is_secure() { "__Host-oauth1-session" } else { "oauth1-session" }
}

/// The value that a request brings.
pub(crate) fn find<'a>(headers: &'a HeaderMap, origin: &PublicOrigin) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| found.trim() == name(origin)).map(|(_, value)| value.trim())
}

/// Sets it, as long as a session may last.
pub(crate) fn set(headers: &mut HeaderMap, origin: &PublicOrigin, token: &str) {
    insert(headers, origin, token, LONGEST_SECONDS);
}

/// Removes it.
pub(crate) fn remove(headers: &mut HeaderMap, origin: &PublicOrigin) {
    insert(headers, origin, "", 0);
}

fn insert(headers: &mut HeaderMap, origin: &PublicOrigin, token: &str, seconds: u64) {
    let secure = if origin.is_secure() { "; Secure" } else { "" };
    let name = name(origin);
    let cookie =
        format!("{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
        cookie.set_sensitive(true);
        headers.insert(header::SET_COOKIE, cookie);
    }
}

/// The database ends it after 12 hours, or 30 minutes without a request.
const LONGEST_SECONDS: u64 = 12 * 3600;
