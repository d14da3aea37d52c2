//! The service.

use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::CircuitFuture;
use super::arrival::Arrival;
use super::asking::Asking;
use crate::{BoxError, CredentialsLayer, Error, Upstreams};

/// The service of a [`CircuitLayer`](super::CircuitLayer).
#[derive(Clone, Debug)]
pub struct CircuitBreaker<S> {
    inner: S,
    upstreams: Upstreams,
    credentials: CredentialsLayer,
}

impl<S> CircuitBreaker<S> {
    pub(super) const fn new(inner: S, upstreams: Upstreams, credentials: CredentialsLayer) -> Self {
        Self {
            inner,
            upstreams,
            credentials,
        }
    }
}

impl<S, B, C> Service<Request<B>> for CircuitBreaker<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone,
    S::Error: Into<BoxError>,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = CircuitFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let (upstreams, credentials) = (&self.upstreams, &self.credentials);
        let arrival = Arrival::of(&mut request, upstreams);
        let policy = upstreams.seen_policy_of(&request);
        if let Some(permit) = arrival.permit(&request, &policy) {
            let admitted = arrival.admitted(permit, &request, &policy, credentials);
            drop(policy);
            admitted.mark(&mut request);
            return CircuitFuture::attempt(self.inner.call(request), admitted);
        }
        drop(policy);
        // The instance that was made ready waits with the call; the clone takes its place. Nor does it
        // stay ready for nobody when the call is turned away.
        let clone = self.inner.clone();
        let ready = mem::replace(&mut self.inner, clone);
        if let Some(error) = arrival.turned_away(&request, upstreams, credentials) {
            return CircuitFuture::turned_away(error);
        }
        let candidate = arrival.candidate(&request, upstreams, credentials);
        CircuitFuture::ask(Asking::new(ready, request, candidate))
    }
}
