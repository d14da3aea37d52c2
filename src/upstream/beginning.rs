//! How a healthy call begins: it asks nobody, and is counted.

use std::time::Instant;

use super::Upstream;
use crate::policy::Priority;
use crate::policy::budget::Deposit;
use crate::policy::circuit::{Call, Permit};

impl Upstream {
    /// A new call has arrived; the same one that comes again with its key is not new.
    pub(crate) fn arrive(&self, now: Instant, call: &Call) {
        if call.priority == Priority::Foreground {
            self.traffic.arrive(now, call.key);
        }
    }

    /// The quick way in: nothing is wrong and nobody needs to be asked.
    pub(crate) fn admit_untroubled(&self, now: Instant, call: &Call) -> Option<Permit> {
        let permit = self.untroubled(now, call)?;
        self.traffic.sent(now);
        Some(permit)
    }

    /// The same of a call that has just [arrived](Self::arrive), which is counted as well. `None`:
    /// nothing was counted. Its key is asked for only where that makes a difference.
    pub(crate) fn begin(
        &self,
        now: Instant,
        call: &Call,
        key: impl FnOnce() -> Option<u64>,
    ) -> Option<Permit> {
        let permit = self.untroubled(now, call)?;
        let elapsed = self.traffic.elapsed(now);
        self.traffic.arrive_and_send(elapsed, key);
        Some(permit)
    }

    /// The same of a first attempt that the budget counts.
    pub(crate) fn begin_first(&self, now: Instant, call: &Call) -> Option<(Permit, Deposit)> {
        let permit = self.untroubled(now, call)?;
        let elapsed = self.traffic.elapsed(now);
        self.traffic.arrive_and_send(elapsed, || call.key);
        // Both count from the same moment on.
        Some((permit, self.budget().deposit_since(elapsed)))
    }

    fn untroubled(&self, now: Instant, call: &Call) -> Option<Permit> {
        let generation = self.generation(now)?;
        let foreground = call.priority == Priority::Foreground;
        foreground.then(|| Permit::untroubled(generation))
    }

    /// The circuit's generation, if nothing is wrong now.
    pub(super) fn generation(&self, now: Instant) -> Option<u64> {
        self.calm.generation(now, self.traffic.epoch())
    }

    /// Whether nothing is wrong, and nothing limited.
    pub(crate) fn is_untroubled(&self, now: Instant) -> bool {
        self.generation(now).is_some()
    }
}
