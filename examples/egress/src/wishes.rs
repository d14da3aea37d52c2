//! What a caller may say about its call, in headers that end here.

use std::fmt::Display;
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, HeaderName, Request, StatusCode};
use seawall::{Deadline, FirstSentAt, Priority};

use crate::problem::Problem;

const DEADLINE: HeaderName = HeaderName::from_static("seawall-deadline");
const PRIORITY: HeaderName = HeaderName::from_static("seawall-priority");
const FIRST_SENT_AT: HeaderName = HeaderName::from_static("seawall-first-sent-at");

/// The longest deadline that makes sense to add to a clock.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What a caller says about its call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wishes {
    until: Instant,
    priority: Priority,
    first_sent_at: Option<SystemTime>,
}

impl Wishes {
    /// Reads them as the request comes in: what its body takes to come is of the call's time.
    ///
    /// # Errors
    ///
    /// A [`Problem`] with a value that was not understood. It is not shown.
    pub(crate) fn read(
        headers: &HeaderMap,
        now: Instant,
        deadline: Duration,
    ) -> Result<Self, Problem> {
        let tighter = text(headers, &DEADLINE)?
            .map(|text| humantime::parse_duration(text).map_err(|_| wrong(&DEADLINE, &"5s")));
        let priority = text(headers, &PRIORITY)?.map(|text| match text {
            "foreground" => Ok(Priority::Foreground),
            "background" => Ok(Priority::Background),
            _ => Err(wrong(&PRIORITY, &"foreground` or `background")),
        });
        let first_sent_at = text(headers, &FIRST_SENT_AT)?.map(|text| {
            humantime::parse_rfc3339(text)
                .map_err(|_| wrong(&FIRST_SENT_AT, &"2026-11-20T12:20:00Z"))
        });
        let deadline = tighter.transpose()?.unwrap_or(deadline).min(deadline);
        Ok(Self {
            until: now + deadline.min(LONGEST),
            priority: priority.transpose()?.unwrap_or_default(),
            first_sent_at: first_sent_at.transpose()?,
        })
    }

    /// When the call has to have ended.
    pub(crate) const fn until(&self) -> Instant {
        self.until
    }

    /// Hands them to the client.
    pub(crate) fn put_on<B>(&self, request: &mut Request<B>) {
        let extensions = request.extensions_mut();
        extensions.insert(Deadline::at(self.until));
        if let Some(at) = self.first_sent_at {
            extensions.insert(FirstSentAt::new(at));
        }
        extensions.insert(self.priority);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut lines = headers.get_all(name).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    match (line.to_str(), lines.next()) {
        (Ok(text), None) => Ok(Some(text.trim())),
        _ => Err(wrong(name, &"one line of ASCII")),
    }
}

fn wrong(name: &HeaderName, example: &dyn Display) -> Problem {
    Problem::here(
        StatusCode::BAD_REQUEST,
        "bad_header",
        format!("the value of `{name}` is not understood: write `{example}`, or leave it out"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const DAY: Duration = Duration::from_secs(24 * 3_600);

    fn read(lines: &[(&'static str, &'static str)]) -> Result<Wishes, String> {
        read_at(clock::now(), lines)
    }

    fn read_at(now: Instant, lines: &[(&'static str, &'static str)]) -> Result<Wishes, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        Wishes::read(&headers, now, DAY).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn who_says_nothing_waits_in_the_foreground() {
        let now = clock::now();
        let usual = Wishes {
            until: now + DAY,
            priority: Priority::Foreground,
            first_sent_at: None,
        };
        assert_eq!(read_at(now, &[]), Ok(usual));
    }

    #[test]
    fn each_wish_reaches_the_client() {
        let now = clock::now();
        let lines = [
            ("seawall-deadline", "1m 30s"),
            ("seawall-priority", "background"),
            ("seawall-first-sent-at", "1970-01-01T00:01:00Z"),
        ];
        let mut request = Request::new(());
        read_at(now, &lines).unwrap().put_on(&mut request);

        let extensions = request.extensions();
        let deadline = extensions.get::<Deadline>().unwrap().instant();
        assert_eq!(deadline - now, Duration::from_secs(90));
        assert_eq!(extensions.get(), Some(&Priority::Background));
        let minute = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        assert_eq!(extensions.get(), Some(&FirstSentAt::new(minute)));
    }

    #[test]
    fn the_tighter_of_two_deadlines_holds() {
        let now = clock::now();
        for (wish, left) in [("90s", Duration::from_secs(90)), ("25h", DAY)] {
            let wishes = read_at(now, &[("seawall-deadline", wish)]).unwrap();
            assert_eq!(wishes.until() - now, left, "{wish}");
        }
    }

    #[test]
    fn a_deadline_of_ages_is_no_overflow() {
        let ages = read(&[("seawall-deadline", "500000000y")]);
        assert!(ages.is_ok());
        let endless = Wishes::read(&HeaderMap::new(), clock::now(), Duration::MAX);
        assert!(endless.is_ok());
    }

    #[test]
    fn what_is_not_understood_is_refused_and_not_shown() {
        for (name, value) in [
            ("seawall-deadline", "s3cret"),
            ("seawall-deadline", "17"),
            ("seawall-priority", "s3cret"),
            ("seawall-first-sent-at", "s3cret"),
            ("seawall-first-sent-at", "yesterday"),
        ] {
            let detail = read(&[(name, value)]).unwrap_err();
            assert!(
                detail.contains(name) && detail.contains("write `"),
                "{detail}"
            );
            assert!(!detail.contains(value), "{detail}");
        }
        let twice = [("seawall-deadline", "1s"), ("seawall-deadline", "2s")];
        assert!(read(&twice).unwrap_err().contains("one line"));
    }
}
