//! The rate at which a recovering upstream is called: a ramp, then a rule that feels slowness.

use std::time::{Duration, Instant};

use super::background::BackgroundLimit;
use super::latency::Latency;
use super::recent::Recent;
use super::traffic::Normal;

/// Every period the pace is thought over.
const PERIOD: Duration = Duration::from_secs(10);
/// Where the ramp begins and ends, as shares of normal.
const RAMP_FROM: f64 = 0.1;
const RAMP_TO: f64 = 1.1;
/// A slow period cuts the pace, a good one raises it.
const CUT: f64 = 0.7;
const RAISE: f64 = 1.1;
/// The lowest share of a learned normal: a slow server is relieved, never starved. What was not
/// learned may be far too high, so it may fall further.
const LOWEST_LEARNED: f64 = 0.5;
const LOWEST_GUESSED: f64 = 0.1;
/// A pace of this many times normal limits nothing any more.
const FAR_ABOVE: f64 = 3.0;
/// A declared peak caps the pace at this share of it.
const OVER_PEAK: f64 = 1.1;
/// The bucket holds this much of the pace, and at least [`MIN_BURST`] calls.
const BURST: Duration = Duration::from_secs(10);
const MIN_BURST: f64 = 2.0;
/// The upstream is slow when the period's median exceeds both of these over the base.
const SLOW_FACTOR: u32 = 5;
const SLOW_MARGIN: Duration = Duration::from_millis(250);
/// A token bucket whose rate ramps up and then follows how the upstream feels.
#[derive(Debug)]
pub(super) struct Pace {
    started: Instant,
    ramp: Duration,
    ramp_from: f64,
    /// Calls per second once the ramp is over.
    limit: f64,
    normal: Normal,
    cap: f64,
    background: BackgroundLimit,
    /// Below zero while calls wait for tokens that are promised to them.
    tokens: f64,
    filled_at: Instant,
    period_ends: Instant,
    times: Latency,
    healthy: Option<Duration>,
    lowest: Option<Duration>,
    /// The last period ended with a cut, which has not worked yet.
    cut: bool,
    recent: Recent,
    last_pressed: Instant,
    lift_after: Duration,
}

/// What the pace says to a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Turn {
    Now,
    /// A token is promised for then.
    At(Instant),
    No,
}

impl Pace {
    /// The pace after a successful probe.
    pub(super) fn recovering(
        now: Instant,
        normal: Normal,
        healthy: Option<Duration>,
        ramp: Duration,
        declared_peak: Option<f64>,
    ) -> Self {
        let cap = declared_peak.map_or(f64::INFINITY, |peak| peak * OVER_PEAK);
        Self {
            started: now,
            ramp,
            ramp_from: (normal.rate * RAMP_FROM).min(cap),
            limit: (normal.rate * RAMP_TO).min(cap),
            normal,
            cap,
            background: BackgroundLimit::new(normal.rate, declared_peak),
            tokens: 0.0,
            filled_at: now,
            period_ends: now + PERIOD,
            times: Latency::new(),
            healthy,
            lowest: None,
            cut: false,
            recent: Recent::default(),
            last_pressed: now,
            lift_after: ramp,
        }
    }

    /// The pace after a 429 on a healthy upstream: no ramp, just less than before.
    pub(super) fn slowed(
        now: Instant,
        normal: Normal,
        healthy: Option<Duration>,
        lift_after: Duration,
        declared_peak: Option<f64>,
    ) -> Self {
        let unramped = Self::recovering(now, normal, healthy, Duration::ZERO, declared_peak);
        Self {
            limit: (normal.rate * CUT).min(unramped.cap),
            lift_after,
            // The upstream is well: other credentials need not wait for a first token.
            tokens: MIN_BURST,
            ..unramped
        }
    }

    /// The same pace, never beyond the rate that the provider allows.
    pub(super) fn at_most(self, rate: Option<f64>) -> Self {
        let cap = self.cap.min(rate.unwrap_or(f64::INFINITY));
        Self {
            ramp_from: self.ramp_from.min(cap),
            limit: self.limit.min(cap),
            cap,
            ..self
        }
    }

    /// The same pace under other caps.
    pub(super) fn recap(&mut self, now: Instant, peak: Option<f64>, provider: Option<f64>) {
        self.advance(now);
        let declared = peak.map_or(f64::INFINITY, |peak| peak * OVER_PEAK);
        self.cap = declared.min(provider.unwrap_or(f64::INFINITY));
        self.ramp_from = self.ramp_from.min(self.cap);
        self.limit = self.limit.min(self.cap);
        self.background = BackgroundLimit::new(self.normal.rate, peak);
    }

    /// The upstream answered 429, which closed a gate: less, from now on.
    pub(super) fn slow_down(&mut self, now: Instant, reopens: Instant) {
        self.advance(now);
        self.ramp_from *= CUT;
        self.limit = (self.limit * CUT).max(self.lowest_limit());
        self.hold_until(reopens);
    }

