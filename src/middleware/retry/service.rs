//! The service.

use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::RetryFuture;
use super::call::CallLog;
use crate::body::Replay;
use crate::middleware::credentials::Sources;
use crate::middleware::extensions::Resend;
use crate::{BoxError, Error, Upstreams};

/// The service of a [`RetryLayer`](super::RetryLayer).
#[derive(Clone, Debug)]
pub struct Retry<S> {
    inner: S,
    upstreams: Upstreams,
    sources: Sources,
}

impl<S> Retry<S> {
    pub(super) const fn new(inner: S, upstreams: Upstreams, sources: Sources) -> Self {
        Self {
            inner,
            upstreams,
            sources,
        }
    }
}

impl<S, B, C> Service<Request<B>> for Retry<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
    S::Error: Into<BoxError>,
    B: Replay,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = RetryFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // What another stack above says of its own retries means nothing here.
        request.extensions_mut().remove::<Resend>();
        let upstream = self.upstreams.find(&request);
        let log = CallLog::begin(&request, self.upstreams.clone(), upstream, &self.sources);
        log.pass_down(&mut request);
        let again = log.may_retry().then(|| copy(&request)).flatten();
        // The instance that was made ready is called; the clone takes its place.
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        let attempt = ready.call(request);
        RetryFuture::new(attempt, ready, again, log)
    }
}

/// The request as it will be sent again: the same head, the same key, the same bytes. `None`: its
/// body can be sent once. Whether a stream was kept shows only when it was sent.
pub(in crate::middleware) fn copy<B: Replay>(request: &Request<B>) -> Option<Request<B>> {
    let mut copy = Request::new(request.body().replay()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}
