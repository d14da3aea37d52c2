//! `grpc-timeout`: how long the caller will wait.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

static TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The most that eight digits hold.
const MOST: u128 = 99_999_999;

/// Units of the specification with their length in nanoseconds, the finest first.
const UNITS: [(char, u128); 6] = [
    ('n', 1),
    ('u', 1_000),
    ('m', 1_000_000),
    ('S', 1_000_000_000),
    ('M', 60_000_000_000),
    ('H', 3_600_000_000_000),
];

/// A timeout in the words of gRPC: at most eight digits and a unit (grpc/doc/PROTOCOL-HTTP2.md).
///
/// It is in the finest unit that holds it, rounded down: the server is never promised more time than
/// there is.
///
/// ```
/// use std::time::Duration;
/// use seawall::policy::grpc::Timeout;
///
/// assert_eq!(Timeout::of(Duration::from_secs(10)).to_string(), "10000000u");
/// assert_eq!(Timeout::of(Duration::from_nanos(100_000_001)).to_string(), "100000u");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    digits: u32,
    unit: char,
}

impl Timeout {
    /// What is closest to `time` without being longer. No time at all is one nanosecond, as gRPC
    /// knows no zero.
    #[must_use]
    pub fn of(time: Duration) -> Self {
        let nanos = time.as_nanos().max(1);
        let fits = |(_, length): &(char, u128)| nanos / length <= MOST;
        let (unit, length) = UNITS.into_iter().find(fits).unwrap_or(UNITS[5]);
        Self {
            digits: (nanos / length).min(MOST) as u32,
            unit,
        }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.digits, self.unit)
    }
}

/// The timeout that a request brings: the shortest, if there are several lines. What is not of the
/// form that gRPC wants is none.
///
/// ```
/// use std::time::Duration;
/// use http::{HeaderMap, HeaderValue};
/// use seawall::policy::grpc;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("grpc-timeout", HeaderValue::from_static("1500m"));
/// assert_eq!(grpc::timeout(&headers), Some(Duration::from_millis(1500)));
/// ```
#[must_use]
pub fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(&TIMEOUT).iter();
    lines.filter_map(parse).min()
}

fn parse(line: &HeaderValue) -> Option<Duration> {
    let unit_at = line.len().checked_sub(1)?;
    let (digits, unit) = line.to_str().ok()?.split_at_checked(unit_at)?;
    let is_number = (1..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let count = digits.parse::<u64>().ok().filter(|_| is_number)?;
    let unit = unit.chars().next()?;
    let (_, length) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    // A hundred million hours overflow no clock: 114 centuries.
    let nanos = u128::from(count) * length;
    let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
    Some(Duration::new(seconds, (nanos % 1_000_000_000) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", HeaderValue::from_static(line));
        timeout(&headers)
    }

    #[test]
    fn it_is_written_in_eight_digits_and_never_longer_than_it_is() {
        for (nanos, written) in [
            (0, "1n"),
            (1, "1n"),
            (99_999_999, "99999999n"),
            (100_000_000, "100000u"),
            (99_999_999_999, "99999999u"),
            (100_000_999_999, "100000m"),
            (86_400_000_000_000, "86400000m"),
            (99_999_999_999_999, "99999999m"),
            (100_000_000_000_000, "100000S"),
        ] {
            let time = Duration::from_nanos(nanos);
            assert_eq!(Timeout::of(time).to_string(), written, "{time:?}");
        }
        let years = Timeout::of(Duration::from_secs(100_000_000 * 60));
        assert_eq!(years.to_string(), "1666666H");
        assert_eq!(Timeout::of(Duration::MAX).to_string(), "99999999H");
    }

    #[test]
    fn what_is_written_is_read_as_no_more_than_was_meant() {
        for shift in 0..63 {
            let time = Duration::from_nanos((1 << shift) + (1 << shift) / 3);
            let written = HeaderValue::try_from(Timeout::of(time).to_string()).unwrap();
            let read = parse(&written).unwrap();
            assert!(read <= time, "{written:?} for {time:?}");
            assert!(
                time.abs_diff(read) < time / 90_000 + Duration::from_nanos(1),
                "{time:?}"
            );
        }
    }

    #[test]
    fn every_unit_is_read() {
        assert_eq!(read("5n"), Some(Duration::from_nanos(5)));
        assert_eq!(read("5u"), Some(Duration::from_micros(5)));
        assert_eq!(read("5m"), Some(Duration::from_millis(5)));
        assert_eq!(read("5S"), Some(Duration::from_secs(5)));
        assert_eq!(read("5M"), Some(Duration::from_secs(300)));
        assert_eq!(read("5H"), Some(Duration::from_secs(18_000)));
        let most = Duration::from_secs(99_999_999 * 3600);
        assert_eq!(read("99999999H"), Some(most));
    }

    #[test]
    fn garbage_is_no_timeout() {
        for line in [
            "",
            "S",
            "5",
            "5s",
            "-5S",
            "+5S",
            "5.5S",
            "100000000S",
            "5 S",
            "5SS",
        ] {
            assert_eq!(read(line), None, "{line:?}");
        }
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"5\xff").unwrap();
        headers.insert("grpc-timeout", value);
        assert_eq!(timeout(&headers), None);
    }

    #[test]
    fn of_several_the_shortest_counts() {
        let mut headers = HeaderMap::new();
        for line in ["5S", "soon", "200m", "1M"] {
            headers.append("grpc-timeout", HeaderValue::from_static(line));
        }
        assert_eq!(timeout(&headers), Some(Duration::from_millis(200)));
    }
}
