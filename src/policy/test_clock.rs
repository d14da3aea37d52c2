//! Where the time of the pure tests begins.

use std::time::{Duration, Instant};

/// Some moment, far enough from the clock's zero for tests to look back from it.
#[expect(
    clippy::disallowed_methods,
    reason = "an arbitrary origin; no test depends on which"
)]
pub(crate) fn start() -> Instant {
    Instant::now() + Duration::from_secs(86_400)
}
