//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower_service::Service;

use super::call::CallLog;
use super::conclusion::Conclusion;
use super::kept::Kept;
use super::spare::Spare;
use crate::body::Replay;
use crate::policy::{Failure, Progress};
use crate::{BoxError, Error, clock};

pin_project! {
    /// The future of a [`Retry`](super::Retry).
    pub struct RetryFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S::Future>,
        service: S,
        // What will be sent if there is a retry.
        again: Option<Kept<B>>,
        log: CallLog,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Attempting { #[pin] attempt: F },
        BackingOff { #[pin] sleep: Sleep },
        Readying,
    }
}

impl<S, B> RetryFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) const fn new(
        attempt: S::Future,
        service: S,
        again: Option<Kept<B>>,
        log: CallLog,
    ) -> Self {
        Self {
            state: State::Attempting { attempt },
            service,
            again,
            log,
        }
    }

    /// A call whose first attempt was sent elsewhere, and that is sent again then.
    pub(super) fn again(service: S, kept: Kept<B>, log: CallLog, at: Instant) -> Self {
        Self {
            state: State::wait_until(at),
            service,
            again: Some(kept),
            log,
        }
    }
}

impl<F> State<F> {
    /// A zero delay makes no timer.
    fn wait_until(at: Instant) -> Self {
        if at <= clock::now() {
            return Self::Readying;
        }
        let sleep = clock::sleep_until(at);
        Self::BackingOff { sleep }
    }
}

impl<S, B, C> Future for RetryFuture<S, B>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
    B: Replay,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Attempting { attempt } => {
                    let result = ready!(attempt.poll(cx)).map_err(Error::from_inner);
                    let spare = match this.again {
                        Some(kept) => Spare::Kept(kept.body_mut()),
                        None if this.log.may_retry() => Spare::None,
                        None => Spare::NotNeeded,
                    };
                    match this.log.conclude(result, spare) {
                        Conclusion::Return(result) => return Poll::Ready(result),
                        Conclusion::Retry(at) => this.state.set(State::wait_until(at)),
                    }
                }
                StateProj::BackingOff { sleep } => {
                    ready!(sleep.poll(cx));
                    this.state.set(State::Readying);
                }
                StateProj::Readying => {
                    let unready = match this.service.poll_ready(cx) {
                        Poll::Ready(ready) => ready.map_err(Error::before_sending),
                        // Only this layer can still say what became of the attempts before.
                        Poll::Pending if this.log.is_too_late(clock::now()) => {
                            Err(Error::unsent(Failure::Deadline(Progress::Unsent)))
                        }
                        Poll::Pending => return Poll::Pending,
                    };
                    if let Err(error) = unready {
                        return Poll::Ready(Err(this.log.refused_here(error)));
                    }
                    let mut request = this
                        .again
                        .take()
                        .expect("a retry is decided only for what can be replayed")
                        .into_request();
                    *this.again = this.log.may_retry().then(|| Kept::of(&request)).flatten();
                    this.log.resend(&mut request);
                    let attempt = this.service.call(request);
                    this.state.set(State::Attempting { attempt });
                }
            }
        }
    }
}
