//! The clock of an upstream's healthy time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// It stands still while the circuit is not closed. All times are since the epoch.
#[derive(Debug)]
pub(super) struct HealthyClock {
    /// Time it has lost so far, in nanoseconds.
    stood_still: AtomicU64,
    /// When it was stopped, in nanoseconds; `RUNNING` while it runs.
    stopped_at: AtomicU64,
}

const RUNNING: u64 = u64::MAX;

impl HealthyClock {
    pub(super) const fn new() -> Self {
        Self {
            stood_still: AtomicU64::new(0),
            stopped_at: AtomicU64::new(RUNNING),
        }
    }

    /// What it shows.
    pub(super) fn at(&self, elapsed: Duration) -> Duration {
        let until = match self.stopped_at.load(Relaxed) {
            RUNNING => nanos(elapsed),
            stopped_at => stopped_at,
        };
        Duration::from_nanos(until.saturating_sub(self.stood_still.load(Relaxed)))
    }

    pub(super) fn stop(&self, elapsed: Duration) {
        if self.stopped_at.load(Relaxed) == RUNNING {
            self.stopped_at.store(nanos(elapsed), Relaxed);
        }
    }

    pub(super) fn resume(&self, elapsed: Duration) {
        let stopped_at = self.stopped_at.swap(RUNNING, Relaxed);
        if stopped_at != RUNNING {
            let lost = nanos(elapsed).saturating_sub(stopped_at);
            self.stood_still.fetch_add(lost, Relaxed);
        }
    }
}

pub(super) fn nanos(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    let nanos = seconds.saturating_add(u64::from(duration.subsec_nanos()));
    nanos.min(RUNNING - 1)
}
