//! The service.

use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tower_service::Service;

use super::CallDeadlineFuture;
use crate::middleware::Deadline;
use crate::policy::{Failure, Progress};
use crate::{BoxError, Error, Upstreams, clock};

/// The service of a [`DeadlineLayer`](super::DeadlineLayer).
#[derive(Clone, Debug)]
pub struct CallDeadline<S> {
    inner: S,
    bound: Bound,
}

/// Where the deadline is written.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    Fixed(Duration),
    Policy(Upstreams),
}

impl Bound {
    /// The deadline, and whether errors carry the codes of payments.
    fn now(&self) -> (Duration, bool) {
        match self {
            Self::Fixed(deadline) => (*deadline, false),
            Self::Policy(upstreams) => {
                let policy = upstreams.policy_now();
                (policy.deadline(), policy.is_for_payments())
            }
        }
    }
}

impl<S> CallDeadline<S> {
    pub(super) const fn new(inner: S, bound: Bound) -> Self {
        Self { inner, bound }
    }
}

impl<S, B, C> Service<Request<B>> for CallDeadline<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = CallDeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let now = clock::now();
        let (deadline, payments) = self.bound.now();
        let ours = Deadline::at(clock::after(now, deadline));
        let arrived = Deadline::of(&request);
        let tighter = arrived.map_or(ours, |arrived| arrived.min(ours));
        if tighter.instant() <= now {
            let passed = Failure::Deadline(Progress::Unsent);
            return CallDeadlineFuture::refused(Error::unsent(passed).for_payments(payments));
        }
        request.extensions_mut().insert(tighter);
        let call = self.inner.call(request);
        CallDeadlineFuture::new(call, tighter.instant(), payments)
    }
}
