//! The service.

use std::net::IpAddr;
use std::task::{Context, Poll};

use http::uri::Scheme;
use http::{Request, Response, Uri};
use tower_service::Service;

use super::RequireHttpsFuture;
use crate::middleware::refusable::Refusable;
use crate::{BoxError, Error, Upstreams};

/// The service of a [`RequireHttpsLayer`](super::RequireHttpsLayer).
#[derive(Clone, Debug)]
pub struct RequireHttps<S> {
    inner: S,
    upstreams: Upstreams,
}

impl<S> RequireHttps<S> {
    pub(super) const fn new(inner: S, upstreams: Upstreams) -> Self {
        Self { inner, upstreams }
    }
}

impl<S, B, C> Service<Request<B>> for RequireHttps<S>
where
    S: Service<Request<B>, Response = Response<C>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<C>;
    type Error = Error;
    type Future = RequireHttpsFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Error::before_sending)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let policy = self.upstreams.policy_now();
        if policy.requires_https() && is_exposed(request.uri()) {
            let host = request.uri().host().unwrap_or_default();
            let problem = format!(
                "plain HTTP to `{host}` is refused by this policy: use https, or build the policy \
                 with `.require_https(false)` and `.allow(Rule::PlainHttp, \"…\")`"
            );
            let error = Error::config(problem).for_payments(policy.is_for_payments());
            return RequireHttpsFuture::new(Refusable::refused(error));
        }
        RequireHttpsFuture::new(Refusable::passed(self.inner.call(request)))
    }
}

/// Whether the request would cross a network in the clear.
pub(crate) fn is_exposed(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTP) && !uri.host().is_some_and(is_loopback)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback())
        || host.eq_ignore_ascii_case("localhost")
}
