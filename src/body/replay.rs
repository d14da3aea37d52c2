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
/// It is asked for a second body before it is first sent, while all of its bytes are still there;
/// that one is kept for the retry. A `None`, or a body that is no longer intact when it is needed,
/// forbids the retry, never the first send. Implement [`replay`](Self::replay) by hand for a body
/// of your own, or wrap that body in [`OneShot`]; the other methods are for bodies that share
/// something with the one that is sent.
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
    /// Whether the transports of this crate send such bodies: each of their requests tells them when its
    /// attempt ends. To any other transport that would be a waste.
    #[doc(hidden)]
    const TELLS_ITS_TRANSPORT: bool = false;

    /// A second body with the same bytes, or `None` when there can be none.
    fn replay(&self) -> Option<Self>;

    /// Whether all of its bytes are still there: asked of the body that was kept for the retry,
    /// after an attempt has failed. Of a stream past its limit they are not.
    fn is_intact(&self) -> bool {
        true
    }

    /// Called on the body that was kept, once a retry is decided and before its backoff. From now
    /// on this body alone has the bytes: that of the attempt before, which a connection may still
    /// be sending, must end with an error. `false` forbids the retry after all.
    fn take_over(&mut self) -> bool {
        self.is_intact()
    }

    /// Feeds its bytes to `hasher`, if all of them are known before anything is sent; `false`, with
    /// nothing fed, if they are not.
    ///
    /// The same bytes are one and the same [`write`](Hasher::write), whatever the body's type.
    fn hash_bytes(&self, hasher: &mut impl Hasher) -> bool {
        let _ = hasher;
        false
    }
}

impl Replay for Body {
    const TELLS_ITS_TRANSPORT: bool = true;

    fn replay(&self) -> Option<Self> {
        match &self.0 {
            Inner::Empty => Some(Self::empty()),
            Inner::Bytes(bytes) => bytes.clone().map(Self::from),
            Inner::Stream(stream) => stream.replay().map(Inner::Stream).map(Self),
        }
    }

    fn is_intact(&self) -> bool {
        match &self.0 {
            Inner::Empty => true,
            Inner::Bytes(bytes) => bytes.is_some(),
            Inner::Stream(stream) => stream.is_intact(),
        }
    }

    fn take_over(&mut self) -> bool {
        match &self.0 {
            Inner::Empty | Inner::Bytes(_) => self.is_intact(),
            Inner::Stream(stream) => stream.take_over(),
        }
    }

    fn hash_bytes(&self, hasher: &mut impl Hasher) -> bool {
        match &self.0 {
            Inner::Empty => feed(hasher, b""),
            Inner::Bytes(Some(bytes)) => feed(hasher, bytes),
            Inner::Bytes(None) | Inner::Stream(_) => false,
        }
    }
}

impl<D: Buf + Clone> Replay for Full<D> {
    fn replay(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn hash_bytes(&self, hasher: &mut impl Hasher) -> bool {
        let mut copy = self.clone();
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(&mut copy).poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(frame))) => frame
                .into_data()
                .is_ok_and(|data| feed_buffer(hasher, data)),
            Poll::Ready(None) => feed(hasher, b""),
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        }
    }
}

impl<D> Replay for Empty<D> {
    fn replay(&self) -> Option<Self> {
        Some(Self::new())
    }

    fn hash_bytes(&self, hasher: &mut impl Hasher) -> bool {
        feed(hasher, b"")
    }
}

impl Replay for String {
    fn replay(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn hash_bytes(&self, hasher: &mut impl Hasher) -> bool {
        feed(hasher, self.as_bytes())
    }
}

fn feed(hasher: &mut impl Hasher, bytes: &[u8]) -> bool {
    hasher.write(bytes);
    true
}

/// A hasher may tell one write from two, so a buffer in pieces is joined first.
fn feed_buffer(hasher: &mut impl Hasher, mut data: impl Buf) -> bool {
    if data.chunk().len() == data.remaining() {
        feed(hasher, data.chunk())
    } else {
        feed(hasher, &data.copy_to_bytes(data.remaining()))
    }
}

/// Any body, as one that is sent once. See [`Body::one_shot`] for one that is sent again where
/// nothing of it was read.
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
        Self::one_shot(body.0)
    }
}
