//! The service that a generated client calls.

use std::collections::HashSet;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, Uri};
use tower_service::Service;

use super::GrpcFuture;
use super::status;
use crate::middleware::extensions::DeclaredIdempotent;
use crate::middleware::throttle::ThrottledBody;
use crate::policy::grpc;
use crate::{Body, Deadline, Error, Upstreams, clock};

/// The service of a [`GrpcLayer`](super::GrpcLayer): it makes tonic's calls into calls of the stack, and
/// the stack's errors into statuses.
#[derive(Clone, Debug)]
pub struct GrpcService<S> {
    inner: S,
    setting: Setting,
}

/// What it knows of its upstream.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) origin: Uri,
    /// Methods that do no harm by a repeat.
    pub(super) idempotent: Arc<HashSet<String>>,
    pub(super) replay_limit: usize,
    pub(super) upstreams: Upstreams,
}

impl<S> GrpcService<S> {
    pub(super) const fn new(inner: S, setting: Setting) -> Self {
        Self { inner, setting }
    }
}

impl<S, C> Service<Request<tonic::body::Body>> for GrpcService<S>
where
    S: Service<Request<Body>, Response = Response<ThrottledBody<C>>, Error = Error>,
{
    type Response = Response<ThrottledBody<C>>;
    type Error = tonic::Status;
    type Future = GrpcFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), tonic::Status>> {
        self.inner.poll_ready(cx).map_err(status::of_error)
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let request = self.setting.prepare(request);
        let payments = self.setting.upstreams.policy_now().is_for_payments();
        GrpcFuture::new(self.inner.call(request), payments)
    }
}

impl Setting {
    fn prepare(&self, request: Request<tonic::body::Body>) -> Request<Body> {
        let limit = self.replay_limit;
        let mut request = request.map(|body| Body::stream_with_limit(body, limit));
        let is_idempotent = self.idempotent.contains(request.uri().path());
        *request.uri_mut() = at(&self.origin, request.uri());
        let asked = grpc::timeout(request.headers());
        let arrived = Deadline::of(&request);
        let extensions = request.extensions_mut();
        if let Some(timeout) = asked {
            let asked = Deadline::at(clock::after(clock::now(), timeout));
            extensions.insert(arrived.map_or(asked, |arrived| arrived.min(asked)));
        }
        // Another stack around this one may have said it of its own calls.
        extensions.remove::<DeclaredIdempotent>();
        if is_idempotent {
            extensions.insert(DeclaredIdempotent);
        }
        request
    }
}

/// The same path at this origin. A generated client sends a path alone.
fn at(origin: &Uri, asked: &Uri) -> Uri {
    let mut parts = origin.clone().into_parts();
    let path = asked.path_and_query().or(origin.path_and_query());
    parts.path_and_query = path.cloned();
    Uri::from_parts(parts).unwrap_or_else(|_| origin.clone())
}
