//! `grpc-retry-pushback-ms`: when a server wants a call again, if at all.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

static PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// What a server says of a repeat of this one call (gRFC A6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushback {
    /// Nothing.
    Absent,
    /// Not before this wait, counted from its answer. It speaks of one call and closes no gate.
    Wait(Duration),
    /// Not at all: a negative number, or no number, which the specification takes for the same.
    Never,
}

/// Reads `grpc-retry-pushback-ms`: milliseconds, digits only, any number of them. Of several lines
/// the longest wait counts, if none of them says no.
///
/// ```
/// use std::time::Duration;
/// use http::{HeaderMap, HeaderValue};
/// use seawall::policy::grpc::{Pushback, pushback};
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(pushback(&headers), Pushback::Absent);
/// headers.insert("grpc-retry-pushback-ms", HeaderValue::from_static("1500"));
/// assert_eq!(pushback(&headers), Pushback::Wait(Duration::from_millis(1500)));
/// headers.insert("grpc-retry-pushback-ms", HeaderValue::from_static("-1"));
/// assert_eq!(pushback(&headers), Pushback::Never);
/// ```
#[must_use]
pub fn pushback(headers: &HeaderMap) -> Pushback {
    let mut longest = None;
    for line in headers.get_all(&PUSHBACK) {
        match wait(line) {
            Some(wait) => longest = longest.max(Some(wait)),
            None => return Pushback::Never,
        }
    }
    longest.map_or(Pushback::Absent, Pushback::Wait)
}

impl Pushback {
    /// The wait, if the server named one.
    #[must_use]
    pub const fn wait(self) -> Option<Duration> {
        match self {
            Self::Wait(wait) => Some(wait),
            Self::Absent | Self::Never => None,
        }
    }
}

fn wait(line: &HeaderValue) -> Option<Duration> {
    let digits = line.as_bytes().trim_ascii();
    // Not left to the integer parser: it takes a plus sign.
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = std::str::from_utf8(digits).ok()?.parse();
    // Only overflow can fail here: more digits than fit are still a plea to stay away.
    Some(number.map_or(Duration::MAX, Duration::from_millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&'static str]) -> Pushback {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("grpc-retry-pushback-ms", HeaderValue::from_static(line));
        }
        pushback(&headers)
    }

    fn millis(millis: u64) -> Pushback {
        Pushback::Wait(Duration::from_millis(millis))
    }

    #[test]
    fn a_wait_is_digits_and_nothing_else() {
        assert_eq!(read(&["0"]), millis(0));
        assert_eq!(read(&["00250"]), millis(250));
        assert_eq!(read(&[" 250 "]), millis(250));
        let overflow = read(&["99999999999999999999999"]);
        assert_eq!(overflow, Pushback::Wait(Duration::MAX));
    }

    #[test]
    fn what_is_negative_or_no_number_means_no() {
        for line in ["-1", "-0", "", " ", "+5", "1.5", "1s", "soon", "0x10"] {
            assert_eq!(read(&[line]), Pushback::Never, "{line:?}");
        }
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"1\xff").unwrap();
        headers.insert("grpc-retry-pushback-ms", value);
        assert_eq!(pushback(&headers), Pushback::Never);
    }

    #[test]
    fn of_several_lines_the_longest_counts_unless_one_says_no() {
        assert_eq!(read(&["20", "30", "10"]), millis(30));
        assert_eq!(read(&["20", "-1"]), Pushback::Never);
        assert_eq!(read(&["x", "20"]), Pushback::Never);
        assert_eq!(read(&[]), Pushback::Absent);
    }
}
