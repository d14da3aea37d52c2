//! The agreed `Retry-After` cases, each run against the public API.

use std::fs;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use seawall::policy::retry_after::{self, RetryAfter};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    cap_seconds: u64,
    retry_after: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    status: u16,
    retry_after: Vec<String>,
    header_name: Option<String>,
    now_unix: u64,
    response_date: Option<String>,
    expect: Expect,
    level: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expect {
    One(Outcome),
    Any { any_of: Vec<Outcome> },
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Outcome {
    Delay { seconds: u64 },
    Absent,
    Invalid,
    OverCap,
}

impl Case {
    fn parsed(&self) -> RetryAfter {
        let name = self.header_name.as_deref().unwrap_or("retry-after");
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
        let mut headers = HeaderMap::new();
        for line in &self.retry_after {
            headers.append(
                &name,
                HeaderValue::from_bytes(line.as_bytes()).expect("a header value"),
            );
        }
        if let Some(date) = &self.response_date {
            headers.insert(
                header::DATE,
                HeaderValue::from_str(date).expect("a header value"),
            );
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(self.now_unix);
        retry_after::parse(&headers, now)
    }

    fn is_met_by(&self, parsed: RetryAfter, cap: Duration) -> bool {
        let status = StatusCode::from_u16(self.status).expect("a status");
        let meets = |outcome: &Outcome| match *outcome {
            Outcome::Delay { seconds } => parsed.delay() == Some(Duration::from_secs(seconds)),
            Outcome::Absent => parsed == RetryAfter::Absent || !retry_after::is_read_on(status),
            Outcome::Invalid => parsed == RetryAfter::Invalid,
            Outcome::OverCap => parsed.delay().is_some_and(|wait| wait > cap),
        };
        match &self.expect {
            Expect::One(outcome) => meets(outcome),
            Expect::Any { any_of } => any_of.iter().any(meets),
        }
    }
}

#[test]
fn every_agreed_case_is_read_as_agreed() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/vectors/retry_after.json"
    );
    let text = fs::read_to_string(path).expect("the vectors are in the package");
    let vectors: Vectors = serde_json::from_str(&text).expect("the vectors are well formed");
    let cap = Duration::from_secs(vectors.cap_seconds);
    let mut failures = Vec::new();
    let mut run = 0;
    for case in &vectors.retry_after {
        let parsed = case.parsed();
        if !case.is_met_by(parsed, cap) {
            let Case {
                id,
                level,
                why,
                retry_after,
                ..
            } = case;
            failures.push(format!(
                "{id} ({level}, {why}): {retry_after:?} gave {parsed:?}"
            ));
        }
        run += 1;
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // Counted in the text, so that no case can be lost on its way through the types above.
    assert_eq!(run, text.matches("\"id\":").count());
    assert!(run > 50, "the file holds {run} cases");
}
