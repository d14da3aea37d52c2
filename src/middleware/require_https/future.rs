//! The future.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Response;
use pin_project_lite::pin_project;

use crate::middleware::refusable::Refusable;
use crate::{BoxError, Error};

pin_project! {
    /// The future of a [`RequireHttps`](super::RequireHttps).
    pub struct RequireHttpsFuture<F> {
        #[pin]
        call: Refusable<F>,
    }
}

impl<F> RequireHttpsFuture<F> {
    pub(super) const fn new(call: Refusable<F>) -> Self {
        Self { call }
    }
}

impl<F, C, E> Future for RequireHttpsFuture<F>
where
    F: Future<Output = Result<Response<C>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<C>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().call.poll(cx)
    }
}
