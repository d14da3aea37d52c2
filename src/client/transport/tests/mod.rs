//! The transport over real loopback sockets, against servers that misbehave.
//!
//! Real time, never a paused clock. Nothing sleeps: each step waits for what it must see.

mod bodies;
mod connect;
mod gate;
mod h2_peer;
mod http1;
mod http2;
mod lengths;
pub(in crate::client) mod peer;
mod pool;
mod request_bodies;
mod requests;

use std::time::Duration;

use http::{Method, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tower_service::Service;

use super::{Settings, Transport, TransportFuture};
use crate::TransportError;
use crate::body::Body;

/// Far beyond what a loaded machine needs: to meet it is to hang.
const HANG: Duration = Duration::from_secs(60);

pub(in crate::client) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(HANG, future)
        .await
        .expect("nothing hangs")
}

fn settings() -> Settings {
    Settings::new(HANG)
}

fn transport() -> Transport {
    Transport::new(&settings()).expect("plain settings")
}

/// HTTP/2 over plain TCP.
fn h2_transport() -> Transport {
    Transport::new(&Settings {
        http2_only: true,
        ..settings()
    })
    .expect("plain settings")
}

fn request(method: Method, url: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(url)
        .body(body.into())
        .expect("a valid request")
}

fn start(transport: &Transport, request: Request<Body>) -> TransportFuture {
    transport.clone().call(request)
}

async fn send(
    transport: &Transport,
    request: Request<Body>,
) -> Result<Response<Incoming>, TransportError> {
    soon(start(transport, request)).await
}

async fn post(transport: &Transport, url: &str) -> Result<Response<Incoming>, TransportError> {
    send(transport, request(Method::POST, url, "payment")).await
}

async fn text(response: Response<Incoming>) -> String {
    let body = soon(response.into_body().collect())
        .await
        .expect("a whole body");
    String::from_utf8(body.to_bytes().to_vec()).expect("text")
}
