//! The gateway behind hyper's HTTP/1.1 server, on loopback only.

use crate::model::clock::Clock;
use crate::model::gateway::Gateway;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// Out of file descriptors, most likely: some will be free soon.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Listens on a free port and serves until the runtime ends.
pub(super) async fn listen(gateway: Gateway, clock: Clock) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(serve(stream, gateway.clone()))),
                Err(_) => clock.sleep_until(clock.now() + ACCEPT_AGAIN_AFTER).await,
            }
        }
    });
    Ok(address)
}

async fn serve(stream: TcpStream, gateway: Gateway) {
    let service = service_fn(move |request| answer(gateway.clone(), request));
    // An error here is a client that went away, or the fault that breaks connections.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// An `Err` makes hyper drop the connection without an answer.
async fn answer(gateway: Gateway, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    gateway
        .oneshot(Request::from_parts(head, Full::new(body)))
        .await
}
