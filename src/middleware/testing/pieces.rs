//! A response body that comes in pieces, or does not come.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use crate::{BoxError, clock};

#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Data(&'static str),
    Trailers,
    /// Nothing for so long, from the moment it is asked for.
    Pause(Duration),
    /// Nothing more, and no end.
    Hang,
    /// The connection is lost.
    Break,
    /// Whoever asks for it fails the test.
    Untouchable,
}

/// A response body that comes in pieces.
pub(crate) struct Pieces {
    left: VecDeque<Piece>,
    pause: Option<Pin<Box<Sleep>>>,
    announced: u64,
}

impl Pieces {
    pub(crate) fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self {
            left: pieces.into_iter().collect(),
            pause: None,
            announced: 0,
        }
    }

    /// It says beforehand how long it is, at the least.
    pub(crate) fn announcing(mut self, length: u64) -> Self {
        self.announced = length;
        self
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            return Poll::Ready(match self.left.pop_front() {
                None => None,
                Some(Piece::Data(text)) => {
                    Some(Ok(Frame::data(Bytes::from_static(text.as_bytes()))))
                }
                Some(Piece::Trailers) => Some(Ok(Frame::trailers(HeaderMap::new()))),
                Some(Piece::Break) => Some(Err("the connection is lost".into())),
                Some(Piece::Pause(time)) => {
                    let until = clock::after(clock::now(), time);
                    self.pause = Some(Box::pin(clock::sleep_until(until)));
                    continue;
                }
                Some(Piece::Hang) => {
                    self.left.push_front(Piece::Hang);
                    return Poll::Pending;
                }
                Some(Piece::Untouchable) => panic!("it was to be left alone"),
            });
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.announced);
        hint
    }
}
