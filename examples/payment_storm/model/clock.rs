//! The storm's only reader of time: tokio's clock, which a fleet's runtime pauses.

use std::time::{Duration, Instant};

/// Time since the start of one run. Virtual under a paused runtime, real over sockets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    epoch: tokio::time::Instant,
}

impl Clock {
    /// Starts counting now. Needs a tokio runtime with time.
    #[expect(clippy::disallowed_methods, reason = "this is the storm's clock")]
    pub(crate) fn start() -> Self {
        Self {
            epoch: tokio::time::Instant::now(),
        }
    }

    /// The time since the start.
    pub(crate) fn now(self) -> Duration {
        self.epoch.elapsed()
    }

    /// Sleeps until an absolute time since the start, so that a schedule does not drift.
    pub(crate) async fn sleep_until(self, at: Duration) {
        tokio::time::sleep_until(self.epoch + at).await;
    }

    /// The same time as the standard library counts it, for crates that know no tokio.
    pub(crate) fn std_now(self) -> Instant {
        (self.epoch + self.now()).into_std()
    }
}

/// How long a fleet took to simulate. It is printed and decides nothing.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "measures the program, not the model"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
