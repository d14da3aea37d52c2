//! What a period of the pace teaches.

use std::time::{Duration, Instant};

use super::Pace;

/// Every period the pace is thought over.
pub(super) const PERIOD: Duration = Duration::from_secs(10);
/// A slow period cuts the pace, a good one raises it.
pub(super) const CUT: f64 = 0.7;
const RAISE: f64 = 1.1;
/// The lowest share of a learned normal: a slow server is relieved, never starved. What was not
/// learned may be far too high, so it may fall further.
const LOWEST_LEARNED: f64 = 0.5;
const LOWEST_GUESSED: f64 = 0.1;
/// The upstream is slow when the period's median exceeds both of these over the base.
const SLOW_FACTOR: u32 = 5;
const SLOW_MARGIN: Duration = Duration::from_millis(250);

impl Pace {
    pub(super) fn advance(&mut self, now: Instant) {
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
        // What stands is slowed by the server's word alone: over days, the base would be its best moment.
        let slow = !self.standing && median > (base * SLOW_FACTOR).max(base + SLOW_MARGIN);
        // What queued before a cut is answered slowly after it: a cut is judged a period later.
        let settling = std::mem::take(&mut self.cut);
        if slow && !settling {
            self.limit = (self.limit * CUT).max(self.lowest_limit());
            self.cut = true;
        } else if !slow {
            self.limit = (self.limit * RAISE).min(self.cap);
        }
    }

    pub(super) fn lowest_limit(&self) -> f64 {
        let share = if self.normal.learned {
            LOWEST_LEARNED
        } else {
            LOWEST_GUESSED
        };
        (self.normal.rate * share).min(self.cap)
    }
}
