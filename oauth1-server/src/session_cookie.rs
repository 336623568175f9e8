//! The cookies of who is signed in: no script reads them.

use http::{HeaderMap, HeaderValue, header};

use crate::PublicOrigin;

/// Which cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SessionCookie {
    /// Of the console: no page but our own makes a browser send it.
    Console,
    /// Of the pages on which people grant access: pages of applications lead there.
    Owner,
}

impl SessionCookie {
    /// Its name. The prefix, by which browsers bind it to this host, is for https alone.
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Console, true) => "__Host-oauth1-session",
            (Self::Console, false) => "oauth1-session",
            (Self::Owner, true) => "__Host-oauth1-owner",
            (Self::Owner, false) => "oauth1-owner",
        }
    }

    /// The value that a request brings.
    pub(crate) fn find<'a>(self, headers: &'a HeaderMap, origin: &PublicOrigin) -> Option<&'a str> {
        let name = self.name(origin.is_secure());
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs =
            lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim())
    }

    /// Sets it, as long as a session may last.
    pub(crate) fn set(self, headers: &mut HeaderMap, origin: &PublicOrigin, token: &str) {
        self.insert(headers, origin, token, LONGEST_SECONDS);
    }

    /// Removes it.
    pub(crate) fn remove(self, headers: &mut HeaderMap, origin: &PublicOrigin) {
        self.insert(headers, origin, "", 0);
    }

    fn insert(self, headers: &mut HeaderMap, origin: &PublicOrigin, token: &str, seconds: u64) {
        let secure = if origin.is_secure() { "; Secure" } else { "" };
        let name = self.name(origin.is_secure());
        // Lax goes along when a link leads here, never with a form of others.
        let same_site = match self {
            Self::Console => "Strict",
            Self::Owner => "Lax",
        };
        let cookie = format!(
            "{name}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}"
        );
        if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
            cookie.set_sensitive(true);
            headers.insert(header::SET_COOKIE, cookie);
        }
    }
}

/// The database ends it after 12 hours, or 30 minutes without a request.
const LONGEST_SECONDS: u64 = 12 * 3600;
