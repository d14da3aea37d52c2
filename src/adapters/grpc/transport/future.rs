//! The future of one attempt.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower_service::Service;

use super::super::GrpcBody;
use super::failure::{self, Proof};
use super::first_frame::{Head, Unsettled};
use super::limits::Limits;
use crate::body::SendGate;
use crate::policy::{Failure, Progress};
use crate::{BoxError, Error, TransportError, clock};

pin_project! {
    /// The future of a [`GrpcTransport`](super::GrpcTransport).
    #[must_use = "futures do nothing unless polled"]
    pub struct GrpcTransportFuture<S>
    where
        S: Service<Request<tonic::body::Body>>,
    {
        #[pin]
        state: State<S::Future>,
        // What is to be sent, with the instance that was made ready for it.
        unsent: Option<(S, Request<crate::Body>)>,
        limits: Limits,
        status_wait: Duration,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Unsent,
        Sent {
            #[pin]
            response: F,
            gate: SendGate,
        },
        // `None` once it is settled.
        Unsettled {
            answer: Option<Unsettled>,
            // Made once the first frame is not there at once.
            #[pin]
            sleep: Option<Sleep>,
        },
    }
}

impl<S> GrpcTransportFuture<S>
where
    S: Service<Request<tonic::body::Body>>,
{
    pub(super) const fn new(
        channel: S,
        request: Request<crate::Body>,
        limits: Limits,
        status_wait: Duration,
    ) -> Self {
        Self {
            state: State::Unsent,
            unsent: Some((channel, request)),
            limits,
            status_wait,
        }
    }
}

impl<S> Future for GrpcTransportFuture<S>
where
    S: Service<Request<tonic::body::Body>, Response = Response<tonic::body::Body>>,
    S::Error: Into<BoxError>,
{
    type Output = Result<Response<GrpcBody>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Unsent => {
                    let (mut channel, request) =
                        this.unsent.take().expect("what is not sent is here");
                    let (request, gate) = match prepare(request, this.limits, cx) {
                        Ok(prepared) => prepared,
                        Err(error) => return Poll::Ready(Err(error)),
                    };
                    let response = channel.call(request);
                    this.state.set(State::Sent { response, gate });
                }
                StateProj::Sent { response, gate } => {
                    let response = ready!(response.poll(cx));
                    let response = response.map_err(|error| failed(error, gate, this.limits))?;
                    match Head::of(response, gate) {
                        Head::Settled(answer) => return Poll::Ready(answer),
                        Head::Unsettled(answer) => this.state.set(State::Unsettled {
                            answer: Some(answer),
                            sleep: None,
                        }),
                    }
                }
                StateProj::Unsettled { answer, mut sleep } => {
                    let unsettled = answer.as_mut();
                    let first = unsettled
                        .expect("a future is not polled once it was ready")
                        .poll_first(cx);
                    if first.is_pending() {
                        if sleep.is_none() {
                            let until = clock::after(clock::now(), *this.status_wait);
                            sleep.set(Some(clock::sleep_until(this.limits.within(until))));
                        }
                        ready!(sleep.as_pin_mut().expect("it was made").poll(cx));
                    }
                    let answer = answer
                        .take()
                        .expect("a future is not polled once it was ready");
                    return Poll::Ready(match first {
                        Poll::Ready(first) => answer.settle(first),
                        // It may stay silent for long, and the caller may want to know that it began.
                        Poll::Pending => Ok(answer.with_first(None)),
                    });
                }
            }
        }
    }
}

/// The request as tonic wants it. A body that fails right away has sent nothing.
fn prepare(
    mut request: Request<crate::Body>,
    limits: &Limits,
    cx: &mut Context<'_>,
) -> Result<(Request<tonic::body::Body>, SendGate), Error> {
    let now = clock::now();
    if !limits.tell(now, &mut request) {
        return Err(Error::unsent(limits.ran_out(now, Progress::Unsent)));
    }
    if let Err(failed) = request.body_mut().look_ahead(cx) {
        let invalid = TransportError::new(Failure::InvalidRequest, failed);
        return Err(Error::from_inner(invalid));
    }
    // It proves nothing about a timeout: tonic asks for the body's end long before it is sent.
    let gate = SendGate::new();
    let request = request.map(|body| tonic::body::Body::new(gate.arm(body)));
    Ok((request, gate))
}

fn failed(error: impl Into<BoxError>, gate: &SendGate, limits: &Limits) -> Error {
    failure::classified(error, |proof| match proof {
        Proof::TimedOut => Some(limits.ran_out(clock::now(), Progress::MaybeSent)),
        Proof::Nothing if gate.has_failed() => Some(Failure::RequestBody),
        Proof::Nothing | Proof::Failed(_) => None,
    })
}
