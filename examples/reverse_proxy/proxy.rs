//! The stack as layers, between axum and hyper-util's client.

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, RETRY_AFTER, TE, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, Request, Response, StatusCode, Uri, Version};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use seawall::{Error, Policy, ResilienceLayer};
use tower::ServiceBuilder;

/// Everything goes to this upstream; give the router routes of its own, and the rest does. `None`: that
/// is no `http://host`.
pub(crate) fn router(upstream: &Uri, policy: Policy) -> Option<Router> {
    let authority = upstream.authority()?.clone();
    // For https, build it with a connector of hyper-rustls.
    let transport = Client::builder(TokioExecutor::new()).build_http::<seawall::Body>();
    let proxy = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(refused))
        // axum's body is a stream, which is kept while it is sent, up to 64 KiB.
        .map_request(move |request: Request<Body>| {
            addressed(request, &authority).map(seawall::Body::stream)
        })
        // Back as it comes. Its `seawall::Report` is in the extensions, for axum's layers.
        .map_response(|response: Response<_>| returned(response.map(Body::new)))
        .layer(ResilienceLayer::new(policy))
        .service(transport);
    let is_http = upstream.scheme() == Some(&Scheme::HTTP);
    is_http.then(|| Router::new().fallback_service(proxy))
}

/// The same request, to the upstream.
fn addressed(request: Request<Body>, authority: &Authority) -> Request<Body> {
    let (mut head, body) = request.into_parts();
    for_this_hop_only(&mut head.headers);
    // The upstream's own is set from the URL.
    head.headers.remove(HOST);
    let mut parts = Parts::default();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority.clone());
    let target = head.uri.path_and_query().cloned();
    parts.path_and_query = Some(target.unwrap_or_else(|| PathAndQuery::from_static("/")));
    head.uri = Uri::from_parts(parts).expect("a scheme, a host and a path are a URL");
    head.version = Version::HTTP_11;
    Request::from_parts(head, body)
}

fn returned(mut response: Response<Body>) -> Response<Body> {
    for_this_hop_only(response.headers_mut());
    response
}

/// RFC 9110 section 7.6.1. One that serves strangers takes away the fields that `connection` names,
/// too: see `examples/egress/src/hop.rs`.
fn for_this_hop_only(headers: &mut HeaderMap) {
    // Beside a transfer coding a length is not meant (RFC 9112 section 6.3), and would cut the body.
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    let keep_alive = HeaderName::from_static("keep-alive");
    for name in [CONNECTION, keep_alive, TE, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
}

/// A 503 where nothing was done, and when to come again.
async fn refused(error: Error) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{error}\n")));
    *response.status_mut() = match error.refusal() {
        Some(_) if !error.is_unknown() => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    };
    if let Some(wait) = error.retry_after() {
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, (wait.as_secs() + 1).into());
    }
    response.extensions_mut().insert(error.report().clone());
    response
}
