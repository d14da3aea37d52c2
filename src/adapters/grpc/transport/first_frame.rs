//! What the first frame of an answer says.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body as _, Frame};

use super::super::body::{Awaited, GrpcBody, blamed};
use super::super::status::without_unreadable_details;
use crate::body::SendGate;
use crate::middleware::circuit::LateStatus;
use crate::policy::{Failure, grpc};
use crate::{Error, TransportError};

/// An answer whose status is still to come, and may be the first thing that comes.
#[derive(Debug)]
pub(super) struct Unsettled {
    pub(super) head: Parts,
    pub(super) body: tonic::body::Body,
    /// The gate of the request's own body.
    pub(super) gate: SendGate,
}

/// A frame, an error or the end.
pub(super) type First = Option<Result<Frame<Bytes>, tonic::Status>>;

/// Whether the head of an answer says enough.
pub(super) enum Head {
    Settled(Result<Response<GrpcBody>, Error>),
    Unsettled(Unsettled),
}

impl Head {
    pub(super) fn of(response: Response<tonic::body::Body>, gate: &SendGate) -> Self {
        let (mut head, body) = response.into_parts();
        without_unreadable_details(&mut head.headers);
        let is_ok = head.status == StatusCode::OK;
        if is_ok && !grpc::is_grpc(&head.headers) {
            return Self::Settled(Err(broken(
                Failure::Malformed,
                "the answer is not of gRPC: its content-type does not begin with `application/grpc`",
            )));
        }
        if !is_ok || has_status(&head) {
            let body = GrpcBody::new(Some(body));
            return Self::Settled(Ok(Response::from_parts(head, body)));
        }
        if body.is_end_stream() {
            return Self::Settled(Err(without_status()));
        }
        let gate = gate.clone();
        Self::Unsettled(Unsettled { head, body, gate })
    }
}

impl Unsettled {
    /// The answer, with the frame that was read of it. Its status comes later.
    pub(super) fn with_first(self, first: Option<Frame<Bytes>>) -> Response<GrpcBody> {
        let Self { head, body, gate } = self;
        let mut head = Response::from_parts(head, ());
        let late = LateStatus::of(&mut head);
        let awaited = Awaited { late, gate };
        head.map(|()| GrpcBody::awaited(first, body, awaited))
    }

    /// The first frame that says something: the end of a body may come in one without bytes.
    pub(super) fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<First> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            let data = frame
                .as_ref()
                .and_then(|frame| frame.as_ref().ok()?.data_ref());
            if data.is_none_or(|data| !data.is_empty()) {
                return Poll::Ready(frame);
            }
        }
    }

    /// The answer once its first frame is there, or its end.
    pub(super) fn settle(mut self, first: First) -> Result<Response<GrpcBody>, Error> {
        let frame = match first {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                return Err(broken(blamed(Failure::BrokenBody, &self.gate), error));
            }
            None => return Err(without_status()),
        };
        let trailers = match frame.into_trailers() {
            Ok(trailers) => trailers,
            Err(message) => return Ok(self.with_first(Some(message))),
        };
        self.take_in(trailers);
        if !has_status(&self.head) {
            return Err(without_status());
        }
        Ok(Response::from_parts(self.head, GrpcBody::new(None)))
    }

    /// An answer whose trailers are all it has means the same as one whose head says it at once.
    fn take_in(&mut self, mut trailers: HeaderMap) {
        trailers.remove(CONTENT_TYPE);
        without_unreadable_details(&mut trailers);
        self.head.headers.extend(trailers);
    }
}

fn has_status(head: &Parts) -> bool {
    head.headers.contains_key("grpc-status")
}

fn without_status() -> Error {
    broken(
        Failure::Incomplete,
        "the answer ended without a `grpc-status`",
    )
}

fn broken(failure: Failure, why: impl Into<crate::BoxError>) -> Error {
    Error::from_inner(TransportError::new(failure, why))
}
