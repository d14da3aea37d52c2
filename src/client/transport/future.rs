//! The future of one request.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use pin_project_lite::pin_project;

use super::InvalidRequest;
use super::classify::{self, Goaway};
use crate::TransportError;
use crate::body::send_gate::SendGate;
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

    pub(super) const fn send(
        response: legacy::ResponseFuture,
        gate: SendGate,
        empty_and_safe: bool,
    ) -> Self {
        Self {
            state: State::Sent {
                response,
                gate,
                empty_and_safe,
            },
        }
    }
}

impl Future for TransportFuture {
    type Output = Result<Response<Incoming>, TransportError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Refused { why } => {
                Poll::Ready(Err(TransportError::new(Failure::InvalidRequest, *why)))
            }
            StateProj::Sent {
                response,
                gate,
                empty_and_safe,
            } => Poll::Ready(ready!(response.poll(cx)).map_err(|error| {
                let goaway = Goaway::of(gate.was_polled(), *empty_and_safe);
                TransportError::new(classify::failure(&error, goaway), error)
            })),
        }
    }
}
