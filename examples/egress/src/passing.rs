//! A body on its way through, of which only the trailers are looked at.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};

use crate::hop;
use crate::told;

/// The same body. Of its trailers those are left that a header section would keep: a reader may merge
/// the two, and nobody speaks in our name there either.
#[derive(Debug)]
pub(crate) struct Passing<B>(pub(crate) B);

impl<B: Body + Unpin> Body for Passing<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx).map_ok(cleared)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

fn cleared<D>(frame: Frame<D>) -> Frame<D> {
    frame.into_trailers().map_or_else(
        |data| data,
        |mut trailers| {
            hop::strip(&mut trailers);
            told::strip(&mut trailers);
            Frame::trailers(trailers)
        },
    )
}
