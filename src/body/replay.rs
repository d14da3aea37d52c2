//! Which bodies can be sent a second time.

use std::hash::Hasher;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{Empty, Full};

use super::{Body, Inner};

/// A body that knows whether it can be sent again.
///
/// It is asked before the body is first sent, while all of its bytes are still there; a `None`
/// forbids the retry, never the first send. Implement it by hand for a body of your own, or wrap
/// that body in [`OneShot`].
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Full;
/// use seawall::body::{OneShot, Replay};
///
/// let body = Full::new(Bytes::from_static(b"{}"));
/// assert!(body.replay().is_some());
/// assert!(OneShot(body).replay().is_none());
/// ```
pub trait Replay: Sized {
    /// A second body with the same bytes, or `None` when there can be none.
    fn replay(&self) -> Option<Self>;

    /// Feeds its bytes to the hasher, if all of them are known before anything is sent. `false`:
    /// they are not, and nothing was fed.
    fn hash_bytes(&self, hasher: &mut impl Hasher) -> bool {
        let _ = hasher;
        false
    }
}

impl Replay for Body {
    fn replay(&self) -> Option<Self> {
        match &self.0 {
            Inner::Empty => Some(Self::empty()),
            Inner::Bytes(bytes) => bytes.clone().map(Self::from),
            Inner::Stream(_) => None,
        }
    }

    fn hash_bytes(&self, hasher: &mut impl Hasher) -> bool {
        match &self.0 {
            Inner::Empty => true,
            Inner::Bytes(Some(bytes)) => {
                hasher.write(bytes);
                true
            }
            Inner::Bytes(None) | Inner::Stream(_) => false,
        }
    }
}

impl<D: Buf + Clone> Replay for Full<D> {
    fn replay(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn hash_bytes(&self, hasher: &mut impl Hasher) -> bool {
        let (mut copy, mut cx) = (self.clone(), Context::from_waker(Waker::noop()));
        if let Poll::Ready(Some(Ok(frame))) = Pin::new(&mut copy).poll_frame(&mut cx)
            && let Ok(mut data) = frame.into_data()
        {
            while data.has_remaining() {
                hasher.write(data.chunk());
                data.advance(data.chunk().len());
            }
        }
        true
    }
}

impl<D> Replay for Empty<D> {
    fn replay(&self) -> Option<Self> {
        Some(Self::new())
    }
}

impl Replay for String {
    fn replay(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn hash_bytes(&self, hasher: &mut impl Hasher) -> bool {
        hasher.write(self.as_bytes());
        true
    }
}

/// Any body, as one that is sent once.
#[derive(Clone, Debug, Default)]
pub struct OneShot<B>(
    /// The body.
    pub B,
);

impl<B> Replay for OneShot<B> {
    fn replay(&self) -> Option<Self> {
        None
    }
}

impl<B: http_body::Body + Unpin> http_body::Body for OneShot<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.get_mut().0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl<B> From<OneShot<B>> for Body
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<crate::BoxError>,
{
    fn from(body: OneShot<B>) -> Self {
        Self::stream(body.0)
    }
}
