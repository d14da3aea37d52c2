//! The bucket: what comes in, and when.

use std::time::{Duration, Instant};

use super::Pace;

/// The bucket holds this much of the pace, and at least [`MIN_BURST`] calls.
const BURST: Duration = Duration::from_secs(10);
pub(super) const MIN_BURST: f64 = 2.0;

impl Pace {
    /// Calls per second admitted now.
    pub(in super::super) fn rate(&self, now: Instant) -> f64 {
        let into = now.saturating_duration_since(self.started);
        if into >= self.ramp {
            return self.limit;
        }
        let share = into.as_secs_f64() / self.ramp.as_secs_f64();
        self.ramp_from + (self.limit - self.ramp_from) * share
    }

    pub(super) fn burst(&self, now: Instant) -> f64 {
        (self.rate(now) * BURST.as_secs_f64()).max(MIN_BURST)
    }

    pub(super) fn fill(&mut self, now: Instant) {
        let accrued = self.accrued(self.filled_at, now);
        self.tokens = (self.tokens + accrued).min(self.burst(now));
        self.filled_at = self.filled_at.max(now);
    }

    /// Tokens that come in between two moments: the area under the rate.
    pub(super) fn accrued(&self, from: Instant, to: Instant) -> f64 {
        let ramp_end = self.started + self.ramp;
        let ramped_to = to.min(ramp_end);
        let ramped = ramped_to.saturating_duration_since(from).as_secs_f64();
        let mean = f64::midpoint(self.rate(from), self.rate(ramped_to));
        let level = to
            .saturating_duration_since(from.max(ramp_end))
            .as_secs_f64();
        ramped * mean + level * self.limit
    }

    /// When so many tokens will have come in: on the ramp the root of a quadratic, then a line.
    pub(super) fn time_to_accrue(&self, now: Instant, tokens: f64) -> Duration {
        let on_ramp = (self.started + self.ramp)
            .saturating_duration_since(now)
            .as_secs_f64();
        let rate = self.rate(now);
        let by_ramp_end = on_ramp * f64::midpoint(rate, self.limit);
        let seconds = if tokens > by_ramp_end {
            on_ramp + (tokens - by_ramp_end) / self.limit
        } else {
            let slope = (self.limit - rate) / on_ramp.max(f64::MIN_POSITIVE);
            2.0 * tokens / (rate + (rate * rate + 2.0 * slope * tokens).sqrt())
        };
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
}
