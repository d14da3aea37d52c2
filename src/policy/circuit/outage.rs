//! How long it has been closed, and so when a call that is turned away may come again.

use std::time::{Duration, Instant};

use super::slots::Span;
use super::{Call, Circuit, State, Traffic};

/// Slots reach back at least this far behind the end of an outage, however short it was.
const MIN_SPREAD: Duration = Duration::from_secs(60);

/// From the first closing until calls pass freely again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) since: Instant,
    /// The end of the latest break or gate.
    pub(super) until: Instant,
    /// Whether failures had a part in it; else there were only gates.
    pub(super) tripped: bool,
}

impl Outage {
    pub(super) fn length(&self) -> Duration {
        self.until.saturating_duration_since(self.since)
    }
}

impl Circuit {
    /// When a call that was refused, or that must not be repeated now, may come again.
    pub fn retry_at(&mut self, now: Instant, call: &Call, unit: f64, traffic: &Traffic) -> Instant {
        let rate = match &self.state {
            State::Paced(pace) => pace.normal().rate,
            _ => traffic.normal(now).rate,
        };
        // No closer than they could pass.
        let rate = self.rate_limit().map_or(rate, |limit| rate.min(limit));
        let spacing = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(MIN_SPREAD);
        let span = self.span(now, call, spacing);
        self.slots.assign(now, span, call.key, unit)
    }

    /// Slots lie behind the end of the outage, or of the credential's own gate if that is later, and
    /// within as long again as it lasted.
    fn span(&self, now: Instant, call: &Call, spacing: Duration) -> Span {
        let soon = now + spacing.min(MIN_SPREAD / 2);
        let outage = self.outage.map(|outage| (outage.since, outage.until));
        let closed = [outage, self.rate_gates.span(now, call.rate_key)];
        let latest = closed.into_iter().flatten().max_by_key(|&(_, until)| until);
        let (since, reopens) = latest.unwrap_or((now, now));
        let length = reopens.saturating_duration_since(since).max(MIN_SPREAD);
        let from = if reopens > now { reopens } else { soon };
        Span {
            reopens,
            from,
            until: (reopens + length).max(from + MIN_SPREAD),
            spacing,
        }
    }
}
