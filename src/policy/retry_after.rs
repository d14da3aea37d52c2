//! What a server's `Retry-After` asks for, in every form the RFC allows.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::backoff::between;

mod header_text;
mod http_date;

pub use header_text::HeaderText;

/// The most that [`spread`] adds: a fleet that was sent away for hours still returns within a
/// minute.
const MOST_SPREAD: Duration = Duration::from_secs(60);

/// What the `Retry-After` lines of one response come to (RFC 9110 section 10.2.3).
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
/// use seawall::policy::retry_after::{self, RetryAfter};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(RETRY_AFTER, HeaderValue::from_static("1200"));
/// let asked = retry_after::parse(&headers, SystemTime::UNIX_EPOCH);
/// assert_eq!(asked, RetryAfter::Delay(Duration::from_secs(1200)));
/// assert_eq!(asked.delay(), Some(Duration::from_secs(1200)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// There is no such header.
    Absent,
    /// There is one, and no line of it can be used. The local backoff applies; count it.
    Invalid,
    /// The server asks for this wait, counted from the moment its answer came. Zero is no wish of
    /// the server: the local backoff still applies. [`Duration::MAX`] means "very long": more
    /// digits than fit are still a plea to stay away, never an invitation to come at once.
    Delay(Duration),
}

impl RetryAfter {
    /// The wait, if the server named one.
    #[must_use]
    pub const fn delay(self) -> Option<Duration> {
        match self {
            Self::Delay(wait) => Some(wait),
            Self::Absent | Self::Invalid => None,
        }
    }
}

/// Whether `Retry-After` means anything on this status: 408, 413, 425, 429, 503 and every 3xx.
///
/// ```
/// use http::StatusCode;
/// use seawall::policy::retry_after;
///
/// assert!(retry_after::is_read_on(StatusCode::SERVICE_UNAVAILABLE));
/// assert!(!retry_after::is_read_on(StatusCode::BAD_GATEWAY));
/// ```
#[must_use]
pub fn is_read_on(status: StatusCode) -> bool {
    status.is_redirection() || matches!(status.as_u16(), 408 | 413 | 425 | 429 | 503)
}

/// Reads `Retry-After` from the headers of a response. It does not look at the status: see
/// [`is_read_on`].
///
/// - Seconds: digits only, any number of them, no sign. A fraction, which some servers send, is
///   rounded up.
/// - A date: the three forms of RFC 9110 section 5.6.7, a wrong weekday included. It is measured
///   against the response's own `Date`, so that two clocks that differ do no harm, unless that is
///   missing, unreadable or later; then against `wall_now`, this machine's clock at the moment the
///   answer came. A date in the past is a wait of zero.
/// - Several lines: the longest usable wait. The first one could be the proxy's, and too short.
///
/// No input makes it panic.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use http::{HeaderMap, HeaderValue, header};
/// use seawall::policy::retry_after::{self, RetryAfter};
///
/// let mut headers = HeaderMap::new();
/// headers.insert(header::DATE, HeaderValue::from_static("Fri, 20 Nov 2026 12:00:00 GMT"));
/// headers.insert(header::RETRY_AFTER, HeaderValue::from_static("Fri, 20 Nov 2026 12:20:00 GMT"));
/// // This machine's clock is decades behind. The wait is right all the same.
/// let asked = retry_after::parse(&headers, SystemTime::UNIX_EPOCH);
/// assert_eq!(asked, RetryAfter::Delay(Duration::from_secs(20 * 60)));
/// ```
#[must_use]
pub fn parse(headers: &HeaderMap, wall_now: SystemTime) -> RetryAfter {
    if !headers.contains_key(header::RETRY_AFTER) {
        return RetryAfter::Absent;
    }
    let sent = headers
        .get(header::DATE)
        .and_then(text)
        .and_then(|date| http_date::parse(date, wall_now));
    headers
        .get_all(header::RETRY_AFTER)
        .iter()
        .filter_map(text)
        .filter_map(|line| seconds(line).or_else(|| until(line, sent, wall_now)))
        .max()
        .map_or(RetryAfter::Invalid, RetryAfter::Delay)
}

/// The server's wait plus this client's share of the spread: `unit`, a random number in [0, 1), of
/// the smaller of 10 % of the wait and 60 s.
///
/// Every client of a fleet is told the same time. Without the spread they all return in the same
/// instant, to a server that has just come up. It is only ever added: the answer is never shorter
/// than `wait`. A wait of zero stays zero, and a very long one saturates.
///
/// ```
/// use std::time::Duration;
/// use seawall::policy::retry_after::spread;
///
/// let asked = Duration::from_secs(1200);
/// assert_eq!(spread(asked, 0.0), asked);
/// assert_eq!(spread(asked, 0.5), Duration::from_secs(1230));
/// ```
#[must_use]
pub fn spread(wait: Duration, unit: f64) -> Duration {
    let most = (wait / 10).min(MOST_SPREAD);
    wait.saturating_add(between(Duration::ZERO, most, unit))
}

/// A value without its optional whitespace, if it is ASCII text: no usable form is anything else.
fn text(value: &HeaderValue) -> Option<&str> {
    value
        .to_str()
        .ok()
        .map(|text| text.trim_matches([' ', '\t']))
}

fn seconds(line: &str) -> Option<Duration> {
    let (whole, fraction) = line.split_once('.').unwrap_or((line, "0"));
    // Not left to the integer parser: it takes a plus sign.
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let round_up = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    // Only overflow can fail here.
    let seconds = whole
        .parse::<u64>()
        .ok()
        .and_then(|seconds| seconds.checked_add(round_up));
    Some(seconds.map_or(Duration::MAX, Duration::from_secs))
}

fn until(line: &str, sent: Option<SystemTime>, wall_now: SystemTime) -> Option<Duration> {
    let date = http_date::parse(line, sent.unwrap_or(wall_now))?;
    let reference = sent.filter(|sent| *sent <= date).unwrap_or(wall_now);
    Some(date.duration_since(reference).unwrap_or_default())
}

#[cfg(test)]
mod tests;
