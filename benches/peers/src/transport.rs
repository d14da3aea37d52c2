//! The services at the bottom: what everybody is measured over.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use tower::Service;

use crate::request::Body;

pub type Answer = Result<Response<Body>, Infallible>;

/// How the service at the bottom behaves.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// It answers at the first poll.
    Ready,
    /// It answers at the second.
    PendingOnce,
    /// It answers each call in turn with a 502 and a 200.
    FailingFirst,
    /// It answers with a 503 that asks for an hour.
    Unavailable,
}

/// The service at the bottom.
#[derive(Clone, Debug)]
pub struct Bare {
    manner: Manner,
}

impl Bare {
    #[must_use]
    pub const fn new(manner: Manner) -> Self {
        Self { manner }
    }
}

impl Service<Request<Body>> for Bare {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answered;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answered {
        black_box(request);
        let mut response = Response::new(Body::default());
        match self.manner {
            Manner::Ready | Manner::PendingOnce => {}
            Manner::FailingFirst => fail_in_turn(&mut response),
            Manner::Unavailable => {
                *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                let hour = http::HeaderValue::from_static("3600");
                response.headers_mut().insert("retry-after", hour);
            }
        }
        Answered {
            answer: ready(Ok(response)),
            pends: matches!(self.manner, Manner::PendingOnce),
        }
    }
}

/// Every other answer on this thread is a 502.
fn fail_in_turn(response: &mut Response<Body>) {
    thread_local! {
        static FAILS: std::cell::Cell<bool> = const { std::cell::Cell::new(true) };
    }
    if FAILS.replace(!FAILS.get()) {
        *response.status_mut() = StatusCode::BAD_GATEWAY;
    }
}

#[derive(Debug)]
pub struct Answered {
    answer: Ready<Answer>,
    pends: bool,
}

impl Future for Answered {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        if std::mem::take(&mut self.pends) {
            return Poll::Pending;
        }
        Pin::new(&mut self.answer).poll(cx)
    }
}
