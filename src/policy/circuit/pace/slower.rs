//! What slows a pace: a 429, and a quota that runs out.

use std::time::{Duration, Instant};

use super::bucket::MIN_BURST;
use super::period::CUT;
use super::{Ceiling, Pace};
use crate::policy::rate_limit::Quota;

/// Limits are counted by the second at the shortest: an attempt that was sent within this time after
/// a cut says nothing of what the cut did.
const LESSON: Duration = Duration::from_secs(1);
/// A quota that is lower by less is no news.
const NOTABLE: f64 = 0.9;

impl Pace {
    /// The upstream answered 429 to an attempt sent at `sent`: less, from now on, and nothing that
    /// was saved up. Answers whether it is slower now: many attempts under way are one lesson.
    pub(in super::super) fn slow_down(&mut self, now: Instant, sent: Instant) -> bool {
        if self.slowed_at.is_some_and(|at| sent < at + LESSON) {
            return false;
        }
        self.advance(now);
        let before = self.limit;
        self.ramp_from *= CUT;
        self.limit = (self.limit * CUT).max(self.lowest_limit());
        self.tokens = self.tokens.min(MIN_BURST);
        self.slowed_at = Some(now);
        self.limit < before
    }

    /// Lets what is left of a quota last until there is more, for at most `longest`. Answers whether
    /// it is slower now.
    ///
    /// Never slower than the lowest limit, and the tightest quota holds until its time is over: a
    /// lying header costs a bounded slowness.
    pub(in super::super) fn heed(&mut self, now: Instant, quota: Quota, longest: Duration) -> bool {
        self.advance(now);
        let rate = quota.rate().max(self.lowest_limit());
        if now < self.started + self.ramp || rate >= self.rate(now) * NOTABLE {
            return false;
        }
        self.ceiling = Some(Ceiling {
            rate,
            until: now + quota.reset.min(longest),
        });
        let most = (quota.remaining as f64).min(MIN_BURST);
        self.tokens = self.tokens.min(most);
        true
    }
}
