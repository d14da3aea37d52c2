//! The request body: bytes, or a stream that is kept while it is sent, so that it can be sent again.

mod kept;
mod reader;
mod replay;
#[cfg_attr(
    not(feature = "client"),
    allow(dead_code, reason = "only the client's transport arms the gate")
)]
pub(crate) mod send_gate;
mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use self::reader::Reader;
use crate::BoxError;

pub use self::replay::{OneShot, Replay};
pub(crate) use self::send_gate::SendGate;

/// A request body.
///
/// Bytes are held without a copy and can be sent on every attempt. A [`stream`](Self::stream) is
/// kept while it is sent, and can be sent again as long as it fits into its limit. Past that it is
/// sent once: it never forbids the first attempt, only the next.
///
/// Trailers are sent again too, and every attempt announces the same size. Over HTTP/1.1 only a body of
/// unknown size can have trailers, as only that is sent in chunks, and those are sent that a `trailer`
/// header names (RFC 9110 section 6.6.2, RFC 9112 section 7.1.2).
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
    Stream(Reader),
}

impl Body {
    /// How many bytes of a [`stream`](Self::stream) are kept for sending it again: 64 KiB.
    ///
    /// That holds all but the largest requests to a payment API, and a thousand calls under way at
    /// once hold about 64 MiB of them, more if they come in many small frames.
    pub const REPLAY_LIMIT: usize = 64 * 1024;

    /// A body without bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Inner::Empty)
    }

    /// A body that is produced while it is sent, and sent again if it is no larger than
    /// [`REPLAY_LIMIT`](Self::REPLAY_LIMIT).
    ///
    /// What is sent is kept, by reference and not as a copy. Nothing is read before it is to be
    /// sent, but for the first frame: the client asks for it once, before it asks for a connection,
    /// so that a stream which begins with an error costs no request. Of an attempt that was cut
    /// off, the next one sends what was kept, and then goes on to read.
    ///
    /// An error of the stream is the end of its call: it is not sent again. So is a length that is not
    /// what its size hint, or the request's `content-length`, said.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::Full;
    /// use seawall::body::{Body, Replay};
    ///
    /// let body = Body::stream(Full::new(Bytes::from_static(b"rows")));
    /// assert!(body.replay().is_some());
    /// ```
    pub fn stream<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::stream_with_limit(body, Self::REPLAY_LIMIT)
    }

    /// A [`stream`](Self::stream) that is sent again if it holds at most `limit` bytes of data.
    ///
    /// The limit counts bytes. A frame that was cut out of a larger buffer holds on to all of it.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::Full;
    /// use seawall::Body;
    ///
    /// let import = Full::new(Bytes::from_static(b"a great many rows"));
    /// let body = Body::stream_with_limit(import, 1024 * 1024);
    /// # assert_eq!(format!("{body:?}"), "Body(stream of 17 bytes)");
    /// ```
    pub fn stream_with_limit<B>(body: B, limit: usize) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Inner::Stream(Reader::new(body, limit)))
    }

    /// A stream of which nothing is kept. It is sent again only if no connection has taken a frame
    /// of it, as when none came about.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http_body_util::Full;
    /// use seawall::Body;
    ///
    /// let body = Body::one_shot(Full::new(Bytes::from_static(b"a whole disk")));
    /// # assert_eq!(format!("{body:?}"), "Body(stream of 12 bytes)");
    /// ```
    pub fn one_shot<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::stream_with_limit(body, 0)
    }

    /// Asks a stream for its first frame, and keeps the answer for whoever sends it.
    #[cfg_attr(
        not(feature = "client"),
        allow(dead_code, reason = "only the client's transport looks ahead")
    )]
    pub(crate) fn look_ahead(&mut self, cx: &mut Context<'_>) -> Result<(), BoxError> {
        match &mut self.0 {
            Inner::Empty | Inner::Bytes(_) => Ok(()),
            Inner::Stream(stream) => stream.look_ahead(cx),
        }
    }

    /// Its bytes, or itself if it is a stream.
    #[cfg(feature = "reqwest")]
    pub(crate) fn into_bytes(self) -> Result<Bytes, Self> {
        match self.0 {
            Inner::Empty => Ok(Bytes::new()),
            Inner::Bytes(bytes) => Ok(bytes.unwrap_or_default()),
            Inner::Stream(_) => Err(self),
        }
    }

    /// Holds a stream to the length that a header states.
    #[cfg_attr(
        not(any(feature = "client", feature = "reqwest")),
        allow(dead_code, reason = "only transports read that header")
    )]
    pub(crate) fn announce(&self, length: u64) {
        if let Inner::Stream(stream) = &self.0 {
            stream.announce(length);
        }
    }

    #[cfg_attr(
        not(feature = "client"),
        allow(dead_code, reason = "only the client's transport looks ahead")
    )]
    pub(crate) const fn is_stream(&self) -> bool {
        matches!(self.0, Inner::Stream(_))
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
            Inner::Stream(stream) => stream.poll_frame(cx),
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
            Inner::Stream(stream) => match stream.shown_size() {
                Some(size) => write!(f, "Body(stream of {size} bytes)"),
                None => f.write_str("Body(stream)"),
            },
        }
    }
}
