//! When a request is sent once more. Each attempt has a nonce of its own (RFC 5849 section 3.3).

use std::time::{Duration, SystemTime};

use oauth1_core::Nonce;
use reqwest::{
    Method, Response, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use crate::error::SendError;

/// How often and when a request is sent again: when no connection came about, and when the server
/// answers 429 or 503, which say that it did nothing. A request that broke off on its way is sent
/// again only with a method that may be repeated (RFC 9110 section 9.2.2). Bodies that are streams
/// are never sent again.
///
/// ```
/// use std::time::Duration;
/// use oauth1_client::Retries;
///
/// let patient = Retries { attempts: 5, longest: Duration::from_secs(120), ..Retries::default() };
/// assert_eq!(Retries::none().attempts, 1);
/// # let _ = patient;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Attempts in all, the first among them. 3.
    pub attempts: u32,
    /// Before the second attempt, about; twice as long before each one more. 250 ms.
    pub pause: Duration,
    /// The longest that is waited at once. If `Retry-After` asks for more, the answer is returned
    /// as it is. 30 s.
    pub longest: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { attempts: 3, pause: Duration::from_millis(250), longest: Duration::from_secs(30) }
    }
}

impl Retries {
    /// Every request is sent once.
    #[must_use]
    pub const fn none() -> Self {
        Self { attempts: 1, pause: Duration::ZERO, longest: Duration::ZERO }
    }

    /// How long to wait before another attempt; `None` for none. `attempt` counts from 1.
    pub(crate) fn wait(
        &self,
        attempt: u32,
        method: &Method,
        outcome: &Result<Response, SendError>,
    ) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        match outcome {
            Ok(response) if is_busy(response.status()) => {
                match retry_after(response.headers(), SystemTime::now()) {
                    Some(asked) => Some(asked).filter(|asked| *asked <= self.longest),
                    None => Some(self.backoff(attempt)),
                }
            }
            Err(SendError::Http(error)) if error.is_connect() => Some(self.backoff(attempt)),
            Err(SendError::Http(error)) if !error.is_timeout() && is_repeatable(method) => {
                Some(self.backoff(attempt))
            }
            _ => None,
        }
    }

    /// Between half of it and all of it, so that many clients do not come back at once.
    fn backoff(&self, attempt: u32) -> Duration {
        let whole = self.pause.saturating_mul(1 << (attempt - 1).min(16)).min(self.longest);
        let half = whole / 2;
        // The first octet of a nonce is as good a die as any.
        let die = Nonce::random().map_or(0, |nonce| nonce.as_str().bytes().map(u32::from).sum());
        half + half.saturating_mul(die % 101) / 100
    }
}

fn is_busy(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}

fn is_repeatable(method: &Method) -> bool {
    method.is_idempotent()
}

/// What `Retry-After` asks for, in seconds or as a date (RFC 9110 section 10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let of = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers, UNIX_EPOCH + Duration::from_secs(590))
        };
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of("Thu, 01 Jan 1970 00:10:00 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(of("Thu, 01 Jan 1970 00:00:00 GMT"), Some(Duration::ZERO));
        for bad in ["", "-1", "soon", "1.5"] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let retries = Retries { longest: Duration::from_millis(600), ..Retries::default() };
        for (attempt, whole) in [(1, 250), (2, 500), (3, 600), (40, 600)] {
            for _ in 0..50 {
                let pause = retries.backoff(attempt);
                let whole = Duration::from_millis(whole);
                assert!(pause >= whole / 2 && pause <= whole, "{attempt}: {pause:?}");
            }
        }
    }
}
