//! The layer.

use tower_layer::Layer;

use super::RequireHttps;
use crate::Upstreams;

/// Refuses plain HTTP where the policy requires HTTPS. Loopback is excepted: tests and sidecars
/// speak plainly to themselves.
///
/// ```
/// use seawall::{Policy, Upstreams};
/// use seawall::middleware::require_https::RequireHttpsLayer;
///
/// let layer = RequireHttpsLayer::new(Upstreams::new(Policy::external()));
/// ```
#[derive(Clone, Debug)]
pub struct RequireHttpsLayer {
    upstreams: Upstreams,
}

impl RequireHttpsLayer {
    /// HTTPS as the policy of these upstreams says.
    #[must_use]
    pub const fn new(upstreams: Upstreams) -> Self {
        Self { upstreams }
    }
}

impl<S> Layer<S> for RequireHttpsLayer {
    type Service = RequireHttps<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireHttps::new(inner, self.upstreams.clone())
    }
}
