//! What Retry-After closes: the upstream's gate (503) and the gates of single credentials (429).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::policy::retry_after::{self, HeaderText};

/// Credentials whose gates are remembered at once. Beyond this they share one.
const RATE_GATES: usize = 1_024;
/// The gate that those share.
const SHARED: u64 = 0;

/// Closed by a Retry-After until a moment that may move later, never earlier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    pub(super) closed_at: Instant,
    pub(super) until: Instant,
    /// What the header asked for that moved it furthest, and how it was written.
    pub(super) asked: Duration,
    pub(super) text: HeaderText,
    /// The jitter, drawn once for each closing.
    unit: f64,
}

impl Gate {
    pub(super) fn closed(now: Instant, wait: Duration, unit: f64) -> Self {
        Self {
            closed_at: now,
            until: now + retry_after::spread(wait, unit),
            asked: wait,
            text: HeaderText::EMPTY,
            unit,
        }
    }

    /// Closed for this wait, which a header asked for, or moved later by it.
    pub(super) fn by_header(
        before: Option<Self>,
        now: Instant,
        wait: Duration,
        unit: f64,
        (asked, text): (Duration, HeaderText),
    ) -> Self {
        let gate = before.map_or_else(
            || Self::closed(now, wait, unit),
            |gate| gate.moved(now, wait),
        );
        if before.is_some_and(|before| before.until >= gate.until) {
            return gate;
        }
        Self {
            asked,
            text,
            ..gate
        }
    }

    /// The same closing, moved later by a later header.
    pub(super) fn moved(self, now: Instant, wait: Duration) -> Self {
        let until = now + retry_after::spread(wait, self.unit);
        Self {
            until: self.until.max(until),
            ..self
        }
    }
}

/// The gates that 429 closes, one for each rate-limit key.
#[derive(Debug, Default)]
pub(super) struct RateGates {
    by_key: HashMap<u64, Gate>,
}

impl RateGates {
    /// Answers when the gate ends, and whether it was open before.
    pub(super) fn close(
        &mut self,
        now: Instant,
        key: u64,
        wait: Duration,
        unit: f64,
    ) -> (Instant, bool) {
        self.forget_lifted(now);
        let full = self.by_key.len() >= RATE_GATES && !self.by_key.contains_key(&key);
        let key = if full { SHARED } else { key };
        let before = self.by_key.get(&key);
        let was_open = before.is_none();
        let gate = before.map_or_else(
            || Gate::closed(now, wait, unit),
            |gate| gate.moved(now, wait),
        );
        self.by_key.insert(key, gate);
        (gate.until, was_open)
    }

    pub(super) fn closed_until(&self, now: Instant, key: u64) -> Option<Instant> {
        self.span(now, key).map(|(_, until)| until)
    }

    /// When the key's gate closed, and when it ends.
    pub(super) fn span(&self, now: Instant, key: u64) -> Option<(Instant, Instant)> {
        [key, SHARED]
            .iter()
            .filter_map(|key| self.by_key.get(key))
            .filter(|gate| gate.until > now)
            .map(|gate| (gate.closed_at, gate.until))
            .max_by_key(|&(_, until)| until)
    }

    pub(super) fn forget_lifted(&mut self, now: Instant) {
        self.by_key.retain(|_, gate| gate.until > now);
    }

    /// Lifts those that closed before this moment, or all.
    pub(super) fn lift(&mut self, closed_before: Option<Instant>) {
        self.by_key
            .retain(|_, gate| closed_before.is_some_and(|before| gate.closed_at >= before));
    }

    pub(super) fn are_lifted(&self, now: Instant) -> bool {
        self.by_key.values().all(|gate| gate.until <= now)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}
