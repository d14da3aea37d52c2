//! The service.

use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{CollectFuture, Collected};
use crate::response_body::{Announced, Limits};
use crate::{BoxError, Error};

/// The service of a [`CollectLayer`](super::CollectLayer).
#[derive(Clone, Debug)]
pub struct Collect<S> {
    inner: S,
    limits: Limits,
}

impl<S> Collect<S> {
    pub(super) const fn new(inner: S, limits: Limits) -> Self {
        Self { inner, limits }
    }
}

impl<S, B, C> Service<Request<B>> for Collect<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
    C: Body,
    C::Error: Into<BoxError>,
{
    type Response = Response<Collected>;
    type Error = Error;
    type Future = CollectFuture<S::Future, C>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let announced = Announced::in_answer_to(request.method());
        CollectFuture::new(self.inner.call(request), self.limits, announced)
    }
}
