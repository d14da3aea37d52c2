//! The service.

use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::admission::Candidate;
use super::{ThrottleFuture, ThrottledBody};
use crate::middleware::credentials::Sources;
use crate::{BoxError, Error, Upstreams};

/// The service of a [`ThrottleLayer`](super::ThrottleLayer).
#[derive(Clone, Debug)]
pub struct Throttle<S> {
    inner: S,
    upstreams: Upstreams,
    sources: Sources,
}

impl<S> Throttle<S> {
    pub(super) const fn new(inner: S, upstreams: Upstreams, sources: Sources) -> Self {
        Self {
            inner,
            upstreams,
            sources,
        }
    }
}

impl<S, B, C> Service<Request<B>> for Throttle<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
    S::Error: Into<BoxError>,
{
    type Response = Response<ThrottledBody<C>>;
    type Error = Error;
    type Future = ThrottleFuture<S, B>;

    /// Ready when the inner service is: a place is taken only after that, for it may be the inner
    /// service's last connection that somebody with a place waits for.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let candidate = Candidate::of(&request, &self.upstreams, &self.sources);
        let Some(candidate) = candidate else {
            return ThrottleFuture::unlimited(self.inner.call(request));
        };
        // The instance that was made ready waits with the call; the clone takes its place.
        let clone = self.inner.clone();
        let ready = mem::replace(&mut self.inner, clone);
        ThrottleFuture::apply(ready, request, candidate)
    }
}
