//! The service.

use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::RetryFuture;
use super::call::CallLog;
use super::kept::Kept;
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
        let again = log.may_retry().then(|| Kept::of(&request)).flatten();
        // The instance that was made ready is called; the clone takes its place.
        let clone = self.inner.clone();
        let mut ready = mem::replace(&mut self.inner, clone);
        let attempt = ready.call(request);
        RetryFuture::new(attempt, ready, again, log)
    }
}
