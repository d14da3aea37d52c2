//! Whether anything is wrong, as every call may ask without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::policy::circuit::Circuit;

/// The circuit's generation, whether it is untroubled, and until when that is so by itself.
#[derive(Debug)]
pub(super) struct Calm {
    /// The generation, and in the lowest bit whether it is untroubled.
    state: AtomicU64,
    /// When a maintenance begins that is planned, in nanoseconds after the epoch.
    until: AtomicU64,
    epoch: Instant,
}

/// Nothing is planned.
const FOR_GOOD: u64 = u64::MAX;

impl Calm {
    pub(super) fn of(circuit: &Circuit, epoch: Instant) -> Self {
        let calm = Self {
            state: AtomicU64::new(0),
            until: AtomicU64::new(FOR_GOOD),
            epoch,
        };
        calm.follow(circuit);
        calm
    }

    /// The generation, if nothing is wrong now.
    pub(super) fn generation(&self, now: Instant) -> Option<u64> {
        let state = self.state.load(Ordering::Acquire);
        (state & 1 == 1 && !self.is_over(now)).then_some(state >> 1)
    }

    /// What is planned is told first: whoever sees the state has heard of it.
    pub(super) fn follow(&self, circuit: &Circuit) {
        let until = circuit.next_maintenance();
        let until = until.map_or(FOR_GOOD, |until| self.nanos(until));
        self.until.store(until, Ordering::Relaxed);
        let state = circuit.generation() << 1 | u64::from(circuit.is_untroubled());
        self.state.store(state, Ordering::Release);
    }

    fn is_over(&self, now: Instant) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until != FOR_GOOD && self.nanos(now) >= until
    }

    fn nanos(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.epoch);
        u64::try_from(since.as_nanos()).unwrap_or(FOR_GOOD - 1)
    }
}
