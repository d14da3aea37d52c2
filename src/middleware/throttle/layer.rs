//! The layer.

use tower_layer::Layer;

use super::Throttle;
use crate::middleware::credentials::Sources;
use crate::{CredentialsLayer, Upstreams};

/// The rate and the calls at once that a policy allows, for each upstream and shared by the process.
///
/// - The rate: 110 % of the [declared peak](crate::PolicyBuilder::declared_peak_per_second), or what the
///   [provider](crate::Provider::rate_per_second) allows, whichever is lower. Attempts count, so
///   retries do.
/// - [`max_concurrency`](crate::PolicyBuilder::max_concurrency): an attempt counts from its sending to
///   the end of its response's [body](super::ThrottledBody).
///
/// - An operator's own rate, by [`Control::set_rate`](crate::Control::set_rate).
///
/// What is limited by none of these passes untouched. A limit that is set later, by an operator or by
/// [`Upstreams::apply`], holds from then on, also for those who wait. The
/// [`CircuitLayer`](crate::CircuitLayer) keeps the rate wherever there is no throttle above it, and no
/// attempt is counted twice.
///
/// It belongs inside the retry layer, where it sees every attempt, and right outside the circuit, so
/// that a wait for a token is no part of the attempt.
///
/// ```
/// use seawall::{Policy, ThrottleLayer, Upstreams};
///
/// let policy = Policy::external()
///     .to_builder()
///     .declared_peak_per_second(20.0)
///     .max_concurrency(8)
///     .build()?;
/// let layer = ThrottleLayer::new(Upstreams::new(policy));
/// # Ok::<(), seawall::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ThrottleLayer {
    upstreams: Upstreams,
    sources: Sources,
}

impl ThrottleLayer {
    /// The limits of these upstreams.
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

impl<S> Layer<S> for ThrottleLayer {
    type Service = Throttle<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Throttle::new(inner, self.upstreams.clone(), self.sources.clone())
    }
}
