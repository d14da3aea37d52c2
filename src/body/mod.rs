//! The request body: bytes that can be sent again, or a stream that cannot.

mod replay;
#[cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "only the client's transport arms the gate")
)]
pub(crate) mod send_gate;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use crate::BoxError;

pub use self::replay::{OneShot, Replay};
pub(crate) use self::send_gate::SendGate;

/// A request body.
///
/// Bytes are held without a copy and can be sent on every attempt. A [`stream`](Self::stream) can
/// be sent once: it never forbids the first attempt, only the second.
///
/// ```
/// use http_body::Body as _;
/// use seawall::body::{Body, Replay};
///
/// let body = Body::from(r#"{"amount":1000}"#);
/// assert_eq!(body.size_hint().exact(), Some(15));
/// assert!(body.replay().is_some());
/// ```
pub struct Body(Inner);

enum Inner {
    Empty,
    /// `None` once its bytes are handed over.
    Bytes(Option<Bytes>),
    Stream(Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError> + Send>>),
}

impl Body {
    /// A body without bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Inner::Empty)
    }

    /// A body that is produced while it is sent, and so can be sent once.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::Full;
    /// use seawall::body::{Body, Replay};
    ///
    /// let body = Body::stream(Full::new(Bytes::from_static(b"rows")));
    /// assert!(body.replay().is_none());
    /// ```
    pub fn stream<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Inner::Stream(Box::pin(http_body_util::BodyExt::map_err(
            body,
            Into::into,
        ))))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() {
            Self::empty()
        } else {
            Self(Inner::Bytes(Some(bytes)))
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Bytes::from_static(text.as_bytes()).into()
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.get_mut().0 {
            Inner::Empty => Poll::Ready(None),
            Inner::Bytes(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Inner::Stream(stream) => stream.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Inner::Empty => true,
            Inner::Bytes(bytes) => bytes.is_none(),
            Inner::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Empty => SizeHint::with_exact(0),
            Inner::Bytes(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Inner::Stream(stream) => stream.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    /// Its kind and size; never its bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::Empty => f.write_str("Body(empty)"),
            Inner::Bytes(Some(bytes)) => write!(f, "Body({} bytes)", bytes.len()),
            Inner::Bytes(None) => f.write_str("Body(sent)"),
            Inner::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}
