//! One attempt over a scripted channel, and the setting of a layer, by a paused clock.

mod attempt;
mod late;
mod requests;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tower::{Service, ServiceExt, service_fn};

use super::*;
use crate::body::SendGate;
use crate::clock;
use crate::middleware::extensions::Attempt;
use crate::middleware::testing::{millis, pass};
use crate::policy::{Failure, Progress};
use crate::{Body, BoxError, Deadline, Error};

/// What a frame of a body is, and after which time it comes.
type Piece = (u64, Result<Frame<Bytes>, tonic::Status>);

/// A body of these frames.
struct Frames {
    left: VecDeque<Piece>,
    waiting: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Frames {
    fn new(pieces: impl IntoIterator<Item = Piece>) -> Self {
        Self {
            left: pieces.into_iter().collect(),
            waiting: None,
        }
    }
}

impl http_body::Body for Frames {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let Some((after, _)) = self.left.front() else {
            return Poll::Ready(None);
        };
        let after = millis(*after);
        if !after.is_zero() {
            let waiting = self.waiting.get_or_insert_with(|| Box::pin(pass(after)));
            ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
        }
        let piece = self.left.pop_front();
        Poll::Ready(piece.map(|(_, frame)| frame))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let frames = self.left.iter().flat_map(|(_, frame)| frame);
        let lengths = frames.map(|frame| frame.data_ref().map_or(0, Bytes::len) as u64);
        http_body::SizeHint::with_exact(lengths.sum())
    }
}

fn data(after: u64, text: &'static str) -> Piece {
    (after, Ok(Frame::data(Bytes::from_static(text.as_bytes()))))
}

fn trailers(after: u64, fields: &[(&'static str, &'static str)]) -> Piece {
    let fields = fields
        .iter()
        .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
    (after, Ok(Frame::trailers(fields.collect())))
}

/// An answer of gRPC with these frames.
fn answer(pieces: impl IntoIterator<Item = Piece>) -> Response<tonic::body::Body> {
    let mut response = Response::new(tonic::body::Body::new(Frames::new(pieces)));
    let kind = "application/grpc+proto".parse().unwrap();
    response.headers_mut().insert("content-type", kind);
    response
}
