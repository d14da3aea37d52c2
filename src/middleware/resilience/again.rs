//! The attempts that follow the first.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower_service::Service;

use super::layer::Attempts;
use super::rest::{Rest, Sent};
use crate::body::Replay;
use crate::middleware::retry::{Conclusion, RetryFuture};
use crate::middleware::throttle::ThrottledBody;
use crate::middleware::timed::Timed;
use crate::{BoxError, Error, clock};

pin_project! {
    /// The attempts that follow the first. Each goes straight to the transport while no layer has
    /// anything to say about it; the first one that has to ask takes the call into the layers.
    pub(super) struct Again<S, B>
    where
        S: Service<Request<B>>,
        Attempts<S>: Service<Request<B>>,
    {
        #[pin]
        state: State<S::Future, RetryFuture<Attempts<S>, B>>,
        // Until the call is in the layers.
        rest: Option<Rest<S, B>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, L> {
        BackingOff {
            #[pin]
            sleep: Sleep,
        },
        Readying,
        Attempting {
            #[pin]
            attempt: Timed<F>,
            sent: Option<Sent>,
        },
        // Boxed: what is in the way of a call takes longer.
        InTheLayers { call: Pin<Box<L>> },
    }
}

const HERE: &str = "the call is here until it is in the layers";

impl<S, B> Again<S, B>
where
    S: Service<Request<B>>,
    Attempts<S>: Service<Request<B>>,
{
    pub(super) fn at(at: Instant, rest: Rest<S, B>) -> Self {
        Self {
            state: State::wait_until(at),
            rest: Some(rest),
        }
    }
}

impl<F, L> State<F, L> {
    fn wait_until(at: Instant) -> Self {
        match clock::wait_until(at) {
            Some(sleep) => Self::BackingOff { sleep },
            None => Self::Readying,
        }
    }
}

impl<S, B, C> Future for Again<S, B>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
    S::Error: Into<BoxError>,
    B: Replay,
{
    type Output = Result<Response<ThrottledBody<C>>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::BackingOff { sleep } => {
                    ready!(sleep.poll(cx));
                    this.state.set(State::Readying);
                }
                StateProj::Readying => {
                    let rest = this.rest.as_mut().expect(HERE);
                    this.state.set(match ready!(rest.poll_send(cx))? {
                        Some((attempt, sent)) => State::Attempting {
                            attempt,
                            sent: Some(sent),
                        },
                        None => State::InTheLayers {
                            call: Box::pin(this.rest.take().expect(HERE).in_the_layers()),
                        },
                    });
                }
                StateProj::Attempting { attempt, sent } => {
                    let result = ready!(attempt.poll(cx));
                    let sent = sent.take().expect("an attempt ends once");
                    // The request ends here, and only then can its gate say how far it had come.
                    this.state.set(State::Readying);
                    match this.rest.as_mut().expect(HERE).ended(sent, result) {
                        Conclusion::Retry(at) => this.state.set(State::wait_until(at)),
                        Conclusion::Return(result) => {
                            return Poll::Ready(result.map(|it| it.map(ThrottledBody::unlimited)));
                        }
                    }
                }
                StateProj::InTheLayers { call } => return call.as_mut().poll(cx),
            }
        }
    }
}
