//! What a healthy upstream is used to: its rate, its times, its arrivals. Written on every call
//! without a lock, read when something goes wrong.
//!
//! What happens in this second is counted in a `lane`, one for each thread if threads meet; when the
//! second is over it is handed on to the `history`, which goes by slots and by the `healthy_clock`.
//! Whoever reads adds what the lanes still hold.

mod healthy_clock;
mod history;
mod lane;
mod normal;
mod seen;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use self::healthy_clock::{HealthyClock, nanos};
use self::history::{History, RESULT_SECONDS, SLOTS};
use self::lane::{Begun, FULL, Lane};
pub(crate) use self::normal::Normal;
use self::seen::FirstKey;
use super::latency::Latency;
use crate::policy::newest::{Added, Counted};
use crate::policy::striped::Striped;

/// The width of one slot of the rate windows.
const SLOT: Duration = Duration::from_secs(10);
/// Healthy history below this teaches nothing yet.
const LEARNED_AFTER: Duration = Duration::from_secs(300);
/// Everything counted on the healthy path of one upstream.
#[derive(Debug)]
pub struct Traffic {
    epoch: Instant,
    healthy: HealthyClock,
    lanes: Striped<Lane>,
    times_fade_at: AtomicU64,
    history: OnceLock<Box<History>>,
    first_key: FirstKey,
}

