//! The future of one request.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use pin_project_lite::pin_project;

use super::{Call, connect};
use crate::TransportError;
use crate::body::send_gate::SendGate;
use crate::on_hyper::check::InvalidRequest;
use crate::on_hyper::classify::{self, Goaway};
use crate::policy::Failure;

pin_project! {
    /// The response head, or the reason why there is none.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct TransportFuture {
        #[pin]
        state: State,
    }
}

pin_project! {
    #[project = StateProj]
    enum State {
        Refused { why: InvalidRequest },
        // Of a stream only. `None` once it is sent.
        LookingAhead { call: Option<Box<Call>> },
        Sent {
            #[pin]
            response: legacy::ResponseFuture,
            gate: SendGate,
            empty_and_safe: bool,
        },
    }
}

impl TransportFuture {
    pub(super) const fn refuse(why: InvalidRequest) -> Self {
        Self {
            state: State::Refused { why },
        }
    }

    /// Asks the body for its first frame, once, and then sends the request, be the frame there or
    /// not: a body that fails right then has sent nothing, whatever the connection speaks.
    pub(super) fn look_ahead(call: Call) -> Self {
        Self {
            state: State::LookingAhead {
                call: Some(Box::new(call)),
            },
        }
    }

    pub(super) fn send(call: Call) -> Self {
        Self {
            state: State::send(call),
        }
    }
}

impl State {
    fn send(call: Call) -> Self {
        let pool = if call.fresh {
            &call.pools.fresh
        } else {
            &call.pools.kept
        };
        Self::Sent {
            response: pool.request(call.request),
            gate: call.gate,
            empty_and_safe: call.empty_and_safe,
        }
    }
}

impl Future for TransportFuture {
    type Output = Result<Response<Incoming>, TransportError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Refused { why } => return Poll::Ready(Err(invalid(*why))),
                StateProj::LookingAhead { call } => {
                    let mut call = call.take().expect("it is sent as soon as it is looked at");
                    if let Err(failed) = call.request.body_mut().look_ahead(cx) {
                        return Poll::Ready(Err(invalid(failed)));
                    }
                    state.set(State::send(*call));
                }
                StateProj::Sent {
                    response,
                    gate,
                    empty_and_safe,
                } => {
                    return Poll::Ready(ready!(response.poll(cx)).map_err(|error| {
                        let goaway = Goaway::of(gate.was_polled(), *empty_and_safe);
                        let failure = match classify::failure(&error, goaway, connect::failure) {
                            Failure::Other if gate.has_failed() => Failure::RequestBody,
                            failure => failure,
                        };
                        TransportError::new(failure, error)
                    }));
                }
            }
        }
    }
}

fn invalid(why: impl Into<crate::BoxError>) -> TransportError {
    TransportError::new(Failure::InvalidRequest, why)
}
