//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::ended::{Ended, GoesOn, plain_success};
use super::express::Express;
use super::layer::{Attempts, Whole};
use crate::body::Replay;
use crate::middleware::throttle::ThrottledBody;
use crate::middleware::timed::Timed;
use crate::{BoxError, Error};

pin_project! {
    /// The future of a [`Resilience`](super::Resilience).
    pub struct ResilienceFuture<S, B>
    where
        S: Service<Request<B>>,
        Attempts<S>: Service<Request<B>>,
        Whole<S>: Service<Request<B>>,
    {
        #[pin]
        state: State<
            S::Future,
            (S, Express<B>),
            GoesOn<S, B>,
            <Whole<S> as Service<Request<B>>>::Future,
        >,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, E, G, W> {
        // What is known of the call, and the service for what follows.
        Express {
            #[pin]
            attempt: Option<Timed<F>>,
            express: Option<E>,
        },
        // Boxed, so that what is rare does not make heavy what is common.
        GoesOn { call: Pin<Box<G>> },
        ThroughEachLayer { call: Pin<Box<W>> },
        Refused { error: Option<Error> },
    }
}

impl<S, B> ResilienceFuture<S, B>
where
    S: Service<Request<B>>,
    Attempts<S>: Service<Request<B>>,
    Whole<S>: Service<Request<B>>,
{
    pub(super) fn express(attempt: S::Future, service: S, express: Express<B>) -> Self {
        let attempt = Some(Timed::new(attempt, express.ends()));
        Self {
            state: State::Express {
                attempt,
                express: Some((service, express)),
            },
        }
    }

    pub(super) const fn refused(error: Error) -> Self {
        Self {
            state: State::Refused { error: Some(error) },
        }
    }

    pub(super) fn through_each_layer(call: <Whole<S> as Service<Request<B>>>::Future) -> Self {
        Self {
            state: State::ThroughEachLayer {
                call: Box::pin(call),
            },
        }
    }
}

impl<S, B, C> Future for ResilienceFuture<S, B>
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
                StateProj::Express {
                    mut attempt,
                    express,
                } => {
                    let running = attempt.as_mut().as_pin_mut();
                    let running = running.expect("a future is not polled once it was ready");
                    let result = ready!(running.poll(cx));
                    // The request ends here, and only then can its gate say how far it had come.
                    attempt.set(None);
                    let known = "it is there until the attempt has ended";
                    let result = match result {
                        Some(Ok(response)) => match plain_success(&response) {
                            Some(end) => {
                                let (_, express) = express.as_mut().expect(known);
                                return Poll::Ready(Ok(express.succeeded(response, end)));
                            }
                            None => Some(Ok(response)),
                        },
                        result => result,
                    };
                    let (service, express) = express.take().expect(known);
                    match express.ended::<S, C>(result, service) {
                        Ended::Returns(result) => return Poll::Ready(result),
                        Ended::GoesOn(call) => this.state.set(State::GoesOn { call }),
                    }
                }
                StateProj::GoesOn { call } => return call.as_mut().poll(cx),
                StateProj::ThroughEachLayer { call } => return call.as_mut().poll(cx),
                StateProj::Refused { error } => {
                    return Poll::Ready(Err(error
                        .take()
                        .expect("a future is not polled once it was ready")));
                }
            }
        }
    }
}