impl Traffic {
    /// Counting starts now.
    #[must_use]
    pub fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            healthy: HealthyClock::new(),
            lanes: Striped::of(Lane::new()),
            times_fade_at: AtomicU64::new(nanos(LEARNED_AFTER)),
            history: OnceLock::new(),
            first_key: FirstKey::new(),
        }
    }

    /// When counting began.
    #[cfg(feature = "middleware")]
    pub(crate) const fn epoch(&self) -> Instant {
        self.epoch
    }

    /// How long it has been counting.
    pub(crate) fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.epoch)
    }

    /// A new foreground call arrived. One that comes again with its key is not new: an application
    /// that calls again every two seconds must not pass for a busier one.
    pub fn arrive(&self, now: Instant, key: Option<u64>) {
        let elapsed = self.elapsed(now);
        if self.is_new(elapsed, || key) {
            self.begin(elapsed, Begun::ARRIVED);
        }
    }

    /// The call with the key of this hash has arrived already.
    #[cfg(feature = "middleware")]
    pub(crate) fn recognise(&self, elapsed: Duration, key: u64) {
        self.is_new(elapsed, || Some(key));
    }

    /// An attempt was sent while the circuit was closed.
    pub fn sent(&self, now: Instant) {
        self.begin(self.elapsed(now), Begun::SENT);
    }

    /// A call arrived, so long after the epoch, and was sent while the circuit was closed.
    #[cfg(feature = "middleware")]
    pub(crate) fn arrive_and_send(&self, elapsed: Duration, key: impl FnOnce() -> Option<u64>) {
        let begun = if self.is_new(elapsed, key) {
            Begun::ARRIVED_AND_SENT
        } else {
            Begun::SENT
        };
        self.begin(elapsed, begun);
    }

    /// An attempt succeeded while the circuit was closed.
    pub fn succeeded(&self, now: Instant, took: Duration) {
        let elapsed = self.elapsed(now);
        let lane = self.lanes.here();
        lane.times.record(took);
        if let Some(added) = lane.succeeded.add(second(elapsed), 1, FULL) {
            self.see_to_successes(added, elapsed);
        }
    }

    /// An attempt failed while the circuit was closed.
    pub(crate) fn failed(&self, now: Instant) {
        let failures = &self.history().failures;
        failures.add(second(self.elapsed(now)), 1);
    }

    /// Failures of the last `seconds`.
    pub(crate) fn failures(&self, now: Instant, seconds: u32) -> u64 {
        let (now, seconds) = (second(self.elapsed(now)), seconds.min(RESULT_SECONDS));
        let history = self.history.get();
        history.map_or(0, |history| history.failures.sum(now, seconds))
    }

    /// Successes of the last `seconds`.
    pub(crate) fn successes(&self, now: Instant, seconds: u32) -> u64 {
        let (now, seconds) = (second(self.elapsed(now)), seconds.min(RESULT_SECONDS));
        let history = self.history.get();
        let older = history.map_or(0, |history| history.successes.sum(now, seconds));
        let newest = self.lanes.all().map(|lane| lane.succeeded.counted());
        older
            + newest
                .map(|counted| counted.within(now, seconds))
                .sum::<u64>()
    }

    /// Answers of the last `seconds`, of either kind.
    pub(crate) fn answers(&self, now: Instant, seconds: u32) -> u64 {
        self.successes(now, seconds) + self.failures(now, seconds)
    }

    /// The median time of successes while healthy.
    pub(crate) fn median(&self) -> Option<Duration> {
        Latency::median_of(self.lanes.all().map(|lane| &lane.times))
    }

    /// The circuit is no longer closed: healthy time stands still. What was sent so far belongs to
    /// the time before.
    pub(crate) fn stop(&self, now: Instant) {
        for lane in self.lanes.all() {
            let counted = lane.begun.take();
            if counted.counts > 0 {
                self.keep_begun(counted);
            }
        }
        self.healthy.stop(self.elapsed(now));
    }

    /// The circuit is closed again: healthy time goes on.
    pub(crate) fn resume(&self, now: Instant) {
        self.healthy.resume(self.elapsed(now));
    }

    /// Once the rate is learned, nobody asks for arrivals any more.
    fn is_new(&self, elapsed: Duration, key: impl FnOnce() -> Option<u64>) -> bool {
        let is_new = |key| self.first_key.is_new(key, || &self.history().keys);
        self.healthy.at(elapsed) >= LEARNED_AFTER || key().is_none_or(is_new)
    }

    fn begin(&self, elapsed: Duration, begun: Begun) {
        let lane = self.lanes.here();
        let begun = begun.pack();
        if let Some(added) = lane.begun.add(second(elapsed), begun, Begun::FULL) {
            self.see_to_begun(added, elapsed);
        }
    }

    #[cold]
    fn see_to_begun(&self, added: Added, elapsed: Duration) {
        if let Some(counted) = added.handed_on
            // A rate is no longer made of what is older.
            && elapsed.saturating_sub(counted.second()) <= SLOT * (SLOTS + 1)
        {
            self.keep_begun(counted);
        }
        if added.contended {
            self.lanes.spread();
        }
    }

    fn keep_begun(&self, counted: Counted) {
        let (at, begun) = (counted.second(), Begun::of(counted));
        let history = self.history();
        history.arrivals.add(slot(at), begun.arrived.into());
        let healthy = slot(self.healthy.at(at));
        history.sent.add(healthy, begun.sent.into());
    }

    #[cold]
    fn see_to_successes(&self, added: Added, elapsed: Duration) {
        if let Some(counted) = added.handed_on {
            if second(elapsed).saturating_sub(counted.tick) <= RESULT_SECONDS {
                let successes = &self.history().successes;
                successes.add(counted.tick, counted.counts);
            }
            self.fade_times(nanos(self.healthy.at(elapsed)));
        }
        if added.contended {
            self.lanes.spread();
        }
    }

    fn fade_times(&self, healthy: u64) {
        let fade_at = self.times_fade_at.load(Relaxed);
        let next = healthy.saturating_add(nanos(LEARNED_AFTER));
        if healthy >= fade_at
            && self
                .times_fade_at
                .compare_exchange(fade_at, next, Relaxed, Relaxed)
                .is_ok()
        {
            self.lanes.all().for_each(|lane| lane.times.fade());
        }
    }

    fn history(&self) -> &History {
        self.history.get_or_init(|| Box::new(History::new()))
    }
}

fn slot(elapsed: Duration) -> u32 {
    u32::try_from(elapsed.as_secs() / SLOT.as_secs()).unwrap_or(u32::MAX)
}

fn second(elapsed: Duration) -> u32 {
    u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
