//! What the tests of the layers share: requests, a scripted upstream, the stack around it.

mod log;
mod pieces;
mod script;
mod spans;
mod stack;

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;

pub(crate) use self::log::Log;
pub(crate) use self::pieces::{Piece, Pieces};
pub(crate) use self::script::{Blocked, Script, Seen, Tracked};
pub(crate) use self::spans::Spans;
pub(crate) use self::stack::{Stack, Tell, external, payments, read_on, steady, without_timers};
use crate::policy::Failure;
use crate::{BoxError, Error, IdempotencyKey, Report, TransportError};

pub(crate) type Call = Request<Full<Bytes>>;
pub(crate) type Answer = Response<Tracked>;
pub(crate) type Outcome = Result<Answer, Error>;

pub(crate) const URL: &str = "https://gateway.test/v1/payments?card=s3cret-query";

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Lets that much time pass, and whoever waits for it run.
#[expect(clippy::disallowed_methods, reason = "a test says what time it is")]
pub(crate) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Lets all other tasks run until none can go on.
pub(crate) async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

pub(crate) fn call(method: Method, url: &str, body: &'static str) -> Call {
    let mut request = Request::new(Full::new(Bytes::from_static(body.as_bytes())));
    *request.method_mut() = method;
    *request.uri_mut() = url.parse::<Uri>().unwrap();
    request
}

pub(crate) fn get() -> Call {
    call(Method::GET, URL, "")
}

pub(crate) fn put() -> Call {
    call(Method::PUT, URL, "s3cret-body")
}

pub(crate) fn post() -> Call {
    call(Method::POST, URL, "s3cret-body")
}

pub(crate) fn with_header(mut request: Call, name: &'static str, value: &str) -> Call {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

pub(crate) fn with_extension<T: Clone + Send + Sync + 'static>(
    mut request: Call,
    extension: T,
) -> Call {
    request.extensions_mut().insert(extension);
    request
}

pub(crate) fn keyed() -> Call {
    with_header(post(), "idempotency-key", "order-1042")
}

/// The key that a report names.
pub(crate) fn key_in(report: &Report) -> Option<&str> {
    report.idempotency_key().map(IdempotencyKey::as_str)
}

/// What the upstream does with one request.
pub(crate) enum Step {
    Answer(StatusCode, Vec<(&'static str, String)>, Pieces),
    Fail(BoxError),
    Hang,
    After(Duration, Box<Step>),
}

impl Step {
    pub(crate) fn after(self, time: Duration) -> Self {
        Self::After(time, Box::new(self))
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        if let Self::Answer(_, headers, _) = &mut self {
            headers.push((name, value.to_string()));
        }
        self
    }

    pub(crate) fn body(mut self, pieces: impl IntoIterator<Item = Piece>) -> Self {
        if let Self::Answer(_, _, body) = &mut self {
            *body = Pieces::new(pieces);
        }
        self
    }
}

pub(crate) fn status(status: u16) -> Step {
    let body = Pieces::new([Piece::Data("s3cret-answer")]);
    Step::Answer(StatusCode::from_u16(status).unwrap(), Vec::new(), body)
}

pub(crate) fn retry_after(code: u16, seconds: u64) -> Step {
    status(code).header("retry-after", seconds)
}

pub(crate) fn failure(failure: Failure) -> Step {
    Step::Fail(TransportError::new(failure, "scripted").into())
}

/// An error of another crate, of which only the type says something.
pub(crate) fn io(kind: std::io::ErrorKind) -> Step {
    Step::Fail(std::io::Error::from(kind).into())
}
