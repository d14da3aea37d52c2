//! What a body says of itself, how it is sent again, and what its gate proves.

mod broken;
mod bytes;
mod gate;
mod hash;
mod limit;
mod replay;
mod stream;
mod turns;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use ::bytes::Bytes;
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, Full};

use self::stream::{Scripted, Step, data, scripted, trailers};
use super::{Body, OneShot, Replay};
use crate::BoxError;

async fn bytes(body: impl http_body::Body<Data = Bytes, Error = impl Into<BoxError>>) -> Bytes {
    body.collect()
        .await
        .map_err(Into::into)
        .expect("the body ends well")
        .to_bytes()
}

/// What a connection gets that asks once.
fn poll(body: &mut Body) -> String {
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(body).poll_frame(&mut cx) {
        Poll::Pending => "pending".to_owned(),
        Poll::Ready(None) => "end".to_owned(),
        Poll::Ready(Some(Err(error))) => format!("error: {error}"),
        Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
            Ok(data) => String::from_utf8_lossy(&data).into_owned(),
            Err(trailers) => format!("{:?}", trailers.into_trailers().expect("trailers")),
        },
    }
}

/// What a connection gets that asks until there is nothing more.
fn rest(body: &mut Body) -> Vec<String> {
    let mut rest = Vec::new();
    loop {
        let next = poll(body);
        let last = ["end", "pending"].contains(&&*next) || next.starts_with("error");
        rest.push(next);
        if last {
            return rest;
        }
    }
}

/// Fails after `good` frames.
struct Failing {
    good: usize,
}

impl http_body::Body for Failing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.good == 0 {
            return Poll::Ready(Some(Err("the disk is gone".into())));
        }
        self.good -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"row")))))
    }
}
