//! What passes, and what is refused, without being weighed.

use std::time::Instant;

use super::admit::Verdict;
use super::{Call, Circuit, State, Traffic};
use crate::policy::Refusal;

impl Circuit {
    /// Whether every foreground call passes and no success has anything to mend: then neither
    /// needs to ask, until [a maintenance begins](Self::next_maintenance).
    #[must_use]
    pub fn is_untroubled(&self) -> bool {
        matches!(&self.state, State::Closed(closed) if closed.streak.is_empty())
            && self.limits_nothing()
    }

    /// Whether every foreground call passes now, though a success may have something to mend.
    #[cfg(any(test, feature = "middleware"))]
    pub(crate) fn lets_pass(&self, now: Instant) -> bool {
        let begins = self.next_maintenance();
        self.limits_nothing()
            && begins.is_none_or(|begins| now < begins)
            && self.blocked(now, &Call::default()).is_none()
    }

    fn limits_nothing(&self) -> bool {
        matches!(&self.state, State::Closed(closed) if closed.pace.is_none())
            && self.rate_gates.is_empty()
            && self.rate_limit().is_none()
    }

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
