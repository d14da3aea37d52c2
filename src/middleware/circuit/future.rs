//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::sync::futures::OwnedNotified;
use tokio::time::Sleep;
use tower_service::Service;

use super::admission::{Admitted, Candidate};
use super::outcome;
use crate::middleware::admission::Answer;
use crate::{BoxError, Error, clock};

pin_project! {
    /// The future of a [`CircuitBreaker`](super::CircuitBreaker).
    pub struct CircuitFuture<S, B>
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
            admitted: Admitted,
        },
    }
}

impl<S, B> CircuitFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) const fn attempt(attempt: S::Future, admitted: Admitted) -> Self {
        Self {
            state: State::Attempting { attempt, admitted },
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

impl<S, B, C> Future for CircuitFuture<S, B>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Asking => {
                    let (mut service, request, mut candidate) = this
                        .pending
                        .take()
                        .expect("a call that asks holds its request");
                    let next = match candidate.ask() {
                        Answer::Refused(error) => return Poll::Ready(Err(error)),
                        Answer::Passed(admitted) => State::Attempting {
                            attempt: service.call(admitted.mark(request)),
                            admitted,
                        },
                        Answer::Wait(until, changed) => {
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
                    if changed.poll(cx).is_pending() {
                        ready!(sleep.poll(cx));
                    }
                    this.state.set(State::Asking);
                }
                StateProj::Attempting { attempt, admitted } => {
                    let mut result = ready!(attempt.poll(cx)).map_err(Error::from_inner);
                    match &mut result {
                        Ok(response) => outcome::answered(admitted, response),
                        Err(error) => outcome::failed(admitted, error),
                    }
                    return Poll::Ready(result);
                }
            }
        }
    }
}
