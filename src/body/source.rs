//! A stream, and what was kept of it: shared by the attempts of a call.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::kept::Kept;
use crate::BoxError;

type Polled = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

/// A stream, and what was kept of it.
pub(super) struct Source {
    stream: Stream,
    pub(super) kept: Kept,
    /// The first frame, if it was asked for before there was a connection.
    ahead: Option<Frame<Bytes>>,
    /// What was announced of the size before anything was read.
    at_start: Option<SizeHint>,
    /// How many bytes the stream has given.
    given: u64,
    /// The reader whose turn it is: the last one to begin.
    pub(super) turn: u64,
    /// Who waits for the stream's next frame.
    pub(super) waiting: Option<Waker>,
}

enum Stream {
    Living(Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>),
    Ended,
    /// It gave an error, or panicked.
    Broken,
}

impl Source {
    pub(super) fn new<B>(body: B, limit: usize) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let body = http_body_util::BodyExt::map_err(body, Into::into);
        Self {
            stream: Stream::Living(Box::pin(body)),
            kept: Kept::new(limit),
            ahead: None,
            at_start: None,
            given: 0,
            turn: 0,
            waiting: None,
        }
    }

    /// Whether it can still be read from its start to its end.
    pub(super) const fn is_intact(&self) -> bool {
        self.kept.is_whole() && !matches!(self.stream, Stream::Broken)
    }

    /// A header says how long it is, whatever the stream knows of that.
    pub(super) fn announce(&mut self, length: u64) {
        self.at_start.get_or_insert(SizeHint::with_exact(length));
    }

    /// The first frame that no reader has had, and keeps it.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Polled {
        let next = match self.ahead.take() {
            Some(frame) => Some(Ok(frame)),
            None => ready!(self.poll_stream(cx)),
        };
        if let Some(Ok(frame)) = &next {
            self.kept.keep(frame);
        }
        Poll::Ready(next)
    }

    /// Asks for the first frame, and leaves it for the first reader.
    pub(super) fn look_ahead(&mut self, cx: &mut Context<'_>) -> Result<(), BoxError> {
        let untouched = self.ahead.is_none() && self.kept.is_whole() && self.kept.len() == 0;
        if untouched && let Poll::Ready(Some(first)) = self.poll_stream(cx) {
            self.ahead = Some(first?);
        }
        Ok(())
    }

    /// Whether nothing follows the frame before `at`.
    pub(super) fn is_end(&self, at: usize) -> bool {
        let read = at >= self.kept.len() && self.ahead.is_none();
        read && match &self.stream {
            // One that ends too early has still to say so, by a poll.
            Stream::Living(stream) => stream.is_end_stream() && !self.falls_short(),
            Stream::Ended => true,
            Stream::Broken => false,
        }
    }

    /// The size from the frame `at` on.
    ///
    /// What is sent again is announced as it was at first, also where more is known by now: a
    /// stream that went out in chunks, with trailers, must not have a `content-length` the next
    /// time, for trailers cannot follow that.
    pub(super) fn size_hint(&self, at: usize) -> SizeHint {
        let behind = at < self.kept.len() || self.ahead.is_some();
        match (&self.at_start, &self.stream) {
            (Some(start), _) if behind => less(start, self.kept.bytes_before(at)),
            (_, Stream::Living(stream)) => stream.size_hint(),
            (_, Stream::Ended) => SizeHint::with_exact(0),
            (_, Stream::Broken) => SizeHint::new(),
        }
    }

    /// Holds the stream to what was announced: a connection cuts off what is too much, and a server
    /// might take either for a whole request.
    fn measured(&mut self, polled: Polled) -> Polled {
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.given = self.given.saturating_add(length_of(frame));
                let most = self.at_start.as_ref().and_then(SizeHint::upper);
                if most.is_some_and(|most| self.given > most) {
                    return Poll::Ready(Some(Err(Unreadable::TooLong.into())));
                }
            }
            Poll::Ready(None) if self.falls_short() => {
                return Poll::Ready(Some(Err(Unreadable::TooShort.into())));
            }
            _ => {}
        }
        polled
    }

    fn falls_short(&self) -> bool {
        self.at_start
            .as_ref()
            .is_some_and(|start| self.given < start.lower())
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Polled {
        // Whoever meets a panic of the stream finds it broken, not half-way through a poll.
        let mut stream = match mem::replace(&mut self.stream, Stream::Broken) {
            Stream::Living(stream) => stream,
            Stream::Ended => {
                self.stream = Stream::Ended;
                return Poll::Ready(None);
            }
            Stream::Broken => return Poll::Ready(Some(Err(Unreadable::Broken.into()))),
        };
        self.at_start.get_or_insert_with(|| stream.size_hint());
        let polled = self.measured(stream.as_mut().poll_frame(cx));
        match &polled {
            Poll::Pending => self.waiting = Some(cx.waker().clone()),
            Poll::Ready(None) => {
                self.stream = Stream::Ended;
                return polled;
            }
            Poll::Ready(Some(Err(_))) => {
                self.kept.let_go();
                return polled;
            }
            Poll::Ready(Some(Ok(_))) => {}
        }
        self.stream = Stream::Living(stream);
        polled
    }
}

fn length_of(frame: &Frame<Bytes>) -> u64 {
    frame.data_ref().map_or(0, |data| data.len() as u64)
}

fn less(hint: &SizeHint, sent: u64) -> SizeHint {
    let mut less = SizeHint::new();
    less.set_lower(hint.lower().saturating_sub(sent));
    if let Some(upper) = hint.upper() {
        less.set_upper(upper.saturating_sub(sent));
    }
    less
}

/// Why a reader gets no more of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// A later attempt has begun to read.
    TakenOver,
    /// It begins where the stream is gone.
    NotKept,
    /// The stream has failed before.
    Broken,
    /// It has more bytes than were announced.
    TooLong,
    /// It ends before as many bytes as were announced.
    TooShort,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TakenOver => "a later attempt sends this stream",
            Self::NotKept => "the start of this stream was sent and not kept",
            Self::Broken => "this stream has failed",
            Self::TooLong => "this stream is longer than its size hint or Content-Length says",
            Self::TooShort => "this stream is shorter than its size hint or Content-Length says",
        })
    }
}

impl std::error::Error for Unreadable {}
