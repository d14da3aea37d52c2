//! The layer.

use tower_layer::Layer;

use super::CircuitBreaker;
use crate::{CredentialsLayer, Upstreams};

/// Circuit, gate and pace for each upstream, and the rate that is allowed.
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
    credentials: CredentialsLayer,
}

impl CircuitLayer {
    /// The circuits of these upstreams.
    #[must_use]
    pub const fn new(upstreams: Upstreams) -> Self {
        Self {
            upstreams,
            credentials: CredentialsLayer::NONE,
        }
    }

    /// Counts a 429 against the credential that this layer, further down, gives the request. That
    /// layer leaves its [alarm](CredentialsLayer::alarm_after) to this one from then on: the
    /// upstream's observers are told, once.
    #[must_use]
    pub fn with_credentials(mut self, credentials: &CredentialsLayer) -> Self {
        self.credentials = credentials.clone();
        self.credentials.sources().leave_alarm();
        self
    }
}

impl<S> Layer<S> for CircuitLayer {
    type Service = CircuitBreaker<S>;

    fn layer(&self, inner: S) -> Self::Service {
        self.upstreams.guard();
        CircuitBreaker::new(inner, self.upstreams.clone(), self.credentials.clone())
    }
}
