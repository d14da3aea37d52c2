//! The layer.

use std::time::Duration;

use tower_layer::Layer;

use super::AttemptTimeout;

/// Ends an attempt that has no response head within the timeout, or by the call's deadline if that
/// is sooner.
///
/// It belongs inside the circuit, so that a timeout counts as a failure of the upstream. Around a
/// [`CollectLayer`](crate::CollectLayer) it covers the body too.
///
/// ```
/// use std::time::Duration;
/// use seawall::middleware::attempt_timeout::AttemptTimeoutLayer;
///
/// let layer = AttemptTimeoutLayer::new(Duration::from_secs(10));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AttemptTimeoutLayer {
    timeout: Duration,
}

impl AttemptTimeoutLayer {
    /// At most `timeout` from the call of the inner service to its response head.
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        Self { timeout }
    }
}

impl<S> Layer<S> for AttemptTimeoutLayer {
    type Service = AttemptTimeout<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AttemptTimeout::new(inner, self.timeout)
    }
}
