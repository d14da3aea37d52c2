//! A body that was read.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::BodyError;

/// The body of a response, read to its end: whole, or the part of it that came and the reason why
/// the rest did not.
///
/// As an [`http_body::Body`] it gives its bytes, and then the error, if there is one.
#[derive(Clone)]
pub struct Collected {
    bytes: Bytes,
    error: Option<BodyError>,
}

impl Collected {
    pub(super) const fn whole(bytes: Bytes) -> Self {
        Self { bytes, error: None }
    }

    pub(super) const fn broken(part: Bytes, error: BodyError) -> Self {
        Self {
            bytes: part,
            error: Some(error),
        }
    }

    /// The whole body. A part of one is not mistaken for it.
    ///
    /// # Errors
    ///
    /// Why the body is not whole.
    pub fn into_bytes(self) -> Result<Bytes, BodyError> {
        match self.error {
            None => Ok(self.bytes),
            Some(error) => Err(error),
        }
    }

    /// Why the body is not whole.
    #[must_use]
    pub const fn error(&self) -> Option<&BodyError> {
        self.error.as_ref()
    }
}

impl Body for Collected {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(self.error.take().map(Err));
        }
        Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && self.error.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let here = self.bytes.len() as u64;
        let mut hint = SizeHint::new();
        hint.set_lower(here);
        if self.error.is_none() {
            hint.set_upper(here);
        }
        hint
    }
}

impl fmt::Debug for Collected {
    /// Its size; never its bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collected")
            .field("bytes", &self.bytes.len())
            .field("error", &self.error)
            .finish()
    }
}
