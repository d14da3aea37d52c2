//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::Response;
use pin_project_lite::pin_project;

use crate::middleware::refusable::Refusable;
use crate::middleware::timed::Timed;
use crate::policy::{Failure, Progress};
use crate::{BoxError, Error};

pin_project! {
    /// The future of a [`CallDeadline`](super::CallDeadline).
    pub struct CallDeadlineFuture<F> {
        #[pin]
        call: Refusable<Bounded<F>>,
    }
}

pin_project! {
    struct Bounded<F> {
        #[pin]
        call: Timed<F>,
        payments: bool,
    }
}

impl<F> CallDeadlineFuture<F> {
    pub(in crate::middleware) const fn new(call: F, deadline: Instant, payments: bool) -> Self {
        let call = Timed::new(call, deadline);
        Self {
            call: Refusable::passed(Bounded { call, payments }),
        }
    }

    pub(super) const fn refused(error: Error) -> Self {
        Self {
            call: Refusable::refused(error),
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
        self.project().call.poll(cx)
    }
}

impl<F, T, E> Future for Bounded<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(result) = ready!(this.call.poll(cx)) {
            return Poll::Ready(result.map_err(Error::from_inner));
        }
        let ran_out = Failure::Deadline(Progress::MaybeSent);
        Poll::Ready(Err(Error::transport(ran_out).for_payments(*this.payments)))
    }
}
