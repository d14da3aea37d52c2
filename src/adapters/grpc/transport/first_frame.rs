//! What the first frame of an answer says.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::response::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body as _, Frame};

use super::super::GrpcBody;
use super::super::status::without_unreadable_details;
use crate::policy::{Failure, grpc};
use crate::{Error, TransportError};

/// An answer whose status is still to come, and may be the first thing that comes.
#[derive(Debug)]
pub(super) struct Unsettled {
    pub(super) head: Parts,
    pub(super) body: tonic::body::Body,
}

/// A frame, an error or the end.
pub(super) type First = Option<Result<Frame<Bytes>, tonic::Status>>;

/// Whether the head of an answer says enough.
pub(super) enum Head {
    Settled(Result<Response<GrpcBody>, Error>),
    Unsettled(Unsettled),
}

impl Head {
    pub(super) fn of(response: Response<tonic::body::Body>) -> Self {
        let (mut head, body) = response.into_parts();
        without_unreadable_details(&mut head.headers);
        let is_ok = head.status == StatusCode::OK;
        if is_ok && !grpc::is_grpc(&head.headers) {
            return Self::Settled(Err(broken(
                Failure::Malformed,
                "the answer is not of gRPC: its content-type does not begin with `application/grpc`",
            )));
        }
        let answer = Unsettled { head, body };
        if !is_ok || answer.has_status() {
            return Self::Settled(Ok(answer.with_first(None)));
        }
        if answer.body.is_end_stream() {
            return Self::Settled(Err(without_status()));
        }
        Self::Unsettled(answer)
    }
}

impl Unsettled {
    fn has_status(&self) -> bool {
        self.head.headers.contains_key("grpc-status")
    }

    /// The answer, with the frame that was read of it.
    pub(super) fn with_first(self, first: Option<Frame<Bytes>>) -> Response<GrpcBody> {
        Response::from_parts(self.head, GrpcBody::new(first, self.body))
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
            Some(Err(error)) => return Err(broken(Failure::BrokenBody, error)),
            None => return Err(without_status()),
        };
        let trailers = match frame.into_trailers() {
            Ok(trailers) => trailers,
            Err(message) => return Ok(self.with_first(Some(message))),
        };
        self.take_in(trailers);
        if !self.has_status() {
            return Err(without_status());
        }
        Ok(Response::from_parts(self.head, GrpcBody::empty()))
    }

    /// An answer whose trailers are all it has means the same as one whose head says it at once.
    fn take_in(&mut self, mut trailers: HeaderMap) {
        trailers.remove(CONTENT_TYPE);
        without_unreadable_details(&mut trailers);
        self.head.headers.extend(trailers);
    }
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