    /// Keeps the limit while a gate keeps calls away: that nothing presses against it then is no
    /// sign that it has become pointless.
    pub(super) fn hold_until(&mut self, reopens: Instant) {
        self.last_pressed = self.last_pressed.max(reopens);
    }

    /// Asks for a token, waiting for it no longer than `patience`.
    pub(super) fn take(&mut self, now: Instant, patience: Duration) -> Turn {
        self.advance(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Turn::Now;
        }
        self.last_pressed = self.last_pressed.max(now);
        let wait = self.time_to_accrue(now, 1.0 - self.tokens);
        let Some(at) = now.checked_add(wait).filter(|_| wait <= patience) else {
            return Turn::No;
        };
        self.tokens -= 1.0;
        Turn::At(at)
    }

    /// Asks for a token for background work, which leaves half of the bucket to the foreground.
    pub(super) fn take_background(&mut self, now: Instant) -> bool {
        self.advance(now);
        let has_room = self.background.has_room(self.recent.answers(now));
        let fits = has_room && self.tokens - 1.0 >= self.burst(now) / 2.0;
        if fits {
            self.tokens -= 1.0;
        } else {
            self.last_pressed = self.last_pressed.max(now);
        }
        fits
    }

    /// A promised token was not used.
    pub(super) fn put_back(&mut self, now: Instant) {
        self.advance(now);
        self.tokens = (self.tokens + 1.0).min(self.burst(now));
    }

    pub(super) fn succeeded(&mut self, now: Instant, took: Duration) {
        self.advance(now);
        self.times.record(took);
        self.recent.succeeded(now);
    }

    /// Counts a failure; answers whether that ends the recovery.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        self.advance(now);
        self.recent.failed(now)
    }

    /// Whether the limit has become pointless.
    pub(super) fn is_over(&mut self, now: Instant) -> bool {
        self.advance(now);
        let far_above = self.limit >= self.normal.rate * FAR_ABOVE;
        self.is_unpressed(now) || (far_above && now >= self.started + self.ramp)
    }

    /// Whether nothing has pressed against the limit for one ramp.
    pub(super) fn is_unpressed(&self, now: Instant) -> bool {
        let unpressed = now.saturating_duration_since(self.last_pressed);
        unpressed >= self.lift_after && now >= self.started + self.ramp
    }

    /// Calls per second admitted now.
    pub(super) fn rate(&self, now: Instant) -> f64 {
        let into = now.saturating_duration_since(self.started);
        if into >= self.ramp {
            return self.limit;
        }
        let share = into.as_secs_f64() / self.ramp.as_secs_f64();
        self.ramp_from + (self.limit - self.ramp_from) * share
    }

    pub(super) fn normal(&self) -> Normal {
        self.normal
    }

    fn advance(&mut self, now: Instant) {
        if now >= self.period_ends {
            self.fill(self.period_ends);
            self.close_period(self.period_ends);
            // Periods nobody used change nothing, however many they were.
            let past = now.saturating_duration_since(self.period_ends).as_nanos();
            let into_next = Duration::from_nanos((past % PERIOD.as_nanos()) as u64);
            self.period_ends = now + PERIOD.saturating_sub(into_next);
        }
        self.fill(now);
    }

    fn close_period(&mut self, end: Instant) {
        let Some(median) = self.times.median() else {
            return;
        };
        self.times.clear();
        let lowest = self.lowest.map_or(median, |lowest| lowest.min(median));
        self.lowest = Some(lowest);
        if end < self.started + self.ramp {
            return;
        }
        // The larger of the two: a server that is slower for good is not starved.
        let base = self.healthy.map_or(lowest, |healthy| healthy.max(lowest));
        let slow = median > (base * SLOW_FACTOR).max(base + SLOW_MARGIN);
        // What queued before a cut is answered slowly after it: a cut is judged a period later.
        let settling = std::mem::take(&mut self.cut);
        if slow && !settling {
            self.limit = (self.limit * CUT).max(self.lowest_limit());
            self.cut = true;
        } else if !slow {
            self.limit = (self.limit * RAISE).min(self.cap);
        }
    }

    fn lowest_limit(&self) -> f64 {
        let share = if self.normal.learned {
            LOWEST_LEARNED
        } else {
            LOWEST_GUESSED
        };
        (self.normal.rate * share).min(self.cap)
    }

    fn burst(&self, now: Instant) -> f64 {
        (self.rate(now) * BURST.as_secs_f64()).max(MIN_BURST)
    }

    fn fill(&mut self, now: Instant) {
        let accrued = self.accrued(self.filled_at, now);
        self.tokens = (self.tokens + accrued).min(self.burst(now));
        self.filled_at = self.filled_at.max(now);
    }

    /// Tokens that come in between two moments: the area under the rate.
    fn accrued(&self, from: Instant, to: Instant) -> f64 {
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
    fn time_to_accrue(&self, now: Instant, tokens: f64) -> Duration {
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

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
