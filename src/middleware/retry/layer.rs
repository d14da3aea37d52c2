//! The layer.

use tower_layer::Layer;

use super::Retry;
use crate::middleware::credentials::Sources;
use crate::{CredentialsLayer, Upstreams};

/// Retries with backoff, Retry-After and budget, and reports on every call.
///
/// ```
/// use seawall::{Policy, RetryLayer, Upstreams};
///
/// let layer = RetryLayer::new(Upstreams::new(Policy::external()));
/// ```
#[derive(Clone, Debug)]
pub struct RetryLayer {
    upstreams: Upstreams,
    sources: Sources,
}

impl RetryLayer {
    /// The policy and the budgets of these upstreams.
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

impl<S> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry::new(inner, self.upstreams.clone(), self.sources.clone())
    }
}
