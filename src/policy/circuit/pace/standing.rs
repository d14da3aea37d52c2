//! The pace that never ends: a rate that is allowed, and no more.

use std::time::{Duration, Instant};

use super::Pace;
use crate::policy::circuit::rate::Cap;
use crate::policy::circuit::traffic::Normal;

impl Pace {
    /// The pace of a healthy upstream whose rate is limited: all of it from the start, and as much
    /// saved up as may go at once, or less.
    pub(in super::super) fn standing(now: Instant, cap: Cap, saved: f64) -> Self {
        let unramped = Self::recovering(now, normal(cap), None, Duration::ZERO, None);
        let mut pace = Self {
            limit: cap.rate,
            standing: true,
            ..unramped.capped(cap)
        };
        pace.tokens = saved.clamp(0.0, pace.burst(now));
        pace
    }

    pub(in super::super) fn is_standing(&self) -> bool {
        self.standing
    }

    /// From now on it stands under this cap, whatever it was. Answers whether the cap is another.
    pub(in super::super) fn stand(&mut self, now: Instant, cap: Cap) -> bool {
        if self.standing && self.is_under(cap) {
            return false;
        }
        self.advance(now);
        let is_slowed = !self.standing || self.limit < self.cap;
        self.standing = true;
        self.normal = normal(cap);
        let has_changed = self.recap(now, cap);
        if !is_slowed {
            self.limit = cap.rate;
        }
        has_changed
    }

    /// The same pace under another cap, if it is another. Then no token is promised any more.
    pub(in super::super) fn recap(&mut self, now: Instant, cap: Cap) -> bool {
        if self.is_under(cap) {
            return false;
        }
        self.advance(now);
        self.tokens = self.tokens.max(0.0);
        self.cap = cap.rate;
        self.at_once = cap.at_once;
        self.limit = self.limit.min(cap.rate);
        self.ramp_from = self.ramp_from.min(cap.rate);
        true
    }

    /// The same, of a pace that has just been made.
    pub(in super::super) fn capped(self, cap: Cap) -> Self {
        let rate = self.cap.min(cap.rate);
        Self {
            ramp_from: self.ramp_from.min(rate),
            limit: self.limit.min(rate),
            cap: rate,
            at_once: cap.at_once,
            ..self
        }
    }

    /// What may go at once now.
    pub(in super::super) fn saved(&mut self, now: Instant) -> f64 {
        self.advance(now);
        self.tokens
    }

    #[expect(clippy::float_cmp, reason = "the same cap, or another")]
    fn is_under(&self, cap: Cap) -> bool {
        self.cap == cap.rate && self.at_once == cap.at_once
    }
}

/// What is allowed is no rate that was learned: after a 429 it may fall to a tenth.
const fn normal(cap: Cap) -> Normal {
    Normal {
        rate: cap.rate,
        learned: false,
    }
}
