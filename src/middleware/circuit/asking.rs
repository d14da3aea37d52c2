//! A call that asks the circuit, and waits for its turn.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::sync::futures::OwnedNotified;
use tokio::time::Sleep;
use tower_service::Service;

use super::admission::Candidate;
use super::admitted::Admitted;
use crate::middleware::admission::Answer;
use crate::{Error, clock};

pin_project! {
    /// A call that asks the circuit, with the instance that was made ready for it. It resolves with the
    /// attempt that was let through.
    pub(super) struct Asking<S, B> {
        service: S,
        request: Option<Request<B>>,
        candidate: Candidate,
        #[pin]
        wait: Option<Wait>,
    }
}

pin_project! {
    struct Wait {
        #[pin]
        sleep: Sleep,
        #[pin]
        changed: OwnedNotified,
    }
}

impl<S, B> Asking<S, B> {
    pub(super) const fn new(service: S, request: Request<B>, candidate: Candidate) -> Self {
        Self {
            service,
            request: Some(request),
            candidate,
            wait: None,
        }
    }
}

impl<S, B, C> Future for Asking<S, B>
where
    S: Service<Request<B>, Response = Response<C>>,
{
    type Output = Result<(S::Future, Admitted), Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            if let Some(wait) = this.wait.as_mut().as_pin_mut() {
                ready!(wait.poll(cx));
            }
            match this.candidate.ask() {
                Answer::Refused(error) => return Poll::Ready(Err(error)),
                Answer::Wait(until, changed) => {
                    let sleep = clock::sleep_until(until);
                    this.wait.set(Some(Wait { sleep, changed }));
                }
                Answer::Passed(admitted) => {
                    let mut request = this
                        .request
                        .take()
                        .expect("a call that asks holds its request");
                    admitted.mark(&mut request);
                    return Poll::Ready(Ok((this.service.call(request), admitted)));
                }
            }
        }
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.changed.poll(cx).is_ready() {
            return Poll::Ready(());
        }
        this.sleep.poll(cx)
    }
}
