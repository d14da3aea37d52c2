//! What a server says of the quota that is left, before it has to say 429.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};

mod field;

/// The field of the IETF's draft.
static RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Fields that belong together: what remains, and when there is more.
static PAIRS: [(HeaderName, HeaderName); 2] = [
    (
        HeaderName::from_static("ratelimit-remaining"),
        HeaderName::from_static("ratelimit-reset"),
    ),
    (
        HeaderName::from_static("x-ratelimit-remaining"),
        HeaderName::from_static("x-ratelimit-reset"),
    ),
];

/// What is left of a quota, and for how long that has to last.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use http::{HeaderMap, HeaderValue};
/// use seawall::policy::rate_limit;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("ratelimit", HeaderValue::from_static("\"burst\";r=90;t=10, \"day\";r=60;t=30"));
/// let quota = rate_limit::parse(&headers, SystemTime::UNIX_EPOCH).unwrap();
/// assert_eq!((quota.remaining, quota.reset), (60, Duration::from_secs(30)));
/// assert_eq!(quota.rate(), 2.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Calls that are left.
    pub remaining: u64,
    /// The time until there are more, counted from the answer; never zero.
    pub reset: Duration,
}

impl Quota {
    /// Calls per second at which what is left lasts until there is more.
    #[must_use]
    pub fn rate(self) -> f64 {
        self.remaining as f64 / self.reset.as_secs_f64()
    }

    fn new(remaining: u64, reset: Duration) -> Option<Self> {
        (!reset.is_zero()).then_some(Self { remaining, reset })
    }
}

/// Reads the quota from the headers of a response: the tightest one, where there are several. `None`:
/// there is none, or it means nothing.
///
/// - `RateLimit: "name";r=50;t=30`, of the IETF's draft
///   [draft-ietf-httpapi-ratelimit-headers-10](https://www.ietf.org/archive/id/draft-ietf-httpapi-ratelimit-headers-10.txt),
///   section 4. A quota without `t` says nothing of a rate.
/// - `RateLimit: limit=100, remaining=50, reset=30`, of its seventh version, and the fields
///   `RateLimit-Remaining` and `RateLimit-Reset` of those before.
/// - `X-RateLimit-Remaining` and `X-RateLimit-Reset`, of no standard: seconds, or the moment in
///   seconds since 1970, as `wall_now` tells.
///
/// Whatever is malformed is ignored. No input makes it panic.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use http::{HeaderMap, HeaderValue};
/// use seawall::policy::rate_limit;
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
/// let mut headers = HeaderMap::new();
/// headers.insert("x-ratelimit-remaining", HeaderValue::from_static("3"));
/// headers.insert("x-ratelimit-reset", HeaderValue::from_static("1790000060"));
/// let quota = rate_limit::parse(&headers, now).unwrap();
/// assert_eq!((quota.remaining, quota.reset), (3, Duration::from_secs(60)));
/// ```
#[must_use]
pub fn parse(headers: &HeaderMap, wall_now: SystemTime) -> Option<Quota> {
    let of_field = headers
        .get_all(&RATELIMIT)
        .iter()
        .filter_map(text)
        .flat_map(field::quotas);
    let of_pairs = PAIRS
        .iter()
        .filter_map(|(remaining, reset)| pair(headers, remaining, reset, wall_now));
    of_field
        .chain(of_pairs)
        .min_by(|a, b| a.rate().total_cmp(&b.rate()))
}

/// Two fields that belong together. Where one of them comes twice, nobody knows which.
fn pair(
    headers: &HeaderMap,
    remaining: &HeaderName,
    reset: &HeaderName,
    wall_now: SystemTime,
) -> Option<Quota> {
    let reset = seconds(single(headers, reset)?, wall_now)?;
    Quota::new(field::integer(single(headers, remaining)?)?, reset)
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    text(line)
}

/// A wait, or a moment since 1970: no quota takes thirty years to return.
fn seconds(text: &str, wall_now: SystemTime) -> Option<Duration> {
    const EPOCH_FROM: u64 = 1_000_000_000;
    let seconds = field::integer(text)?;
    if seconds < EPOCH_FROM {
        return Some(Duration::from_secs(seconds));
    }
    let now = wall_now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Duration::from_secs(seconds).checked_sub(now)
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

#[cfg(test)]
mod tests;
