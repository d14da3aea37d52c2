//! The way to the upstream, once it is known.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::Empty;

use super::fault::Fault;
use super::target::Target;
use super::{Preflight, Problem};
use crate::client::transport::Connection;
use crate::middleware::credentials::present;

/// The way to the upstream, for one request after the other.
pub(super) struct Line<'a> {
    preflight: &'a Preflight,
    target: &'a Target,
    address: IpAddr,
    /// The connection that was checked, until it is used.
    open: Option<Connection>,
}

impl<'a> Line<'a> {
    pub(super) const fn over(
        connection: Connection,
        preflight: &'a Preflight,
        target: &'a Target,
        address: IpAddr,
    ) -> Self {
        Self {
            preflight,
            target,
            address,
            open: Some(connection),
        }
    }

    /// One GET, on a connection of its own.
    pub(super) async fn ask(&mut self, url: &Uri) -> Result<StatusCode, Fault> {
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = url.clone();
        *request.headers_mut() = self.headers(url).await?;
        let connection = match self.open.take() {
            Some(connection) => connection,
            None => self.open_again().await?,
        };
        let answer = self.preflight.client.phases.ask(connection, request).await;
        answer.map_err(Fault::no_answer)
    }

    /// What the caller gave, and the client's own credential, as a call would carry it.
    async fn headers(&self, url: &Uri) -> Result<HeaderMap, Fault> {
        let (preflight, mut headers) = (self.preflight, self.preflight.headers.clone()?);
        if let Some(source) = preflight.client.sources.covering(url) {
            let time = preflight.client.policy().attempt_timeout();
            let credential = present(source, time).await;
            let credential =
                credential.map_err(|error| Fault::new(Problem::NoCredential, error.to_string()))?;
            if !credential.is_in(&headers) {
                credential.write(&mut headers);
            }
        }
        Ok(headers)
    }

    async fn open_again(&self) -> Result<Connection, Fault> {
        let (phases, target) = (&self.preflight.client.phases, self.target);
        let address = SocketAddr::new(self.address, target.port());
        let tcp = phases.connect(&target.url, self.address).await;
        let tcp = tcp.map_err(|failure| Fault::no_connection(failure, address))?;
        let secured = phases.secure(&target.url, tcp).await;
        secured
            .map(|(connection, _)| connection)
            .map_err(|why| Fault::no_tls(why, target.host()))
    }
}
