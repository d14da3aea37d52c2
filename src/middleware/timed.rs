//! A future with a limit: what the attempt timeout and the deadline have in common.

use std::cell::Cell;
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

thread_local! {
    static IS_LAST_POLL: Cell<bool> = const { Cell::new(false) };
}

/// Whether the future that asks is polled for the last time, because its time is over: whoever has a part
/// of an answer says now what it is worth.
pub(crate) fn is_last_poll() -> bool {
    IS_LAST_POLL.get()
}

/// Dropped at the end of such a poll, also when that panics.
struct LastPoll {
    around: bool,
}

impl LastPoll {
    fn begin() -> Self {
        let around = IS_LAST_POLL.replace(true);
        Self { around }
    }
}

impl Drop for LastPoll {
    fn drop(&mut self) {
        IS_LAST_POLL.set(self.around);
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
        if let Poll::Ready(output) = this.inner.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        if this.sleep.is_none() {
            this.sleep.set(Some(clock::sleep_until(*this.limit)));
        }
        if let Some(sleep) = this.sleep.as_pin_mut() {
            ready!(sleep.poll(cx));
        }
        let _last = LastPoll::begin();
        match this.inner.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Poll::Ready(None),
        }
    }
}
