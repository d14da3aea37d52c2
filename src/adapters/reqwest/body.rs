//! Bodies of either kind as the other.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use pin_project_lite::pin_project;
use sync_wrapper::SyncWrapper;

use crate::{Body, BoxError};

/// Bytes stay bytes; a stream is sent as it is read.
impl From<Body> for reqwest::Body {
    fn from(body: Body) -> Self {
        match body.into_bytes() {
            Ok(bytes) => Self::from(bytes),
            Err(stream) => streamed(stream),
        }
    }
}

/// Bytes stay bytes; anything else is a [stream](Body::stream), which is sent again as long as it fits
/// into its limit.
impl From<reqwest::Body> for Body {
    fn from(mut body: reqwest::Body) -> Self {
        if body.as_bytes().is_none() {
            return Self::stream(body);
        }
        // Bytes are one frame, or none, and never pending.
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(&mut body).poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(frame))) => Self::from(frame.into_data().unwrap_or_default()),
            _ => Self::empty(),
        }
    }
}

/// Any body as one of reqwest's that cannot be cloned, so that reqwest cannot send it a second time.
pub(super) fn streamed<B>(body: B) -> reqwest::Body
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    reqwest::Body::wrap(Streamed {
        hint: body.size_hint(),
        ended: body.is_end_stream(),
        body: SyncWrapper::new(body),
    })
}

pin_project! {
    /// A body that need not be `Sync`, which reqwest asks of one. What a shared reference would be asked
    /// is answered from what was last known.
    struct Streamed<B> {
        #[pin]
        body: SyncWrapper<B>,
        hint: SizeHint,
        ended: bool,
    }
}

impl<B: http_body::Body> http_body::Body for Streamed<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let mut body = this.body.get_pin_mut();
        let polled = body.as_mut().poll_frame(cx);
        *this.hint = body.size_hint();
        *this.ended = body.is_end_stream();
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}
