//! Whether anything is wrong, as every call may ask without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::policy::circuit::Circuit;

/// The circuit's generation, whether it is untroubled, until when that is so by itself, whether a rate
/// is allowed and no more, and whether a credential's gate is closed. The epoch is the upstream's.
#[derive(Debug)]
pub(super) struct Calm {
    /// The generation, and in the lowest bits whether a credential's gate is closed, whether a rate is
    /// limited and whether it is untroubled.
    state: AtomicU64,
    /// When a maintenance begins that is planned, in nanoseconds after the epoch.
    until: AtomicU64,
}

const UNTROUBLED: u64 = 1;
const LIMITED: u64 = 2;
const GATES_KEYS: u64 = 4;
const FLAGS: u32 = 3;
/// Nothing is planned.
const FOR_GOOD: u64 = u64::MAX;

impl Calm {
    pub(super) fn of(circuit: &Circuit, epoch: Instant) -> Self {
        let calm = Self {
            state: AtomicU64::new(0),
            until: AtomicU64::new(FOR_GOOD),
        };
        calm.follow(circuit, epoch);
        calm
    }

    /// The generation, if nothing is wrong now.
    pub(super) fn generation(&self, now: Instant, epoch: Instant) -> Option<u64> {
        let state = self.state.load(Ordering::Acquire);
        (state & UNTROUBLED != 0 && !self.is_over(now, epoch)).then_some(state >> FLAGS)
    }

    /// Whether somebody has said which rate is allowed.
    pub(super) fn limits_rate(&self) -> bool {
        self.state.load(Ordering::Acquire) & LIMITED != 0
    }

    /// Whether a credential's gate is closed, or was when somebody last looked.
    pub(super) fn gates_keys(&self) -> bool {
        self.state.load(Ordering::Acquire) & GATES_KEYS != 0
    }

    /// What is planned is told first: whoever sees the state has heard of it.
    pub(super) fn follow(&self, circuit: &Circuit, epoch: Instant) {
        let until = circuit.next_maintenance();
        let until = until.map_or(FOR_GOOD, |until| nanos(until, epoch));
        self.until.store(until, Ordering::Relaxed);
        let bit = |is_set: bool, bit| if is_set { bit } else { 0 };
        let state = circuit.generation() << FLAGS
            | bit(circuit.has_rate_gates(), GATES_KEYS)
            | bit(circuit.rate_limit().is_some(), LIMITED)
            | bit(circuit.is_untroubled(), UNTROUBLED);
        self.state.store(state, Ordering::Release);
    }

    fn is_over(&self, now: Instant, epoch: Instant) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until != FOR_GOOD && nanos(now, epoch) >= until
    }
}

fn nanos(at: Instant, epoch: Instant) -> u64 {
    let since = at.saturating_duration_since(epoch);
    u64::try_from(since.as_nanos()).unwrap_or(FOR_GOOD - 1)
}
