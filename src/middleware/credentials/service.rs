//! The service.

use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::errand::Errand;
use super::layer::Settings;
use super::{AuthenticateFuture, Sources};
use crate::body::Replay;
use crate::{BoxError, Error};

/// The service of a [`CredentialsLayer`](super::CredentialsLayer).
#[derive(Clone, Debug)]
pub struct Authenticate<S> {
    inner: S,
    sources: Sources,
    settings: Settings,
}

impl<S> Authenticate<S> {
    pub(super) const fn new(inner: S, sources: Sources, settings: Settings) -> Self {
        Self {
            inner,
            sources,
            settings,
        }
    }
}

impl<S, B, C> Service<Request<B>> for Authenticate<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
    S::Error: Into<BoxError>,
    B: Replay,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = AuthenticateFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some((bound, current)) = self.sources.of(&request) else {
            return AuthenticateFuture::untouched(self.inner.call(request));
        };
        let mut errand = Errand::new(bound, self.settings, &request);
        match current {
            Some(credential) if errand.is_made_once() => {
                errand.sign(&mut request, credential);
                AuthenticateFuture::sent(self.inner.call(request), errand)
            }
            Some(credential) => {
                let attempt = errand.send(self.take(), request, credential);
                AuthenticateFuture::sent(attempt, errand)
            }
            None => {
                let mut errand = errand.holding(self.take(), request);
                let renewal = errand.renewal();
                AuthenticateFuture::waiting(renewal, errand)
            }
        }
    }
}

impl<S: Clone> Authenticate<S> {
    /// The instance that was made ready is called; the clone takes its place.
    fn take(&mut self) -> S {
        let clone = self.inner.clone();
        mem::replace(&mut self.inner, clone)
    }
}
