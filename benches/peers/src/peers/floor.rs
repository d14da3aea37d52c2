//! No peer, but the floor: what no stack with these rules can leave out, and nothing else. No decision is
//! taken, nothing is counted, and nothing ends an attempt that takes too long.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue, Request};
use tower::Service;

use crate::request::Body;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A service whose calls are timed, carry a key, and could be sent again.
#[derive(Clone, Debug)]
pub struct Floor<S> {
    service: S,
    /// Used again for each call, so that it costs no allocation.
    kept: Vec<u8>,
}

/// A service on the floor.
pub fn floor<S>(service: S) -> Floor<S> {
    let kept = Vec::with_capacity(1_024);
    Floor { service, kept }
}

impl<S> Floor<S> {
    /// A copy of the head, from which a retry could make it again.
    fn keep(&mut self, request: &Request<Body>) {
        self.kept.clear();
        for (name, value) in request.headers() {
            for part in [name.as_str().as_bytes(), value.as_bytes()] {
                self.kept.extend_from_slice(&part.len().to_le_bytes());
                self.kept.extend_from_slice(part);
            }
        }
    }
}

impl<S> Service<Request<Body>> for Floor<S>
where
    S: Service<Request<Body>>,
    S::Future: Unpin,
{
    type Response = (S::Response, Duration);
    type Error = S::Error;
    type Future = Timed<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let since = Instant::now();
        let key = HeaderValue::from_bytes(b"550e8400-e29b-41d4-a716-446655440000");
        let key = key.expect("visible characters");
        request.headers_mut().insert(KEY, key);
        self.keep(&request);
        let attempt = self.service.call(request);
        Timed { attempt, since }
    }
}

/// An attempt, and when it began.
#[derive(Debug)]
pub struct Timed<F> {
    attempt: F,
    since: Instant,
}

impl<F, T, E> Future for Timed<F>
where
    F: Future<Output = Result<T, E>> + Unpin,
{
    type Output = Result<(T, Duration), E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = Pin::new(&mut self.attempt).poll(cx);
        answer.map_ok(|answer| (answer, self.since.elapsed()))
    }
}
