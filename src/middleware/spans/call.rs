//! The span of a call: layer and service.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::CallSpanFuture;
use crate::event::span;
use crate::{BoxError, Error};

/// A span around the whole call: attempts, waits and refusals.
///
/// It belongs around everything else, so that what is refused shows too.
///
/// ```
/// use seawall::middleware::spans::CallSpanLayer;
///
/// let layer = CallSpanLayer::new();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CallSpanLayer(());

impl CallSpanLayer {
    /// It has no settings: who listens decides what is seen.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for CallSpanLayer {
    type Service = CallSpan<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallSpan { inner }
    }
}

/// The service of a [`CallSpanLayer`].
#[derive(Clone, Debug)]
pub struct CallSpan<S> {
    inner: S,
}

impl<S, B, C> Service<Request<B>> for CallSpan<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = CallSpanFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let span = span::call(&request);
        let call = span.in_scope(|| self.inner.call(request));
        CallSpanFuture::new(call, span)
    }
}
