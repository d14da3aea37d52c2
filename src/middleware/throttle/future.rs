//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::sync::futures::OwnedNotified;
use tokio::time::Sleep;
use tower_service::Service;

use super::ThrottledBody;
use super::admission::{Candidate, Next, Passed};
use crate::{BoxError, Error, clock};

pin_project! {
    /// The future of a [`Throttle`](super::Throttle).
    pub struct ThrottleFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S::Future>,
        // What waits to be sent, with the instance that was made ready for it.
        pending: Option<(S, Request<B>, Candidate)>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Asking,
        Waiting {
            #[pin]
            sleep: Sleep,
            #[pin]
            changed: OwnedNotified,
        },
        Attempting {
            #[pin]
            attempt: F,
            // `None` where nothing is limited.
            passed: Option<Passed>,
        },
    }
}

impl<S, B> ThrottleFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) const fn unlimited(attempt: S::Future) -> Self {
        Self {
            state: State::Attempting {
                attempt,
                passed: None,
            },
            pending: None,
        }
    }

    pub(super) const fn apply(service: S, request: Request<B>, candidate: Candidate) -> Self {
        Self {
            state: State::Asking,
            pending: Some((service, request, candidate)),
        }
    }
}

impl<S, B, C> Future for ThrottleFuture<S, B>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
{
    type Output = Result<Response<ThrottledBody<C>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Asking => {
                    let (mut service, mut request, mut candidate) = this
                        .pending
                        .take()
                        .expect("a call that asks holds its request");
                    let next = match candidate.ask() {
                        Next::Refused(error) => return Poll::Ready(Err(error)),
                        Next::Passed(passed) => {
                            passed.mark(&mut request);
                            State::Attempting {
                                attempt: service.call(request),
                                passed: Some(passed),
                            }
                        }
                        Next::Wait(until, changed) => {
                            *this.pending = Some((service, request, candidate));
                            State::Waiting {
                                sleep: clock::sleep_until(until),
                                changed,
                            }
                        }
                    };
                    this.state.set(next);
                }
                StateProj::Waiting { sleep, changed } => {
                    let candidate = this.pending.as_mut().map(|(_, _, candidate)| candidate);
                    let place = candidate.map_or(Poll::Pending, |one| one.poll_place(cx));
                    if place.is_pending() && changed.poll(cx).is_pending() {
                        ready!(sleep.poll(cx));
                    }
                    this.state.set(State::Asking);
                }
                StateProj::Attempting { attempt, passed } => {
                    let result = ready!(attempt.poll(cx)).map_err(Error::from_inner);
                    let passed = passed.take();
                    let mut response = result?;
                    let place = passed.and_then(|passed| passed.answered(&mut response));
                    let response = response.map(|body| ThrottledBody::new(body, place));
                    return Poll::Ready(Ok(response));
                }
            }
        }
    }
}
