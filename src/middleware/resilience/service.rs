//! The service.

use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::express::Express;
use super::way::Way;
use super::{ResilienceFuture, ResilienceLayer};
use crate::body::Replay;
use crate::middleware::throttle::ThrottledBody;
use crate::{BoxError, Error};

/// A transport within the whole stack: the service of a [`ResilienceLayer`].
#[derive(Clone, Debug)]
pub struct Resilience<S> {
    transport: S,
    layer: ResilienceLayer,
}

impl<S> Resilience<S> {
    pub(super) const fn new(transport: S, layer: ResilienceLayer) -> Self {
        Self { transport, layer }
    }
}

impl<S, B, C> Service<Request<B>> for Resilience<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
    S::Error: Into<BoxError>,
    B: Replay,
{
    type Response = Response<ThrottledBody<C>>;
    type Error = Error;
    type Future = ResilienceFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.transport.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The instance that was made ready is called; the clone takes its place, or is there for a
        // retry.
        let clone = self.transport.clone();
        match Way::of(&self.layer, &request) {
            Some(Way::Express(pass)) => {
                let express = Express::begin(&mut request, pass);
                let attempt = self.transport.call(request);
                ResilienceFuture::express(attempt, clone, express)
            }
            Some(Way::Refused(error)) => {
                // Nobody holds what was made ready and is not called.
                self.transport = clone;
                ResilienceFuture::refused(error)
            }
            None => {
                let ready = mem::replace(&mut self.transport, clone);
                ResilienceFuture::through_each_layer(self.layer.stack().whole(ready).call(request))
            }
        }
    }
}
