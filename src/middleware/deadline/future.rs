//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::Response;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::policy::{Failure, Progress};
use crate::{BoxError, Error, clock};

pin_project! {
    /// The future of a [`CallDeadline`](super::CallDeadline).
    pub struct CallDeadlineFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Running {
            #[pin]
            inner: F,
            // Made once the inner future is pending: one that is ready at once needs no timer.
            #[pin]
            sleep: Option<Sleep>,
            deadline: Instant,
        },
        Ended { error: Option<Error> },
    }
}

impl<F> CallDeadlineFuture<F> {
    pub(super) const fn new(inner: F, deadline: Instant) -> Self {
        Self {
            state: State::Running {
                inner,
                sleep: None,
                deadline,
            },
        }
    }

    pub(super) const fn failed(error: Error) -> Self {
        Self {
            state: State::Ended { error: Some(error) },
        }
    }
}

impl<F, C, E> Future for CallDeadlineFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        match state.as_mut().project() {
            StateProj::Running {
                inner,
                mut sleep,
                deadline,
            } => {
                // The inner layers know this deadline too, and can say more about what happened.
                if let Poll::Ready(result) = inner.poll(cx) {
                    return Poll::Ready(result.map_err(Error::from_inner));
                }
                if sleep.is_none() {
                    sleep.set(Some(clock::sleep_until(*deadline)));
                }
                if let Some(sleep) = sleep.as_pin_mut() {
                    ready!(sleep.poll(cx));
                }
            }
            StateProj::Ended { error } => {
                return Poll::Ready(Err(error
                    .take()
                    .expect("a future is not polled once it was ready")));
            }
        }
        state.set(State::Ended { error: None });
        Poll::Ready(Err(Error::transport(Failure::Deadline(
            Progress::MaybeSent,
        ))))
    }
}
