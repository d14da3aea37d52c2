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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::task::Waker;

    use super::*;
    use crate::middleware::testing::{pass, secs};

    fn limited<F: Future>(seconds: u64, inner: F) -> Timed<F> {
        Timed::new(inner, clock::after(clock::now(), secs(seconds)))
    }

    #[tokio::test(start_paused = true)]
    async fn only_when_its_time_is_over_a_future_is_polled_for_the_last_time() {
        let mut polls = Vec::new();
        let never = poll_fn(|_| {
            polls.push(is_last_poll());
            Poll::<()>::Pending
        });
        assert_eq!(limited(1, never).await, None);
        assert!(!is_last_poll());
        // Once to begin, once as the timer rings, and once more.
        assert_eq!(polls, [false, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_it_says_at_the_last_poll_is_its_output() {
        let late = poll_fn(|_| {
            if is_last_poll() {
                Poll::Ready("half of it")
            } else {
                Poll::Pending
            }
        });
        assert_eq!(limited(1, late).await, Some("half of it"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_at_the_last_poll_is_no_last_poll_of_others() {
        let panics = poll_fn(|_| {
            assert!(!is_last_poll(), "as it was to");
            Poll::<()>::Pending
        });
        let mut panics = Box::pin(limited(1, panics));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(panics.as_mut().poll(&mut cx).is_pending());
        pass(secs(2)).await;
        let polled = catch_unwind(AssertUnwindSafe(|| panics.as_mut().poll(&mut cx)));
        assert!(polled.is_err() && !is_last_poll());
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_poll_of_an_outer_one_goes_on_after_that_of_an_inner_one() {
        let mut inner = Box::pin(limited(1, std::future::pending::<()>()));
        let outer = poll_fn(|cx| {
            let is_last = is_last_poll();
            let _ = is_last.then(|| inner.as_mut().poll(cx));
            assert_eq!(is_last_poll(), is_last);
            Poll::<()>::Pending
        });
        assert_eq!(limited(2, outer).await, None);
    }
}
