//! A raw TCP and TLS server, one step at a time.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Settings, settings, soon};

pub(in crate::client) struct Peer {
    listener: TcpListener,
    address: SocketAddr,
}

impl Peer {
    pub(in crate::client) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        Self { listener, address }
    }

    pub(in crate::client) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/v1/payments", self.address)
    }

    pub(in crate::client) async fn accept(&self) -> TcpStream {
        let tcp = soon(self.listener.accept()).await.expect("a connection").0;
        // Else each second write of a server waits 40 ms for the first one's ACK.
        tcp.set_nodelay(true).expect("an open socket");
        tcp
    }

    pub(in crate::client) async fn accept_tls(
        &self,
        identity: &Identity,
        alpn: &str,
    ) -> TlsStream<TcpStream> {
        let tcp = self.accept().await;
        soon(identity.acceptor(alpn).accept(tcp))
            .await
            .expect("a handshake")
    }
}

/// Reads one request with its body, by `content-length`.
pub(in crate::client) async fn read_request(io: &mut (impl AsyncRead + Unpin)) -> String {
    let mut seen = Vec::new();
    loop {
        let byte = soon(io.read_u8()).await.expect("a whole request");
        seen.push(byte);
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.map_or(0, |length| length.parse().expect("a number")) {
                return text;
            }
        }
    }
}

/// Everything until the other side closes or breaks the connection.
pub(in crate::client) async fn read_to_end(io: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut seen = Vec::new();
    // A broken connection ends the bytes as well as a closed one.
    let _ = soon(io.read_to_end(&mut seen)).await;
    seen
}

pub(in crate::client) async fn write(io: &mut (impl AsyncWrite + Unpin), bytes: impl AsRef<[u8]>) {
    soon(io.write_all(bytes.as_ref()))
        .await
        .expect("a writable connection");
    soon(io.flush()).await.expect("a writable connection");
}

pub(in crate::client) async fn answer(io: &mut (impl AsyncWrite + Unpin), body: &str) {
    write(
        io,
        format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    )
    .await;
}

/// A certificate and the root that vouches for it.
pub(in crate::client) struct Identity {
    root: CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    pub(in crate::client) fn of(name: &str) -> Self {
        Self::with(name, |_| {})
    }

    /// Its life was the first day of 2020.
    pub(in crate::client) fn expired(name: &str) -> Self {
        Self::with(name, |leaf| {
            leaf.not_before = rcgen::date_time_ymd(2020, 1, 1);
            leaf.not_after = rcgen::date_time_ymd(2020, 1, 2);
        })
    }

    fn with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let root_key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&root_key).expect("a root");
        let issuer = Issuer::new(params, root_key);

        let key = KeyPair::generate().expect("a key");
        let mut leaf = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        change(&mut leaf);
        let leaf = leaf.signed_by(&key, &issuer).expect("a certificate");
        Self {
            root: root.der().clone(),
            leaf: leaf.der().clone(),
            key: key.serialize_der(),
        }
    }

    pub(in crate::client) fn trusted(&self) -> Settings {
        Settings {
            root_certificates: vec![self.root.to_vec()],
            ..settings()
        }
    }

    fn acceptor(&self, alpn: &str) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(self.key.clone()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("safe versions")
            .with_no_client_auth()
            .with_single_cert(vec![self.leaf.clone()], key)
            .expect("a certificate and its key");
        config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        TlsAcceptor::from(Arc::new(config))
    }

    /// A handshake, however it ends.
    pub(in crate::client) async fn try_accept(
        &self,
        tcp: TcpStream,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        soon(self.acceptor("http/1.1").accept(tcp)).await
    }
}
