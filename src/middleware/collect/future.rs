//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::response::Parts;
use http::{Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;

use super::Collected;
use crate::middleware::timed::is_last_poll;
use crate::response_body::{Announced, Collecting, Limits, ReadTimeout};
use crate::{BoxError, Error, TransportError};

pin_project! {
    /// The future of a [`Collect`](super::Collect).
    pub struct CollectFuture<F, C> {
        #[pin]
        state: State<F, C>,
        limits: Limits,
        announced: Announced,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, C> {
        Sent {
            #[pin]
            response: F,
        },
        Reading {
            head: Option<Parts>,
            #[pin]
            body: Collecting<ReadTimeout<C>>,
        },
    }
}

impl<F, C> CollectFuture<F, C> {
    pub(super) const fn new(response: F, limits: Limits, announced: Announced) -> Self {
        Self {
            state: State::Sent { response },
            limits,
            announced,
        }
    }
}

impl<F, C, E> Future for CollectFuture<F, C>
where
    F: Future<Output = Result<Response<C>, E>>,
    E: Into<BoxError>,
    C: Body,
    C::Error: Into<BoxError>,
{
    type Output = Result<Response<Collected>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Sent { response } => {
                    let response = ready!(response.poll(cx)).map_err(Error::from_inner)?;
                    let (head, body) = response.into_parts();
                    let announced = this.announced.by(head.status);
                    this.state.set(State::Reading {
                        head: Some(head),
                        body: this.limits.collect(body, announced),
                    });
                }
                StateProj::Reading { head, mut body } => {
                    let body = match body.as_mut().poll(cx) {
                        Poll::Ready(body) => body,
                        // The timeout would take the head along.
                        Poll::Pending if is_last_poll() && is_enough(head.as_ref()) => {
                            body.cut_off()
                        }
                        Poll::Pending => return Poll::Pending,
                    };
                    let head = head
                        .take()
                        .expect("a future is not polled once it was ready");
                    return Poll::Ready(conclude(head, body));
                }
            }
        }
    }
}

/// Whether the status and the headers decide what follows: a Retry-After closes the gate, a 402 is a
/// refusal, a 307 leads elsewhere. The answer of a success is in its body, and was lost with it.
fn says_enough(status: StatusCode) -> bool {
    !status.is_success()
}

fn is_enough(head: Option<&Parts>) -> bool {
    head.is_some_and(|head| says_enough(head.status))
}

fn conclude(head: Parts, body: Collected) -> Result<Response<Collected>, Error> {
    match body.error() {
        Some(error) if !says_enough(head.status) => {
            let broken = TransportError::new(error.failure(), error.clone());
            Err(Error::from_inner(broken).with_last_response(Some((head.status, head.headers))))
        }
        _ => Ok(Response::from_parts(head, body)),
    }
}
