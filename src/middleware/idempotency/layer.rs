//! The layer.

use tower_layer::Layer;

use super::Idempotency;
use crate::Upstreams;

/// Adds a generated key (UUIDv4) to POST and PATCH where the policy says so and the caller has set
/// none. A caller's own key is never replaced.
///
/// ```
/// use seawall::{Policy, Provider, Upstreams};
/// use seawall::middleware::idempotency::IdempotencyLayer;
///
/// let policy = Policy::external_payments(Provider::generic());
/// let layer = IdempotencyLayer::new(Upstreams::new(policy));
/// ```
#[derive(Clone, Debug)]
pub struct IdempotencyLayer {
    upstreams: Upstreams,
}

impl IdempotencyLayer {
    /// Keys as the policy of these upstreams says.
    #[must_use]
    pub const fn new(upstreams: Upstreams) -> Self {
        Self { upstreams }
    }
}

impl<S> Layer<S> for IdempotencyLayer {
    type Service = Idempotency<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Idempotency::new(inner, self.upstreams.clone())
    }
}
