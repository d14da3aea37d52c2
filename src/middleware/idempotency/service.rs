//! The service.

use std::task::{Context, Poll};

use http::Request;
use tower_service::Service;

use crate::Upstreams;
use crate::policy::idempotency::IdempotencyKey;

/// The service of an [`IdempotencyLayer`](super::IdempotencyLayer).
#[derive(Clone, Debug)]
pub struct Idempotency<S> {
    inner: S,
    upstreams: Upstreams,
}

impl<S> Idempotency<S> {
    pub(super) const fn new(inner: S, upstreams: Upstreams) -> Self {
        Self { inner, upstreams }
    }

    fn add_key<B>(&self, request: &mut Request<B>) {
        let policy = self.upstreams.policy();
        if policy.injects_key_into(request.method()) {
            let header = policy.provider().key_header();
            request.headers_mut().entry(header).or_insert_with(|| {
                let bytes = self.upstreams.random().key_bytes();
                IdempotencyKey::from_random_bytes(bytes).to_header_value()
            });
        }
    }
}

impl<S, B> Service<Request<B>> for Idempotency<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        self.add_key(&mut request);
        self.inner.call(request)
    }
}
