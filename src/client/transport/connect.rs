//! A new connection: DNS, TCP and TLS under one timeout, and the phase in which it failed.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::ClientConfig;
use rustls::pki_types::InvalidDnsNameError;
use tower_service::Service;

use super::resolve::{DnsError, Resolver};
use super::settings::Settings;
use crate::BoxError;
use crate::on_hyper::classify::{find, tls_failure};
use crate::policy::Failure;

type Tcp = HttpConnector<Resolver>;

pub(super) type Connector = Timed<HttpsConnector<Tcp>>;

pub(super) fn connector(settings: &Settings, tls: ClientConfig) -> Connector {
    Timed {
        inner: https(settings, tls, tcp(Resolver::new())),
        timeout: settings.connect_timeout,
    }
}

pub(super) fn tcp<R>(resolver: R) -> HttpConnector<R> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    // The scheme is TLS's concern, one layer out.
    tcp.enforce_http(false);
    // A request is written in two pieces; Nagle would hold the second for the first one's ACK.
    tcp.set_nodelay(true);
    tcp
}

pub(super) fn https<T>(settings: &Settings, tls: ClientConfig, tcp: T) -> HttpsConnector<T> {
    let tls = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http();
    let https = if settings.http2_only {
        tls.enable_http2()
    } else {
        tls.enable_all_versions()
    };
    https.wrap_connector(tcp)
}

/// A connector with one timeout over all of it, whose errors name their phase.
#[derive(Clone)]
pub(super) struct Timed<S> {
    inner: S,
    timeout: Duration,
}

impl<S> Service<Uri> for Timed<S>
where
    S: Service<Uri, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = ConnectError;
    /// Boxed, once for each connection: the pool wants it `Unpin`.
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        self.inner
            .poll_ready(cx)
            .map_err(ConnectError::from_connector)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(self.timeout, self.inner.call(uri));
        Box::pin(async move {
            match connecting.await {
                Ok(Ok(connection)) => Ok(connection),
                Ok(Err(error)) => Err(ConnectError::from_connector(error)),
                Err(elapsed) => Err(ConnectError::new(Failure::ConnectTimeout, elapsed)),
            }
        })
    }
}

/// No connection came about.
#[derive(Debug)]
pub(super) struct ConnectError {
    pub(super) failure: Failure,
    source: BoxError,
}

impl ConnectError {
    fn new(failure: Failure, source: impl Into<BoxError>) -> Self {
        Self {
            failure,
            source: source.into(),
        }
    }

    /// Which phase failed is told by the error's type: what the TCP connector did not return comes
    /// from TLS, the only thing around it.
    fn from_connector(error: BoxError) -> Self {
        let failure = if let Some(error) = error.downcast_ref::<<Tcp as Service<Uri>>::Error>() {
            tcp_failure(error)
        } else if error.is::<InvalidDnsNameError>() {
            Failure::InvalidRequest
        } else {
            tls_failure(&*error)
        };
        Self {
            failure,
            source: error,
        }
    }
}

pub(super) fn tcp_failure(error: &(dyn Error + 'static)) -> Failure {
    if find::<DnsError>(error).is_some() {
        return Failure::Dns;
    }
    match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Failure::Refused,
        // The system's own limit, where it is tighter than ours.
        Some(io::ErrorKind::TimedOut) => Failure::ConnectTimeout,
        _ => Failure::Connect,
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl Error for ConnectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// What kept a connection from coming about, or that the request came back from the pool before.
pub(super) fn failure(error: &legacy::Error) -> Failure {
    find::<ConnectError>(error).map_or(Failure::Unsent, |error| error.failure)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::{Pending, pending};

    use super::*;

    /// A connector that is never done.
    struct Stuck;

    impl Service<Uri> for Stuck {
        type Response = Infallible;
        type Error = BoxError;
        type Future = Pending<Result<Infallible, BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Uri) -> Self::Future {
            pending()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_phase_is_stuck_the_one_timeout_ends_it() {
        let mut connector = Timed {
            inner: Stuck,
            timeout: Duration::from_secs(10),
        };
        let connecting = connector.call(Uri::from_static("https://gateway.test"));
        let Err(error) = connecting.await;

        assert_eq!(error.failure, Failure::ConnectTimeout);
    }
}
