//! What the transport can be told.

use std::fmt;
use std::time::Duration;

/// How connections are made and kept.
#[derive(Clone)]
pub(crate) struct Settings {
    /// One limit for DNS, TCP and TLS together.
    pub(crate) connect_timeout: Duration,
    /// How long a connection is kept without a request. 20 s: gateways and the balancers before
    /// them close idle connections after 30 s and more, and a client that closes first never
    /// writes into one that is gone.
    pub(crate) pool_idle_timeout: Duration,
    /// How many idle connections are kept for one scheme, host and port.
    pub(crate) pool_max_idle_per_host: usize,
    /// DER certificates to trust besides the platform's own.
    pub(crate) root_certificates: Vec<Vec<u8>>,
    /// HTTP/2 without asking, over plain TCP too ("prior knowledge", RFC 9113 section 3.3).
    pub(crate) http2_only: bool,
    /// How long an HTTP/2 connection may be silent before it is pinged.
    pub(crate) http2_ping_interval: Duration,
    /// How long the answer to a ping may take before the connection counts as lost.
    pub(crate) http2_ping_timeout: Duration,
}

impl Settings {
    pub(crate) const fn new(connect_timeout: Duration) -> Self {
        Self {
            connect_timeout,
            pool_idle_timeout: Duration::from_secs(20),
            pool_max_idle_per_host: usize::MAX,
            root_certificates: Vec::new(),
            http2_only: false,
            http2_ping_interval: Duration::from_secs(10),
            http2_ping_timeout: Duration::from_secs(10),
        }
    }
}

/// Why no transport could be made.
#[derive(Debug)]
pub(crate) enum SetupError {
    /// An extra root certificate is not one.
    Root {
        /// Its place in the list, from zero.
        index: usize,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// TLS cannot be set up on this machine.
    Tls(rustls::Error),
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { index, .. } => write!(
                f,
                "root certificate {index} cannot be read: use one DER-encoded X.509 certificate"
            ),
            Self::Tls(_) => f.write_str("TLS cannot be set up"),
        }
    }
}

impl std::error::Error for SetupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Root { source, .. } | Self::Tls(source) => Some(source),
        }
    }
}
