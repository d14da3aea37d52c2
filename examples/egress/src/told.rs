//! What every answer tells of its call, in headers that only this side writes.

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use seawall::policy::retry_after;
use seawall::{Delivery, Provider, Report, StopReason};

const PREFIX: &str = "seawall-";
const ATTEMPTS: HeaderName = HeaderName::from_static("seawall-attempts");
const DELIVERY: HeaderName = HeaderName::from_static("seawall-delivery");
const STOP_REASON: HeaderName = HeaderName::from_static("seawall-stop-reason");
const KEY: HeaderName = HeaderName::from_static("seawall-idempotency-key");

/// What is told of a call.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) attempts: u32,
    pub(crate) delivery: Delivery,
    pub(crate) stop_reason: StopReason,
    /// As the provider's header wants it, to be stored and sent again as it is.
    pub(crate) key: Option<HeaderValue>,
}

impl Told {
    /// Of a request that did not become a call.
    pub(crate) const fn nothing_sent(stop_reason: StopReason) -> Self {
        Self {
            attempts: 0,
            delivery: Delivery::NotSent,
            stop_reason,
            key: None,
        }
    }

    pub(crate) fn of(report: &Report, provider: &Provider) -> Self {
        Self {
            attempts: report.attempts(),
            delivery: report.delivery(),
            stop_reason: report.stop_reason(),
            key: report
                .idempotency_key()
                .map(|key| provider.key_form.write(key)),
        }
    }

    /// Writes the headers, and takes away those that an upstream has written in their manner.
    pub(crate) fn put_on(self, headers: &mut HeaderMap) {
        strip(headers);
        headers.insert(ATTEMPTS, self.attempts.into());
        headers.insert(DELIVERY, HeaderValue::from_static(self.delivery.as_str()));
        let stop_reason = HeaderValue::from_static(self.stop_reason.as_str());
        headers.insert(STOP_REASON, stop_reason);
        if let Some(key) = self.key {
            headers.insert(KEY, key);
        }
    }
}

/// Takes away every header that begins like those above.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let ours: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str().starts_with(PREFIX))
        .cloned()
        .collect();
    for name in ours {
        headers.remove(name);
    }
}

/// Puts our wait in the place of the upstream's, if ours is longer. Whoever came at the upstream's own
/// time, together with everybody else who was told it, would be refused here: the gate ends with a
/// jitter, and the returns behind it are spread.
pub(crate) fn say_the_later(
    headers: &mut HeaderMap,
    status: StatusCode,
    ours: Option<Duration>,
    wall: SystemTime,
) {
    let theirs = retry_after::parse(headers, wall).delay();
    let (true, Some(theirs), Some(ours)) = (retry_after::is_read_on(status), theirs, ours) else {
        return;
    };
    if ours > theirs {
        headers.insert(RETRY_AFTER, whole_seconds(ours).into());
    }
}

/// `Retry-After` in whole seconds: never earlier than it is meant, and never at once.
pub(crate) fn whole_seconds(wait: Duration) -> u64 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(begun).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_cannot_tell_in_our_name() {
        let mut headers = HeaderMap::new();
        headers.append(ATTEMPTS, 9.into());
        headers.append(ATTEMPTS, 8.into());
        headers.append(KEY, HeaderValue::from_static("theirs"));
        headers.append("seawall-more", HeaderValue::from_static("theirs"));
        headers.append("seawalls", HeaderValue::from_static("theirs"));
        Told::nothing_sent(StopReason::Permanent).put_on(&mut headers);

        let mut seen: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        seen.sort_unstable();
        let expected = [
            ("seawall-attempts", "0"),
            ("seawall-delivery", "not_sent"),
            ("seawall-stop-reason", "permanent"),
            ("seawalls", "theirs"),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn whole_seconds_are_never_too_early_and_never_zero() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
        assert_eq!(whole_seconds(Duration::MAX), u64::MAX);
    }

    fn said(theirs: Option<&'static str>, status: u16, ours: Option<u64>) -> Option<String> {
        let mut headers = HeaderMap::new();
        if let Some(theirs) = theirs {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(theirs));
        }
        let status = StatusCode::from_u16(status).unwrap();
        let ours = ours.map(Duration::from_millis);
        say_the_later(&mut headers, status, ours, SystemTime::UNIX_EPOCH);
        let value = headers.get(RETRY_AFTER)?;
        Some(value.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_later_of_two_waits_is_said() {
        let date = "Thu, 01 Jan 1970 00:00:20 GMT";
        for (theirs, ours, expected) in [
            ("20", Some(20_500), "21"),
            ("20", Some(20_000), "20"),
            ("20", Some(3_000), "20"),
            ("20", None, "20"),
            (date, Some(21_000), "21"),
            (date, Some(19_000), date),
            ("soon", Some(21_000), "soon"),
        ] {
            assert_eq!(said(Some(theirs), 503, ours).as_deref(), Some(expected));
        }
    }

    #[test]
    fn an_answer_that_asks_for_no_wait_is_left_alone() {
        assert_eq!(said(None, 503, Some(20_000)), None);
        assert_eq!(said(Some("1"), 200, Some(20_000)).as_deref(), Some("1"));
    }
}
