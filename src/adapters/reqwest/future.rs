//! The future of one request.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::sent::Sent;
use crate::body::SendGate;
use crate::on_hyper::classify::Goaway;
use crate::policy::Failure;
use crate::{BoxError, TransportError};

type Pending = <reqwest::Client as Service<reqwest::Request>>::Future;

pin_project! {
    /// The future of a [`ReqwestService`](super::ReqwestService).
    #[must_use = "futures do nothing unless polled"]
    pub struct ReqwestFuture {
        #[pin]
        state: State,
    }
}

pin_project! {
    #[project = StateProj]
    enum State {
        // `None` once it is told.
        Refused { error: Option<TransportError> },
        Sending {
            #[pin]
            given: Given,
        },
    }
}

pin_project! {
    /// A request that reqwest was given.
    pub(super) struct Given {
        #[pin]
        pub(super) pending: Pending,
        pub(super) sent: Sent,
        pub(super) gate: SendGate,
        pub(super) empty_and_safe: bool,
    }
}

impl ReqwestFuture {
    pub(super) fn refuse(why: impl Into<BoxError>) -> Self {
        let error = TransportError::new(Failure::InvalidRequest, why);
        Self {
            state: State::Refused { error: Some(error) },
        }
    }

    pub(super) const fn send(given: Given) -> Self {
        Self {
            state: State::Sending { given },
        }
    }
}

impl Future for ReqwestFuture {
    type Output = Result<Response<reqwest::Body>, TransportError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Refused { error } => Poll::Ready(Err(error
                .take()
                .expect("a future is not polled once it was ready"))),
            StateProj::Sending { given } => {
                let given = given.project();
                Poll::Ready(match ready!(given.pending.poll(cx)) {
                    Ok(response) => given.sent.answered(response),
                    Err(error) => {
                        let goaway = Goaway::of(given.gate.was_polled(), *given.empty_and_safe);
                        let failure = match given.sent.failure(&error, goaway) {
                            Failure::Other if given.gate.has_failed() => Failure::RequestBody,
                            failure => failure,
                        };
                        // A URL may hold a secret in its query.
                        Err(TransportError::new(failure, error.without_url()))
                    }
                })
            }
        }
    }
}
