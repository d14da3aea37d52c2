//! The service.

use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::CircuitFuture;
use super::admission::Candidate;
use crate::{BoxError, CredentialsLayer, Error, Upstreams};

/// The service of a [`CircuitLayer`](super::CircuitLayer).
#[derive(Clone, Debug)]
pub struct CircuitBreaker<S> {
    inner: S,
    upstreams: Upstreams,
    credentials: CredentialsLayer,
}

impl<S> CircuitBreaker<S> {
    pub(super) const fn new(inner: S, upstreams: Upstreams, credentials: CredentialsLayer) -> Self {
        Self {
            inner,
            upstreams,
            credentials,
        }
    }
}

impl<S, B, C> Service<Request<B>> for CircuitBreaker<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
    S::Error: Into<BoxError>,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = CircuitFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut candidate = Candidate::of(&mut request, &self.upstreams, &self.credentials);
        if let Some(admitted) = candidate.pass_untroubled() {
            let attempt = self.inner.call(admitted.mark(request));
            return CircuitFuture::attempt(attempt, admitted);
        }
        // The instance that was made ready waits with the call; the clone takes its place.
        let clone = self.inner.clone();
        let ready = mem::replace(&mut self.inner, clone);
        CircuitFuture::apply(ready, request, candidate)
    }
}
