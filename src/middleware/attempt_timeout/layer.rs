//! The layer.

use std::time::Duration;

use tower_layer::Layer;

use super::AttemptTimeout;
use super::service::Bound;
use crate::Upstreams;

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
#[derive(Clone, Debug)]
pub struct AttemptTimeoutLayer {
    bound: Bound,
}

impl AttemptTimeoutLayer {
    /// At most `timeout` from the call of the inner service to its response head.
    #[must_use]
    pub const fn new(timeout: Duration) -> Self {
        let bound = Bound::Fixed(timeout);
        Self { bound }
    }

    /// At most the attempt timeout of these upstreams' policy, as it stood when the call began.
    #[must_use]
    pub const fn over(upstreams: Upstreams) -> Self {
        let bound = Bound::Policy(upstreams);
        Self { bound }
    }
}

impl<S> Layer<S> for AttemptTimeoutLayer {
    type Service = AttemptTimeout<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AttemptTimeout::new(inner, self.bound.clone())
    }
}
