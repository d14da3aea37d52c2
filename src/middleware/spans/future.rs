//! The futures.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;
use tracing::Span;
use tracing::instrument::{Instrument, Instrumented};

use crate::event::span;
use crate::{BoxError, Error};

pin_project! {
    /// The future of a [`CallSpan`](super::CallSpan).
    pub struct CallSpanFuture<F> {
        #[pin]
        call: Instrumented<F>,
    }
}

pin_project! {
    /// The future of an [`AttemptSpan`](super::AttemptSpan).
    pub struct AttemptSpanFuture<F> {
        #[pin]
        attempt: Instrumented<F>,
    }
}

impl<F> CallSpanFuture<F> {
    pub(super) fn new(call: F, span: Span) -> Self {
        let call = call.instrument(span);
        Self { call }
    }
}

impl<F> AttemptSpanFuture<F> {
    pub(super) fn new(attempt: F, span: Span) -> Self {
        let attempt = attempt.instrument(span);
        Self { attempt }
    }
}

impl<F, C, E> Future for CallSpanFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut call = self.project().call;
        let result = ready!(call.as_mut().poll(cx)).map_err(Error::from_inner);
        span::ended(call.span(), &result);
        span::reported(call.span(), &result);
        Poll::Ready(result)
    }
}

impl<F, C, E> Future for AttemptSpanFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut attempt = self.project().attempt;
        let result = ready!(attempt.as_mut().poll(cx)).map_err(Error::from_inner);
        span::ended(attempt.span(), &result);
        Poll::Ready(result)
    }
}
