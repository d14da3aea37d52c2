//! A future with a limit: what the attempt timeout and the deadline have in common.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::clock;

pin_project! {
    /// Resolves with the inner future's output, or with `None` once the limit has passed.
    pub(crate) struct Timed<F> {
        #[pin]
        inner: F,
        // Made once the inner future is pending: one that is ready at once needs no timer.
        #[pin]
        sleep: Option<Sleep>,
        limit: Instant,
    }
}

impl<F> Timed<F> {
    pub(crate) const fn new(inner: F, limit: Instant) -> Self {
        Self {
            inner,
            sleep: None,
            limit,
        }
    }
}

impl<F: Future> Future for Timed<F> {
    type Output = Option<F::Output>;

    /// The inner future is asked first: at the limit itself it may still have an answer, or know
    /// better what went wrong.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(output) = this.inner.poll(cx) {
            return Poll::Ready(Some(output));
        }
        if this.sleep.is_none() {
            this.sleep.set(Some(clock::sleep_until(*this.limit)));
        }
        if let Some(sleep) = this.sleep.as_pin_mut() {
            ready!(sleep.poll(cx));
        }
        Poll::Ready(None)
    }
}
