//! The layer.

use tower_layer::Layer;

use super::CircuitBreaker;
use crate::middleware::credentials::Sources;
use crate::{CredentialsLayer, Upstreams};

/// Circuit, gate and pace for each upstream.
///
/// It belongs inside the retry layer, where it sees every attempt, and outside the attempt timeout,
/// so that a timeout counts as a failure.
///
/// ```
/// use seawall::{CircuitLayer, Policy, Upstreams};
///
/// let layer = CircuitLayer::new(Upstreams::new(Policy::external()));
/// ```
#[derive(Clone, Debug)]
pub struct CircuitLayer {
    upstreams: Upstreams,
    sources: Sources,
}

impl CircuitLayer {
    /// The circuits of these upstreams.
    #[must_use]
    pub const fn new(upstreams: Upstreams) -> Self {
        Self {
            upstreams,
            sources: Sources::NONE,
        }
    }

    /// Counts a 429 against the credential that this layer, further down, gives the request.
    #[must_use]
    pub fn with_credentials(mut self, credentials: &CredentialsLayer) -> Self {
        self.sources = credentials.sources().clone();
        self
    }
}

impl<S> Layer<S> for CircuitLayer {
    type Service = CircuitBreaker<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreaker::new(inner, self.upstreams.clone(), self.sources.clone())
    }
}
