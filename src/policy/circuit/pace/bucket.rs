//! The bucket: what comes in, and when.

use std::time::{Duration, Instant};

use super::Pace;

/// The bucket holds this much of the pace, and at least [`MIN_BURST`] calls.
const BURST: Duration = Duration::from_secs(10);
pub(in super::super) const MIN_BURST: f64 = 2.0;

impl Pace {
    /// Calls per second admitted now.
    pub(in super::super) fn rate(&self, now: Instant) -> f64 {
        let into = now.saturating_duration_since(self.started);
        if into >= self.ramp {
            return self.level_from(now).0;
        }
        let share = into.as_secs_f64() / self.ramp.as_secs_f64();
        self.ramp_from + (self.limit - self.ramp_from) * share
    }

    pub(super) fn burst(&self, now: Instant) -> f64 {
        (self.rate(now) * BURST.as_secs_f64())
            .max(MIN_BURST)
            .min(self.at_once)
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
        let level = from.max(ramp_end);
        let (rate, until) = self.level_from(level);
        let slow = to.min(until).saturating_duration_since(level).as_secs_f64();
        let rest = to.saturating_duration_since(level.max(until)).as_secs_f64();
        ramped * mean + slow * rate + rest * self.limit
    }

    /// When so many tokens will have come in: on the ramp the root of a quadratic, then a line.
    pub(super) fn time_to_accrue(&self, now: Instant, tokens: f64) -> Duration {
        let ramp_end = self.started + self.ramp;
        let on_ramp = ramp_end.saturating_duration_since(now).as_secs_f64();
        let rate = self.rate(now);
        let by_ramp_end = on_ramp * f64::midpoint(rate, self.limit);
        let seconds = if tokens > by_ramp_end {
            on_ramp + self.level_time(now.max(ramp_end), tokens - by_ramp_end)
        } else {
            let slope = (self.limit - rate) / on_ramp.max(f64::MIN_POSITIVE);
            2.0 * tokens / (rate + (rate * rate + 2.0 * slope * tokens).sqrt())
        };
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }
    /// The time to accrue so many tokens when there is no ramp.
    fn level_time(&self, from: Instant, tokens: f64) -> f64 {
        let (rate, until) = self.level_from(from);
        let slow = until.saturating_duration_since(from).as_secs_f64();
        if tokens <= slow * rate {
            tokens / rate
        } else {
            slow + (tokens - slow * rate) / self.limit
        }
    }

    /// The rate when there is no ramp, and until when it is less than the limit.
    fn level_from(&self, from: Instant) -> (f64, Instant) {
        match self.ceiling {
            Some(ceiling) if from < ceiling.until => (ceiling.rate.min(self.limit), ceiling.until),
            _ => (self.limit, from),
        }
    }
}
