//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::admitted::Admitted;
use super::asking::Asking;
use super::outcome;
use crate::{BoxError, Error};

pin_project! {
    /// The future of a [`CircuitBreaker`](super::CircuitBreaker).
    pub struct CircuitFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S::Future, Asking<S, B>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, A> {
        // Boxed: whoever has to ask has the time, and the others need not carry its room about.
        Asking { asking: Pin<Box<A>> },
        Attempting {
            #[pin]
            attempt: F,
            admitted: Admitted,
        },
        TurnedAway { error: Option<Error> },
    }
}

impl<S, B> CircuitFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) const fn attempt(attempt: S::Future, admitted: Admitted) -> Self {
        Self {
            state: State::Attempting { attempt, admitted },
        }
    }

    pub(super) fn ask(asking: Asking<S, B>) -> Self {
        Self {
            state: State::Asking {
                asking: Box::pin(asking),
            },
        }
    }

    pub(super) const fn turned_away(error: Error) -> Self {
        Self {
            state: State::TurnedAway { error: Some(error) },
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
                StateProj::Asking { asking } => {
                    let (attempt, admitted) = ready!(asking.as_mut().poll(cx))?;
                    this.state.set(State::Attempting { attempt, admitted });
                }
                StateProj::Attempting { attempt, admitted } => {
                    let mut result = ready!(attempt.poll(cx)).map_err(Error::from_inner);
                    match &mut result {
                        Ok(response) => outcome::answered(admitted, response),
                        Err(error) => outcome::failed(admitted, error),
                    }
                    return Poll::Ready(result);
                }
                StateProj::TurnedAway { error } => {
                    return Poll::Ready(Err(error
                        .take()
                        .expect("a future is not polled once it was ready")));
                }
            }
        }
    }
}
