//! The future of a call.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::status;
use crate::Error;
use crate::middleware::throttle::ThrottledBody;

pin_project! {
    /// The future of a [`GrpcService`](super::GrpcService).
    #[must_use = "futures do nothing unless polled"]
    pub struct GrpcFuture<F> {
        #[pin]
        call: F,
        // The call moves money: its errors say so.
        payments: bool,
    }
}

impl<F> GrpcFuture<F> {
    pub(super) const fn new(call: F, payments: bool) -> Self {
        Self { call, payments }
    }
}

impl<F, C> Future for GrpcFuture<F>
where
    F: Future<Output = Result<Response<ThrottledBody<C>>, Error>>,
{
    type Output = Result<Response<ThrottledBody<C>>, tonic::Status>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        Poll::Ready(match ready!(this.call.poll(cx)) {
            Ok(response) => status::of_answer(response, *this.payments),
            Err(error) => Err(status::of_error(error)),
        })
    }
}
