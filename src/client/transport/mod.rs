//! The real-socket end of the stack: connections, their pool, and what their errors prove.
//!
//! The only place that sets up hyper, hyper-util and rustls; what their errors prove is in
//! [`on_hyper`](crate::on_hyper).

mod connect;
mod future;
mod handed;
mod handshake;
#[cfg(feature = "serde")]
mod pem;
mod phases;
mod resolve;
mod settings;
#[cfg(test)]
pub(super) mod tests;
mod tls;

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Method, Request, Response, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use crate::TransportError;
use crate::body::Body;
use crate::body::send_gate::{GatedBody, SendGate};
use crate::middleware::extensions::{Attempt, FreshConnection};
use crate::on_hyper::check;

use connect::Connector;
pub(crate) use future::TransportFuture;
pub(super) use handshake::HandshakeFailure;
#[cfg(feature = "serde")]
pub(super) use pem::certificates;
pub(super) use phases::{Agreed, Connection, Phases, TcpConnection};
pub(crate) use settings::{Settings, SetupError};

type Pool = legacy::Client<Connector, GatedBody<Body>>;

/// Sends requests over pooled connections: HTTP/1.1, or HTTP/2 where TLS agrees on it.
///
/// It is always ready. Every clone shares the pool.
#[derive(Clone)]
pub(crate) struct Transport(Arc<Pools>);

struct Pools {
    kept: Pool,
    /// Keeps no connection: for a request that must not meet an old one.
    fresh: Pool,
    phases: Arc<Phases>,
}

impl Transport {
    /// # Errors
    ///
    /// A root certificate that cannot be read, or TLS that cannot be set up.
    pub(crate) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let tls = tls::config(settings)?;
        let connector = connect::connector(settings, tls.clone());
        let pool = |max_idle| builder(settings, max_idle).build(connector.clone());
        let kept = pool(settings.pool_max_idle_per_host);
        Ok(Self(Arc::new(Pools {
            kept,
            fresh: pool(0),
            phases: Arc::new(Phases::new(settings.clone(), tls)),
        })))
    }

    /// The same connector in pieces, beside the pools.
    pub(super) fn phases(&self) -> Arc<Phases> {
        Arc::clone(&self.0.phases)
    }
}

fn builder(settings: &Settings, max_idle: usize) -> legacy::Builder {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        // Without it an idle connection is dropped only when the next request looks at it.
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(settings.pool_idle_timeout)
        .pool_max_idle_per_host(max_idle)
        .http2_only(settings.http2_only)
        .http2_keep_alive_interval(settings.http2_ping_interval)
        .http2_keep_alive_timeout(settings.http2_ping_timeout)
        .http2_keep_alive_while_idle(true)
        // Only what was handed back unstarted is sent again, on the next pooled connection.
        .retry_canceled_requests(true);
    builder
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Incoming>;
    type Error = TransportError;
    type Future = TransportFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> TransportFuture {
        if let Err(invalid) = check::check(&request) {
            return TransportFuture::refuse(invalid);
        }
        let is_stream = request.body().is_stream();
        if is_stream && let Some(length) = check::stated_length(request.headers()) {
            request.body().announce(length);
        }
        // The connection decides the version: asking for HTTP/2 on a connection that turns out to
        // be HTTP/1.1 is an error that looks like any other.
        *request.version_mut() = Version::HTTP_11;

        let extensions = request.extensions_mut();
        let fresh = extensions.remove::<FreshConnection>().is_some();
        let attempt = extensions.remove::<Attempt>();
        let gate = attempt.map_or_else(SendGate::new, |attempt| attempt.gate);
        let safe = request.method().is_safe();
        // Whatever may change something is gated, with an empty body too. CONNECT has none at all.
        let gate_empty = !safe && request.method() != Method::CONNECT;
        let empty_and_safe = safe && request.body().is_end_stream();
        let request = request.map(|body| {
            if gate_empty {
                gate.arm_empty_too(body)
            } else {
                gate.arm(body)
            }
        });

        let call = Call {
            request,
            pools: Arc::clone(&self.0),
            fresh,
            gate,
            empty_and_safe,
        };
        if is_stream {
            TransportFuture::look_ahead(call)
        } else {
            TransportFuture::send(call)
        }
    }
}

/// A request that is ready for its connection.
struct Call {
    request: Request<GatedBody<Body>>,
    pools: Arc<Pools>,
    fresh: bool,
    gate: SendGate,
    empty_and_safe: bool,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}
