//! A response body piece by piece.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderName};
use http_body::{Body, Frame};
use tokio::time::Sleep;
use tonic::Status;

#[derive(Clone, Debug)]
pub(crate) enum Piece {
    /// A message, framed as gRPC does.
    Message(&'static str),
    Wait(Duration),
    Trailers(Vec<(&'static str, &'static str)>),
    /// The stream is reset.
    Break,
}

pub(crate) struct Pieces {
    left: VecDeque<Piece>,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Pieces {
    pub(crate) fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self {
            left: pieces.into_iter().collect(),
            waiting: None,
        }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Status;

    #[expect(
        clippy::disallowed_methods,
        reason = "real sockets know no paused clock"
    )]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                ready!(waiting.as_mut().poll(cx));
                self.waiting = None;
            }
            let Some(piece) = self.left.pop_front() else {
                return Poll::Ready(None);
            };
            return Poll::Ready(Some(match piece {
                Piece::Wait(time) => {
                    self.waiting = Some(Box::pin(tokio::time::sleep(time)));
                    continue;
                }
                Piece::Message(text) => Ok(Frame::data(framed(text))),
                Piece::Trailers(fields) => Ok(Frame::trailers(map(&fields))),
                Piece::Break => Err(Status::internal("broken")),
            }));
        }
    }
}

pub(crate) fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let field = |(name, value): &(&'static str, &'static str)| {
        (
            HeaderName::from_static(name),
            value.parse().expect("a value"),
        )
    };
    fields.iter().map(field).collect()
}

pub(crate) fn framed(text: &str) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(text.len()).expect("a short text"));
    frame.put_slice(text.as_bytes());
    frame.freeze()
}
