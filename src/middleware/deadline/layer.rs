//! The layer.

use std::time::Duration;

use tower_layer::Layer;

use super::CallDeadline;

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
#[derive(Clone, Copy, Debug)]
pub struct DeadlineLayer {
    deadline: Duration,
    payments: bool,
}

impl DeadlineLayer {
    /// At most `deadline` from the start of the call to its response head.
    #[must_use]
    pub const fn new(deadline: Duration) -> Self {
        let payments = false;
        Self { deadline, payments }
    }

    /// Its errors carry the codes of payments.
    pub(crate) const fn for_payments(self, payments: bool) -> Self {
        Self { payments, ..self }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = CallDeadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallDeadline::new(inner, self.deadline, self.payments)
    }
}
