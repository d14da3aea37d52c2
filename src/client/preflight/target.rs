//! What is to be called: checked before the network is touched.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::uri::{PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use tower_layer::Layer;
use tower_service::Service;

use super::fault::Fault;
use super::{Preflight, Problem};
use crate::client::request::{parse, redacted};
use crate::{RequireHttpsLayer, Upstreams};

/// The URLs of a preflight.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) url: Uri,
    pub(super) credentials: Option<Uri>,
    pub(super) health: Option<Uri>,
}

impl Target {
    pub(super) async fn of(preflight: &Preflight) -> Result<Self, Fault> {
        let url = parse(&preflight.url).map_err(|error| bad(error.to_string()))?;
        allowed(preflight.client.upstreams(), &url).await?;

        let health = preflight.health_path.as_deref();
        let health = health.map(|path| at(&url, path)).transpose()?;
        let credentials = match &preflight.credentials_path {
            _ if !preflight.brings_credentials && !has_source(preflight, &url) => None,
            Some(path) => Some(at(&url, path)?),
            None if url.path() == "/" => health.clone().or_else(|| Some(url.clone())),
            None => Some(url.clone()),
        };
        Ok(Self {
            url,
            credentials,
            health,
        })
    }

    pub(super) fn is_https(&self) -> bool {
        self.url.scheme() == Some(&Scheme::HTTPS)
    }

    pub(super) fn host(&self) -> &str {
        self.url.host().unwrap_or_default()
    }

    pub(super) fn port(&self) -> u16 {
        let usual = if self.is_https() { 443 } else { 80 };
        self.url.port_u16().unwrap_or(usual)
    }
}

/// Whether the client itself has a credential for the URL's origin.
fn has_source(preflight: &Preflight, url: &Uri) -> bool {
    preflight.client.sources.covering(url).is_some()
}

/// This path on the URL's host.
fn at(url: &Uri, path: &str) -> Result<Uri, Fault> {
    let shown = redacted(path);
    let wrong = |problem| bad(format!("the path `{shown}` cannot be called ({problem})"));
    if !path.starts_with('/') {
        return Err(wrong("it does not begin with `/`"));
    }
    let path: PathAndQuery = path.parse().map_err(|_| wrong("it is no path"))?;
    let mut parts = url.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).map_err(|_| wrong("it is no path"))
}

/// Asks the client's own layer, which stands before its circuit.
async fn allowed(upstreams: &Upstreams, url: &Uri) -> Result<(), Fault> {
    let mut request = Request::new(());
    *request.uri_mut() = url.clone();
    let mut layer = RequireHttpsLayer::new(upstreams.clone()).layer(Allowed);
    let answer = layer.call(request).await;
    answer
        .map(|_| ())
        .map_err(|error| Fault::new(Problem::PlainHttp, error.to_string()))
}

/// Stands where the rest of the stack would.
struct Allowed;

impl Service<Request<()>> for Allowed {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

fn bad(reason: String) -> Fault {
    Fault::new(Problem::BadUrl, reason)
}
