//! The layer.

use std::time::Duration;

use tower_layer::Layer;

use super::CallDeadline;
use super::service::Bound;
use crate::Upstreams;

/// Fixes one deadline for the call and ends the call when it passes.
///
/// A [`Deadline`](crate::Deadline) that arrives with the request holds if it is tighter.
///
/// ```
/// use std::time::Duration;
/// use seawall::middleware::deadline::DeadlineLayer;
///
/// let layer = DeadlineLayer::new(Duration::from_secs(90));
/// ```
#[derive(Clone, Debug)]
pub struct DeadlineLayer {
    bound: Bound,
}

impl DeadlineLayer {
    /// At most `deadline` from the start of the call to its response head.
    #[must_use]
    pub const fn new(deadline: Duration) -> Self {
        let bound = Bound::Fixed(deadline);
        Self { bound }
    }

    /// At most the deadline of these upstreams' policy, as it stands when a call begins.
    #[must_use]
    pub const fn over(upstreams: Upstreams) -> Self {
        let bound = Bound::Policy(upstreams);
        Self { bound }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = CallDeadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallDeadline::new(inner, self.bound.clone())
    }
}
