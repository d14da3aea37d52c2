//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::Response;
use pin_project_lite::pin_project;

use crate::middleware::timed::Timed;
use crate::policy::{Failure, Progress};
use crate::{BoxError, Error};

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
        Running { #[pin] call: Timed<F>, payments: bool },
        Refused { error: Option<Error> },
    }
}

impl<F> CallDeadlineFuture<F> {
    pub(super) const fn new(call: F, deadline: Instant, payments: bool) -> Self {
        Self {
            state: State::Running {
                call: Timed::new(call, deadline),
                payments,
            },
        }
    }

    pub(super) const fn refused(error: Error) -> Self {
        Self {
            state: State::Refused { error: Some(error) },
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
        match self.project().state.project() {
            StateProj::Running { call, payments } => {
                if let Some(result) = ready!(call.poll(cx)) {
                    return Poll::Ready(result.map_err(Error::from_inner));
                }
                let ran_out = Failure::Deadline(Progress::MaybeSent);
                Poll::Ready(Err(Error::transport(ran_out).for_payments(*payments)))
            }
            StateProj::Refused { error } => {
                let error = error.take();
                Poll::Ready(Err(error.expect("a future is not polled once it was ready")))
            }
        }
    }
}
