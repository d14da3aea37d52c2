//! A connection made one phase at a time, with the connector's own pieces, and one request on it.

use std::net::IpAddr;

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, connect::dns::Name};
use rustls::{ClientConfig, ProtocolVersion};
use tower_service::Service;

use super::handed::{Handed, Only};
use super::handshake::HandshakeFailure;
use super::resolve::Resolver;
use super::{Settings, builder, connect};
use crate::on_hyper::check;
use crate::on_hyper::classify::{self, Goaway};
use crate::policy::Failure;

pub(in crate::client) type TcpConnection = <HttpConnector as Service<Uri>>::Response;
pub(in crate::client) type Connection = MaybeHttpsStream<TcpConnection>;

/// How connections are made: the same resolver, sockets, roots and versions as the pool's, and no
/// pool.
pub(in crate::client) struct Phases {
    pub(in crate::client) settings: Settings,
    tls: ClientConfig,
}

impl Phases {
    pub(super) const fn new(settings: Settings, tls: ClientConfig) -> Self {
        Self { settings, tls }
    }

    /// The addresses of the URL's host, in the order in which they are tried. One that is an address
    /// itself is not looked up.
    ///
    /// # Errors
    ///
    /// [`Failure::Dns`].
    pub(in crate::client) async fn resolve(&self, uri: &Uri) -> Result<Vec<IpAddr>, Failure> {
        let host = uri.host().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse() {
            return Ok(vec![address]);
        }
        let name: Name = host.parse().map_err(|_| Failure::Dns)?;
        let found = Resolver::new().call(name).await;
        let addresses: Vec<_> = found
            .map_err(|_| Failure::Dns)?
            .map(|found| found.ip())
            .collect();
        if addresses.is_empty() {
            return Err(Failure::Dns);
        }
        Ok(addresses)
    }

    /// A TCP connection to this address of the URL's host.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that a call would end with.
    pub(in crate::client) async fn connect(
        &self,
        uri: &Uri,
        address: IpAddr,
    ) -> Result<TcpConnection, Failure> {
        let connecting = connect::tcp(Only(address)).call(uri.clone());
        connecting
            .await
            .map_err(|error| connect::tcp_failure(&error))
    }

    /// The TLS handshake, if the URL is of https, and what it agreed on.
    ///
    /// # Errors
    ///
    /// A [`HandshakeFailure`].
    pub(in crate::client) async fn secure(
        &self,
        uri: &Uri,
        tcp: TcpConnection,
    ) -> Result<(Connection, Option<Agreed>), HandshakeFailure> {
        let mut https = connect::https(&self.settings, self.tls.clone(), Handed::new(tcp));
        let connection = https
            .call(uri.clone())
            .await
            .map_err(|error| HandshakeFailure::of(&*error))?;
        let agreed = Agreed::on(&connection);
        Ok((connection, agreed))
    }

    /// One request on this connection, which is closed after its head; never a second one.
    ///
    /// # Errors
    ///
    /// The [`Failure`] that an attempt would end with.
    pub(in crate::client) async fn ask(
        &self,
        connection: Connection,
        request: Request<Empty<Bytes>>,
    ) -> Result<StatusCode, Failure> {
        check::check(&request).map_err(|_| Failure::InvalidRequest)?;
        let client: legacy::Client<_, Empty<Bytes>> =
            builder(&self.settings, 0).build(Handed::new(connection));
        let response = client.request(request).await;
        response
            .map(|response| response.status())
            .map_err(|error| classify::failure(&error, Goaway::of(false, true), connect::failure))
    }
}

/// What both sides of a handshake agreed on.
#[derive(Clone, Debug)]
pub(in crate::client) struct Agreed {
    pub(in crate::client) version: &'static str,
    pub(in crate::client) http: &'static str,
}

impl Agreed {
    fn on(connection: &Connection) -> Option<Self> {
        let MaybeHttpsStream::Https(tls) = connection else {
            return None;
        };
        let (_, tls) = tls.inner().get_ref();
        let version = match tls.protocol_version() {
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            _ => "TLS",
        };
        let http = match tls.alpn_protocol() {
            Some(b"h2") => "HTTP/2",
            Some(b"http/1.1") => "HTTP/1.1",
            // RFC 7301: a server that knows no ALPN gets the version everyone speaks.
            _ => "HTTP/1.1, not by ALPN",
        };
        Some(Self { version, http })
    }
}
