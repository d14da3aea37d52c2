//! What a caller may say about its call, in headers that end here.

use std::fmt::Display;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, Request, StatusCode};
use seawall::{Deadline, FirstSentAt, Priority};

use crate::clock;
use crate::problem::Problem;

const DEADLINE: HeaderName = HeaderName::from_static("seawall-deadline");
const PRIORITY: HeaderName = HeaderName::from_static("seawall-priority");
const FIRST_SENT_AT: HeaderName = HeaderName::from_static("seawall-first-sent-at");

/// The longest deadline that makes sense to add to a clock.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What a caller says about its call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wishes {
    deadline: Option<Duration>,
    priority: Priority,
    first_sent_at: Option<SystemTime>,
}

impl Wishes {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// A [`Problem`] with a value that was not understood. It is not shown.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let deadline = text(headers, &DEADLINE)?
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
        Ok(Self {
            deadline: deadline.transpose()?,
            priority: priority.transpose()?.unwrap_or_default(),
            first_sent_at: first_sent_at.transpose()?,
        })
    }

    /// Hands them to the client.
    pub(crate) fn put_on<B>(&self, request: &mut Request<B>) {
        let extensions = request.extensions_mut();
        if let Some(deadline) = self.deadline {
            extensions.insert(Deadline::at(clock::now() + deadline.min(LONGEST)));
        }
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

    fn read(lines: &[(&'static str, &'static str)]) -> Result<Wishes, String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        Wishes::read(&headers).map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn who_says_nothing_waits_in_the_foreground() {
        assert_eq!(read(&[]), Ok(Wishes::default()));
        assert_eq!(Wishes::default().priority, Priority::Foreground);
    }

    #[test]
    fn each_wish_reaches_the_client() {
        let wishes = read(&[
            ("seawall-deadline", "1m 30s"),
            ("seawall-priority", "background"),
            ("seawall-first-sent-at", "1970-01-01T00:01:00Z"),
        ]);
        let mut request = Request::new(());
        let before = clock::now();
        wishes.unwrap().put_on(&mut request);

        let extensions = request.extensions();
        let deadline = extensions.get::<Deadline>().unwrap().instant();
        assert!(deadline - before >= Duration::from_secs(90));
        assert!(deadline - before < Duration::from_secs(95));
        assert_eq!(extensions.get(), Some(&Priority::Background));
        let minute = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        assert_eq!(extensions.get(), Some(&FirstSentAt::new(minute)));
    }

    #[test]
    fn a_deadline_of_ages_is_no_overflow() {
        let wishes = read(&[("seawall-deadline", "500000000000y")]);
        if let Ok(wishes) = wishes {
            wishes.put_on(&mut Request::new(()));
        }
        let wishes = read(&[("seawall-deadline", "500000000y")]).unwrap();
        wishes.put_on(&mut Request::new(()));
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
