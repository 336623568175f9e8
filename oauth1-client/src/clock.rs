//! The local clock beside the server's, RFC 5849 section 3.3: a wrong clock looks like a wrong
//! signature with many servers.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::header::{DATE, HeaderMap};

/// Seconds by which the local clock is ahead of the server's `Date` header, negative if it is
/// behind; `None` without a readable header. The way back counts too, so a second or two mean
/// nothing.
///
/// ```
/// use oauth1_client::clock_skew;
/// use reqwest::header::{DATE, HeaderMap};
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let date = "Thu, 01 Jan 1970 00:10:00 GMT".parse()?;
/// let headers = HeaderMap::from_iter([(DATE, date)]);
/// assert_eq!(clock_skew(&headers, UNIX_EPOCH + Duration::from_secs(590)), Some(-10));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn clock_skew(headers: &HeaderMap, now: SystemTime) -> Option<i64> {
    let server = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let seconds = |time: SystemTime| {
        time.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_secs()).ok())
    };
    seconds(now)?.checked_sub(seconds(server)?)
}
