//! The body of an answer, of which a frame may have been read.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::status::without_unreadable_details;

/// The body of an answer through a [`GrpcTransport`](super::GrpcTransport).
pub struct GrpcBody {
    /// Read when the answer's status was looked for.
    first: Option<Frame<Bytes>>,
    /// `None`: that was all of it.
    rest: Option<tonic::body::Body>,
}

impl GrpcBody {
    pub(super) const fn new(first: Option<Frame<Bytes>>, rest: tonic::body::Body) -> Self {
        let rest = Some(rest);
        Self { first, rest }
    }

    pub(super) const fn empty() -> Self {
        Self {
            first: None,
            rest: None,
        }
    }
}

impl Body for GrpcBody {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
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
