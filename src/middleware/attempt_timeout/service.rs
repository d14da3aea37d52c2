//! The service.

use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tower_service::Service;

use super::AttemptTimeoutFuture;
use super::future::Limit;
use crate::middleware::Deadline;
use crate::policy::{Failure, Progress};
use crate::{BoxError, Error, Upstreams, clock};

/// The service of an [`AttemptTimeoutLayer`](super::AttemptTimeoutLayer).
#[derive(Clone, Debug)]
pub struct AttemptTimeout<S> {
    inner: S,
    bound: Bound,
}

/// Where the timeout is written.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    Fixed(Duration),
    Policy(Upstreams),
}

impl Bound {
    fn of<B>(&self, request: &Request<B>) -> Duration {
        match self {
            Self::Fixed(timeout) => *timeout,
            Self::Policy(upstreams) => upstreams.policy_of(request).attempt_timeout(),
        }
    }
}

impl<S> AttemptTimeout<S> {
    pub(super) const fn new(inner: S, bound: Bound) -> Self {
        Self { inner, bound }
    }
}

impl<S, B, C> Service<Request<B>> for AttemptTimeout<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = AttemptTimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let now = clock::now();
        let deadline = Deadline::of(&request);
        let limit = Limit::of(now, self.bound.of(&request), deadline);
        if limit.is_over(now) {
            let too_late = Failure::Deadline(Progress::Unsent);
            return AttemptTimeoutFuture::refused(Error::unsent(too_late));
        }
        let gate = limit.pass_down(&mut request, deadline);
        AttemptTimeoutFuture::new(self.inner.call(request), limit, gate)
    }
}
