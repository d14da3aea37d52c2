//! The body of an answer, of which a frame may have been read.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::status::without_unreadable_details;
use crate::body::SendGate;
use crate::middleware::circuit::LateStatus;
use crate::policy::Failure;

/// The body of an answer through a [`GrpcTransport`](super::GrpcTransport).
pub struct GrpcBody {
    /// Read when the answer's status was looked for.
    first: Option<Frame<Bytes>>,
    /// `None`: that was all of it.
    rest: Option<tonic::body::Body>,
    /// Until the status is known.
    awaited: Option<Awaited>,
}

/// Who is told of a status that is still to come.
pub(super) struct Awaited {
    pub(super) late: LateStatus,
    /// The gate of the request's own body, which may be what breaks off.
    pub(super) gate: SendGate,
}

type Next = Option<Result<Frame<Bytes>, tonic::Status>>;

impl GrpcBody {
    /// All of it, once the head has said what there is to say.
    pub(super) const fn new(rest: Option<tonic::body::Body>) -> Self {
        Self {
            first: None,
            rest,
            awaited: None,
        }
    }

    /// With the frame that was read of it, if there was one.
    pub(super) const fn awaited(
        first: Option<Frame<Bytes>>,
        rest: tonic::body::Body,
        awaited: Awaited,
    ) -> Self {
        Self {
            first,
            rest: Some(rest),
            awaited: Some(awaited),
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Next> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(None);
        };
        let mut frame = ready!(Pin::new(rest).poll_frame(cx));
        if let Some(Ok(frame)) = &mut frame
            && let Some(trailers) = frame.trailers_mut()
        {
            without_unreadable_details(trailers);
        }
        Poll::Ready(frame)
    }

    /// Tells of the status, if this is it, or if none can follow.
    fn tell(&mut self, next: &Next) {
        let status = match next {
            Some(Ok(frame)) => match frame.trailers_ref() {
                Some(trailers) => Ok(trailers),
                None if self.is_end_stream() => Err(Failure::Incomplete),
                None => return,
            },
            Some(Err(_)) => Err(Failure::BrokenBody),
            None => Err(Failure::Incomplete),
        };
        if let Some(Awaited { late, gate }) = self.awaited.take() {
            match status {
                Ok(trailers) => late.told(trailers),
                Err(failure) => late.failed(blamed(failure, &gate)),
            }
        }
    }
}

/// Why an answer has broken off: the request's own body comes first.
pub(super) fn blamed(failure: Failure, gate: &SendGate) -> Failure {
    if gate.has_failed() {
        Failure::RequestBody
    } else {
        failure
    }
}

impl Body for GrpcBody {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Next> {
        let next = ready!(self.poll_next(cx));
        self.tell(&next);
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().and_then(Frame::data_ref);
        let first = first.map_or(0, |data| data.len() as u64);
        let rest = self.rest.as_ref().map(Body::size_hint);
        let rest = rest.unwrap_or_else(|| SizeHint::with_exact(0));
        let mut whole = SizeHint::new();
        if let Some(upper) = rest.upper() {
            whole.set_upper(upper.saturating_add(first));
        }
        whole.set_lower(rest.lower().saturating_add(first));
        whole
    }
}

impl fmt::Debug for GrpcBody {
    /// Nothing of its bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrpcBody")
    }
}
