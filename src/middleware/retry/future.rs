//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower_service::Service;

use super::call::CallLog;
use super::conclusion::Conclusion;
use super::kept::Kept;
use super::spare::Spare;
use crate::body::Replay;
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

    /// A call whose attempts so far were sent elsewhere, and that is sent again now.
    pub(in crate::middleware) const fn again(service: S, kept: Kept<B>, log: CallLog) -> Self {
        Self {
            state: State::Readying,
            service,
            again: Some(kept),
            log,
        }
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
                        Conclusion::Retry(at) => this.state.set(match clock::wait_until(at) {
                            Some(sleep) => State::BackingOff { sleep },
                            None => State::Readying,
                        }),
                    }
                }
                StateProj::BackingOff { sleep } => {
                    ready!(sleep.poll(cx));
                    this.state.set(State::Readying);
                }
                StateProj::Readying => {
                    ready!(this.log.poll_ready(this.service, cx))?;
                    let kept = this.again.take();
                    let kept = kept.expect("a retry is decided only for what can be replayed");
                    let (mut request, again) = kept.send(this.log.may_retry());
                    *this.again = again;
                    this.log.resend(&mut request);
                    let attempt = this.service.call(request);
                    this.state.set(State::Attempting { attempt });
                }
            }
        }
    }
}
