//! The span of an attempt: layer and service.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::AttemptSpanFuture;
use crate::event::span;
use crate::middleware::extensions::AttemptNumber;
use crate::{BoxError, Error};

/// A span around each attempt.
///
/// It belongs right inside the circuit, so that what is refused there is no attempt, and around
/// everything that an attempt consists of.
///
/// ```
/// use seawall::middleware::spans::AttemptSpanLayer;
///
/// let layer = AttemptSpanLayer::new();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AttemptSpanLayer(());

impl AttemptSpanLayer {
    /// It has no settings: who listens decides what is seen.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for AttemptSpanLayer {
    type Service = AttemptSpan<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AttemptSpan { inner }
    }
}

/// The service of an [`AttemptSpanLayer`].
#[derive(Clone, Debug)]
pub struct AttemptSpan<S> {
    inner: S,
}

impl<S, B, C> Service<Request<B>> for AttemptSpan<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = AttemptSpanFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // Taken out: it concerns no stack further down.
        let number = request.extensions_mut().remove::<AttemptNumber>();
        let number = number.map_or(1, |AttemptNumber(number)| number);
        let span = span::attempt(&request, number);
        let attempt = span.in_scope(|| self.inner.call(request));
        AttemptSpanFuture::new(attempt, span)
    }
}
