//! What is refused without being weighed.

use std::time::Instant;

use super::admit::Verdict;
use super::{Call, Circuit, Traffic};
use crate::policy::Refusal;

impl Circuit {
    /// Why an open circuit or a closed gate keeps this call away, for longer than it would wait: then
    /// [`admit`](Self::admit) would refuse it for the same reason, to come again at
    /// [`retry_at`](Self::retry_at). `None`: that is for `admit` to say. Nothing changes, unless a
    /// maintenance is due that keeps the call away: then it begins.
    pub fn keeps_away(&mut self, now: Instant, call: &Call, traffic: &Traffic) -> Option<Refusal> {
        if self.next_maintenance().is_some_and(|from| from <= now) {
            self.blocked(now, call)?;
            self.advance(now, traffic);
        }
        match self.turned_away(now, call)? {
            Verdict::No(reason) => Some(reason),
            Verdict::Until(until, reason) if !self.may_wait(now, until, call) => Some(reason),
            _ => None,
        }
    }

    /// Whether any credential's gate is closed, so that it matters whose call it is.
    #[must_use]
    pub fn has_rate_gates(&self) -> bool {
        !self.rate_gates.is_empty()
    }
}
