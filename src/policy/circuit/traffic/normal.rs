//! The rate that an upstream is used to.

use std::time::{Duration, Instant};

use super::history::SLOTS;
use super::lane::Begun;
use super::{LEARNED_AFTER, SLOT, Traffic, slot};
use crate::policy::newest::Counted;

/// How long the first arrivals are averaged over: two calls in the first second are not 2/s.
pub(super) const MIN_OBSERVED: Duration = Duration::from_secs(10);
/// The slowest rate counted as normal, in calls per second: six a minute. An upstream that was idle
/// must still get its probes and slots.
pub(super) const MIN_NORMAL: f64 = 0.1;

/// The rate an upstream is used to, in calls per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Normal {
    pub(crate) rate: f64,
    /// Whether it was learned over healthy minutes, or is only what arrives now.
    pub(crate) learned: bool,
}

impl Traffic {
    /// The rate sent over the last ten healthy minutes; with under five of them, the rate at which
    /// new calls arrive.
    pub(crate) fn normal(&self, now: Instant) -> Normal {
        let elapsed = self.elapsed(now);
        let healthy = self.healthy.at(elapsed);
        let learned = healthy >= LEARNED_AFTER;
        let rate = if learned {
            self.rate_sent(healthy)
        } else {
            self.rate_of_arrivals(elapsed)
        };
        Normal {
            rate: rate.max(MIN_NORMAL),
            learned,
        }
    }

    fn rate_sent(&self, healthy: Duration) -> f64 {
        let now = slot(healthy);
        let older = self.history.get();
        let older = older.map_or(0, |history| history.sent.sum(now, SLOTS));
        let newest = self.begun().map(|(at, begun)| Counted {
            tick: slot(self.healthy.at(at)),
            counts: begun.sent.into(),
        });
        let newest = newest.map(|sent| sent.within(now, SLOTS)).sum::<u64>();
        per_second(older + newest, healthy, Duration::ZERO)
    }

    fn rate_of_arrivals(&self, elapsed: Duration) -> f64 {
        let now = slot(elapsed);
        let older = self.history.get();
        let older = older.map_or(0, |history| history.arrivals.sum(now, SLOTS));
        let newest = self.begun().map(|(at, begun)| Counted {
            tick: slot(at),
            counts: begun.arrived.into(),
        });
        let newest = newest.map(|arrived| arrived.within(now, SLOTS));
        per_second(older + newest.sum::<u64>(), elapsed, MIN_OBSERVED)
    }

    /// What the lanes hold, and in which second it began.
    fn begun(&self) -> impl Iterator<Item = (Duration, Begun)> {
        let counted = self.lanes.all().map(|lane| lane.begun.counted());
        counted.map(|counted| (counted.second(), Begun::of(counted)))
    }
}

/// Calls per second in the window that ends at `elapsed` on its clock.
fn per_second(calls: u64, elapsed: Duration, at_least: Duration) -> f64 {
    let now = slot(elapsed);
    // The newest slot is as wide as it is old.
    let newest = elapsed.saturating_sub(SLOT * now);
    let covered = SLOT * now.min(SLOTS - 1) + newest;
    calls as f64 / covered.max(at_least).as_secs_f64().max(1.0)
}
