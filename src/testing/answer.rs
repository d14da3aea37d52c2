//! The gateway's answers.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::weather::Refusal;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An answer, whatever the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Answer {
    /// A status that says all there is to say.
    pub(super) fn bare(status: StatusCode) -> Self {
        let word = status.canonical_reason().unwrap_or("status");
        Self::json(status, format!(r#"{{"status":{}}}"#, quoted(word)))
    }

    /// A payment that was taken.
    pub(super) fn paid(id: &str, key: Option<&str>) -> Self {
        let (id, key) = (quoted(id), key.map_or_else(|| "null".into(), quoted));
        let body = format!(r#"{{"id":{id},"status":"paid","key":{key}}}"#);
        Self::json(StatusCode::OK, body)
    }

    /// A key that was never charged.
    pub(super) fn unknown_key() -> Self {
        Self::json(StatusCode::NOT_FOUND, r#"{"status":"unknown"}"#.into())
    }

    pub(super) fn unauthorized() -> Self {
        Self::bare(StatusCode::UNAUTHORIZED).with(WWW_AUTHENTICATE, "Bearer".into())
    }

    pub(super) fn too_many_requests(retry_after: u64) -> Self {
        Self::bare(StatusCode::TOO_MANY_REQUESTS).with(RETRY_AFTER, retry_after.to_string())
    }

    pub(super) fn refused(refusal: Refusal) -> Self {
        let unavailable = Self::bare(StatusCode::SERVICE_UNAVAILABLE);
        match refusal {
            Refusal::Maintenance { retry_after: None } | Refusal::QueueFull => unavailable,
            Refusal::Maintenance {
                retry_after: Some(wait),
            } => unavailable.with(RETRY_AFTER, whole_seconds(wait).to_string()),
            Refusal::RateLimited => Self::too_many_requests(1),
        }
    }

    /// The same answer to the same request, again.
    pub(super) fn replayed(self) -> Self {
        self.with(REPLAYED, "true".into())
    }

    fn json(status: StatusCode, body: String) -> Self {
        Self {
            status,
            headers: vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body: body.into(),
        }
    }

    fn with(mut self, name: HeaderName, value: String) -> Self {
        let value = HeaderValue::try_from(value).expect("a word or a number");
        self.headers.push((name, value));
        self
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        let length = self.body.len().into();
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response.headers_mut().insert(CONTENT_LENGTH, length);
        response
    }

    /// The answer in HTTP/1.1: its head, and its body.
    pub(super) fn into_http1(self) -> (Vec<u8>, Bytes) {
        let response = self.into_response();
        let mut head = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
        for (name, value) in response.headers() {
            let name = name.as_str().as_bytes();
            head.extend([name, b": ", value.as_bytes(), b"\r\n"].concat());
        }
        head.extend(b"\r\n");
        (head, response.into_body())
    }
}

/// Rounded up: nobody is asked to come too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut json = String::from('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => json.extend(['\\', char]),
            // The only control character that a header can hold.
            '\t' => json.push_str("\\t"),
            plain => json.push(plain),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(answer: Answer) -> String {
        let (head, body) = answer.into_http1();
        String::from_utf8([&head[..], &body].concat()).unwrap()
    }

    #[test]
    fn a_payment_names_its_key_or_none() {
        let answer = text(Answer::paid("ch_1", Some("order-1")));
        assert_eq!(
            answer,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 45\r\n\r\n\
             {\"id\":\"ch_1\",\"status\":\"paid\",\"key\":\"order-1\"}"
        );
        assert!(text(Answer::paid("ch_1", None)).ends_with("\"key\":null}"));
    }

    #[test]
    fn a_key_cannot_break_the_json() {
        let answer = text(Answer::paid("ch_1", Some("\"\\\t")));
        assert!(answer.ends_with(r#""key":"\"\\\t"}"#), "{answer}");
    }

    #[test]
    fn maintenance_names_its_end_in_whole_seconds_or_not_at_all() {
        let retry_after = |wait| text(Answer::refused(Refusal::Maintenance { retry_after: wait }));
        let answer = retry_after(Some(Duration::from_millis(1_001)));
        assert!(answer.contains("\r\nretry-after: 2\r\n"), "{answer}");
        assert!(!retry_after(None).contains("retry-after"));
    }
}
