//! Futures polled by hand: no executor has a part in what is measured.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tower::Service;

/// Polls a future until it is ready. Nobody wakes it, since nothing here waits for anything.
pub fn drive<F: Future>(future: F) -> F::Output {
    let mut cx = Context::from_waker(Waker::noop());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// One call of a service.
///
/// # Errors
///
/// What the service says.
pub fn call<S, R>(service: &mut S, request: R) -> Result<S::Response, S::Error>
where
    S: Service<R>,
{
    drive(poll_fn(|cx| service.poll_ready(cx)))?;
    drive(service.call(request))
}
