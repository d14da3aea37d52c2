//! A gateway in the making.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http::HeaderName;

use super::Gateway;
use super::shared::Shared;

/// A gateway in the making.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use seawall::testing::Gateway;
///
/// let gateway = Gateway::builder().seed(7).key_header("x-request-key").start().await?;
/// assert!(gateway.address().ip().is_loopback());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct GatewayBuilder {
    seed: u64,
    address: SocketAddr,
    key_header: String,
    key_life: Duration,
}

impl GatewayBuilder {
    pub(super) fn new() -> Self {
        Self {
            seed: 0,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            key_header: "idempotency-key".into(),
            key_life: Duration::from_secs(24 * 3_600),
        }
    }

    /// Where all chance comes from; 0 by default. The same seed and the same order of requests give
    /// the same faults.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Where to listen. By default any free port of `127.0.0.1`.
    pub fn address(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The header that carries the idempotency key. `idempotency-key` by default.
    pub fn key_header(mut self, name: impl Into<String>) -> Self {
        self.key_header = name.into();
        self
    }

    /// How long a key is remembered. 24 hours by default, as many providers do; after that the same
    /// key is charged again.
    pub fn key_life(mut self, life: Duration) -> Self {
        self.key_life = life;
        self
    }

    /// Starts it, in the runtime that this is called in. It needs tokio's time and IO.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the key header is no header name, else what
    /// the system says to listening on the address.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime around it, and may have to wait one day"
    )]
    pub async fn start(self) -> io::Result<Gateway> {
        let Ok(key_header) = HeaderName::try_from(&self.key_header) else {
            let name = self.key_header;
            let problem = format!(
                "the key header {name:?} is no header name: use letters, digits and hyphens"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        };
        let shared = Shared::new(self.seed, key_header, self.key_life);
        Gateway::open(self.address, shared)
    }
}
