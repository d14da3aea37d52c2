//! The rate at which a recovering upstream is called: a ramp, then a rule that feels slowness.
//!
//! *What comes in, and when?* `bucket`; *what did the last period teach?* `period`; *what slows it?*
//! `slower`; *what is it while nothing is wrong?* `standing`.

mod bucket;
mod period;
mod slower;
mod standing;

use std::time::{Duration, Instant};

pub(super) use self::bucket::MIN_BURST;
use self::period::{CUT, PERIOD};
use super::background::BackgroundLimit;
use super::latency::Latency;
use super::recent::Recent;
use super::traffic::Normal;

/// Where the ramp begins and ends, as shares of normal.
const RAMP_FROM: f64 = 0.1;
const RAMP_TO: f64 = 1.1;
/// A pace of this many times normal limits nothing any more.
const FAR_ABOVE: f64 = 3.0;
/// A declared peak caps the pace at this share of it.
pub(super) const OVER_PEAK: f64 = 1.1;

/// A token bucket whose rate ramps up and then follows how the upstream feels.
#[derive(Debug)]
pub(super) struct Pace {
    started: Instant,
    ramp: Duration,
    ramp_from: f64,
    /// Calls per second once the ramp is over.
    limit: f64,
    normal: Normal,
    /// Never more calls per second, nor at once.
    cap: f64,
    at_once: f64,
    /// It limits a healthy upstream too, and is never over.
    standing: bool,
    /// Less than the limit, for a while.
    ceiling: Option<Ceiling>,
    slowed_at: Option<Instant>,
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

/// As many calls per second as last until a quota returns.
#[derive(Clone, Copy, Debug)]
struct Ceiling {
    rate: f64,
    until: Instant,
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
            at_once: f64::INFINITY,
            standing: false,
            ceiling: None,
            slowed_at: None,
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
    ) -> Self {
        let unramped = Self::recovering(now, normal, healthy, Duration::ZERO, None);
        Self {
            limit: normal.rate * CUT,
            slowed_at: Some(now),
            lift_after,
            // The upstream is well: other credentials need not wait for a first token.
            tokens: MIN_BURST,
            ..unramped
        }
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
        self.seems_over(now)
    }

    /// The same, as far as the last call has told.
    pub(super) fn seems_over(&self, now: Instant) -> bool {
        let far_above = self.limit >= self.normal.rate * FAR_ABOVE;
        !self.standing && (self.is_unpressed(now) || (far_above && now >= self.started + self.ramp))
    }

    /// Whether nothing has pressed against the limit for one ramp.
    pub(super) fn is_unpressed(&self, now: Instant) -> bool {
        let unpressed = now.saturating_duration_since(self.last_pressed);
        unpressed >= self.lift_after && now >= self.started + self.ramp
    }

    pub(super) fn normal(&self) -> Normal {
        self.normal
    }
}

#[cfg(test)]
mod tests;
