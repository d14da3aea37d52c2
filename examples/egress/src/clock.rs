//! The only reader of time.

use std::time::{Instant, SystemTime};

/// For waits.
pub(crate) fn now() -> Instant {
    tokio_now().into_std()
}

#[expect(
    clippy::disallowed_methods,
    reason = "every wait begins at a moment; it is read here alone"
)]
pub(crate) fn tokio_now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// For dates in headers, and for the ends that operators ask for.
#[expect(
    clippy::disallowed_methods,
    reason = "operators and headers go by the wall clock; it is read here alone"
)]
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}
