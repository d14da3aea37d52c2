//! What a healthy upstream is used to: its rate, its times, its arrivals. Written on every call
//! without a lock, read when something goes wrong.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::latency::Latency;
use crate::policy::window::Window;

/// The width of one slot of the rate windows.
const SLOT: Duration = Duration::from_secs(10);
/// Slots that make the ten minutes over which a rate is taken.
const SLOTS: u32 = 60;
/// Healthy history below this teaches nothing yet.
const LEARNED_AFTER: Duration = Duration::from_secs(300);
/// How long the first arrivals are averaged over: two calls in the first second are not 2/s.
const MIN_OBSERVED: Duration = Duration::from_secs(10);
/// The slowest rate counted as normal, in calls per second: six a minute. An upstream that was idle
/// must still get its probes and slots.
const MIN_NORMAL: f64 = 0.1;
/// Keys remembered to tell a new call from one that comes again.
const SEEN_KEYS: usize = 1024;
/// Seconds the result windows reach back.
const RESULT_SECONDS: u32 = 60;

/// The rate an upstream is used to, in calls per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Normal {
    pub(crate) rate: f64,
    /// Whether it was learned over healthy minutes, or is only what arrives now.
    pub(crate) learned: bool,
}

/// Everything counted on the healthy path of one upstream.
#[derive(Debug)]
pub struct Traffic {
    epoch: Instant,
    /// The healthy clock stands still while the circuit is not closed: time it has lost so far.
    stood_still: AtomicU64,
    /// When it was stopped, in nanoseconds since the epoch; `RUNNING` while it runs.
    stopped_at: AtomicU64,
    sent: Window<{ SLOTS as usize + 1 }>,
    arrivals: Window<{ SLOTS as usize + 1 }>,
    successes: Window<{ RESULT_SECONDS as usize + 1 }>,
    failures: Window<{ RESULT_SECONDS as usize + 1 }>,
    latency: Latency,
    latency_fades_at: AtomicU64,
    seen: OnceLock<Box<[AtomicU64]>>,
}

const RUNNING: u64 = u64::MAX;

impl Traffic {
    /// Counting starts now.
    #[must_use]
    pub fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            stood_still: AtomicU64::new(0),
            stopped_at: AtomicU64::new(RUNNING),
            sent: Window::new(),
            arrivals: Window::new(),
            successes: Window::new(),
            failures: Window::new(),
            latency: Latency::new(),
            latency_fades_at: AtomicU64::new(nanos(LEARNED_AFTER)),
            seen: OnceLock::new(),
        }
    }

    /// A new foreground call arrived. One that comes again with its key is not new: an application
    /// that calls again every two seconds must not pass for a busier one.
    pub fn arrive(&self, now: Instant, key: Option<u64>) {
        if key.is_none_or(|key| self.is_new(key)) {
            self.arrivals.add(slot(self.elapsed(now)), 1);
        }
    }

    /// A call with this key has arrived already.
    #[cfg(feature = "middleware")]
    pub(crate) fn recognise(&self, key: u64) {
        let place = self.place_of(key.max(1));
        place.store(key.max(1), Relaxed);
    }

    fn is_new(&self, key: u64) -> bool {
        let key = key.max(1);
        self.place_of(key).swap(key, Relaxed) != key
    }

    fn place_of(&self, key: u64) -> &AtomicU64 {
        let seen = self
            .seen
            .get_or_init(|| (0..SEEN_KEYS).map(|_| AtomicU64::new(0)).collect());
        &seen[key as usize % SEEN_KEYS]
    }

    /// An attempt was sent while the circuit was closed.
    pub fn sent(&self, now: Instant) {
        self.sent.add(slot(self.healthy(now)), 1);
    }

    /// An attempt succeeded while the circuit was closed.
    pub fn succeeded(&self, now: Instant, took: Duration) {
        self.successes.add(second(self.elapsed(now)), 1);
        self.latency.record(took);
        let healthy = nanos(self.healthy(now));
        let fades_at = self.latency_fades_at.load(Relaxed);
        let next = healthy.saturating_add(nanos(LEARNED_AFTER));
        if healthy >= fades_at
            && self
                .latency_fades_at
                .compare_exchange(fades_at, next, Relaxed, Relaxed)
                .is_ok()
        {
            self.latency.fade();
        }
    }

    /// An attempt failed while the circuit was closed.
    pub(crate) fn failed(&self, now: Instant) {
        self.failures.add(second(self.elapsed(now)), 1);
    }

    /// Failures of the last `seconds`.
    pub(crate) fn failures(&self, now: Instant, seconds: u32) -> u64 {
        self.failures
            .sum(second(self.elapsed(now)), seconds.min(RESULT_SECONDS))
    }

    /// Successes of the last `seconds`.
    pub(crate) fn successes(&self, now: Instant, seconds: u32) -> u64 {
        self.successes
            .sum(second(self.elapsed(now)), seconds.min(RESULT_SECONDS))
    }

    /// Answers of the last `seconds`, of either kind.
    pub(crate) fn answers(&self, now: Instant, seconds: u32) -> u64 {
        self.successes(now, seconds) + self.failures(now, seconds)
    }

    /// The median time of successes while healthy.
    pub(crate) fn median(&self) -> Option<Duration> {
        self.latency.median()
    }

    /// The circuit is no longer closed: healthy time stands still.
    pub(crate) fn stop(&self, now: Instant) {
        if self.stopped_at.load(Relaxed) == RUNNING {
            self.stopped_at.store(nanos(self.elapsed(now)), Relaxed);
        }
    }

    /// The circuit is closed again: healthy time goes on.
    pub(crate) fn resume(&self, now: Instant) {
        let stopped_at = self.stopped_at.swap(RUNNING, Relaxed);
        if stopped_at != RUNNING {
            let lost = nanos(self.elapsed(now)).saturating_sub(stopped_at);
            self.stood_still.fetch_add(lost, Relaxed);
        }
    }

    /// The rate sent over the last ten healthy minutes; with under five of them, the rate at which
    /// new calls arrive.
    pub(crate) fn normal(&self, now: Instant) -> Normal {
        let healthy = self.healthy(now);
        if healthy >= LEARNED_AFTER {
            let rate = rate(&self.sent, healthy, Duration::ZERO);
            Normal {
                rate: rate.max(MIN_NORMAL),
                learned: true,
            }
        } else {
            let rate = rate(&self.arrivals, self.elapsed(now), MIN_OBSERVED);
            Normal {
                rate: rate.max(MIN_NORMAL),
                learned: false,
            }
        }
    }

    fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.epoch)
    }

    fn healthy(&self, now: Instant) -> Duration {
        let until = match self.stopped_at.load(Relaxed) {
            RUNNING => nanos(self.elapsed(now)),
            stopped_at => stopped_at,
        };
        Duration::from_nanos(until.saturating_sub(self.stood_still.load(Relaxed)))
    }
}

/// Calls per second in the window that ends at `elapsed` on its clock.
fn rate<const N: usize>(window: &Window<N>, elapsed: Duration, at_least: Duration) -> f64 {
    let now = slot(elapsed);
    // The newest slot is as wide as it is old.
    let newest = elapsed.saturating_sub(SLOT * now);
    let covered = SLOT * now.min(SLOTS - 1) + newest;
    window.sum(now, SLOTS) as f64 / covered.max(at_least).as_secs_f64().max(1.0)
}

fn slot(elapsed: Duration) -> u32 {
    u32::try_from(elapsed.as_secs() / SLOT.as_secs()).unwrap_or(u32::MAX)
}

fn second(elapsed: Duration) -> u32 {
    u32::try_from(elapsed.as_secs()).unwrap_or(u32::MAX)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(RUNNING - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::test_clock;

    fn after(start: Instant, seconds: f64) -> Instant {
        start + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn ten_healthy_minutes_teach_the_rate_sent() {
        let start = test_clock::start();
        let traffic = Traffic::new(start);
        (0..1_200).for_each(|half| traffic.sent(after(start, f64::from(half) / 2.0)));
        let normal = traffic.normal(after(start, 600.0));
        assert!(
            normal.learned && (normal.rate - 2.0).abs() < 0.05,
            "{normal:?}"
        );
    }

    #[test]
    fn an_outage_is_not_part_of_the_healthy_minutes() {
        let start = test_clock::start();
        let traffic = Traffic::new(start);
        (0..600).for_each(|s| traffic.sent(after(start, f64::from(s))));
        traffic.stop(after(start, 600.0));
        let during = traffic.normal(after(start, 1_800.0));
        assert!(
            during.learned && (during.rate - 1.0).abs() < 0.05,
            "{during:?}"
        );
        traffic.resume(after(start, 1_800.0));
        let later = traffic.normal(after(start, 1_830.0));
        assert!(
            (later.rate - 0.95).abs() < 0.06,
            "thirty idle seconds of ten minutes: {later:?}"
        );
    }

    #[test]
    fn a_young_process_goes_by_what_arrives_and_counts_a_key_once() {
        let start = test_clock::start();
        let traffic = Traffic::new(start);
        for call in 0..60_u64 {
            for again in 0..10 {
                let at = after(start, call as f64 + 0.1 * f64::from(again));
                traffic.arrive(at, Some(call + 1));
            }
        }
        let normal = traffic.normal(after(start, 60.0));
        assert!(
            !normal.learned && (normal.rate - 1.0).abs() < 0.05,
            "{normal:?}"
        );
    }

    #[test]
    fn the_first_moment_is_not_a_rate() {
        let start = test_clock::start();
        let traffic = Traffic::new(start);
        (0..3).for_each(|_| traffic.arrive(start, None));
        assert!((traffic.normal(start).rate - 0.3).abs() < 1e-9);
    }

    #[test]
    fn an_idle_upstream_has_a_normal_all_the_same() {
        let start = test_clock::start();
        let normal = Traffic::new(start).normal(after(start, 86_400.0));
        assert_eq!(
            normal,
            Normal {
                rate: MIN_NORMAL,
                learned: true
            }
        );
    }

    #[test]
    fn the_median_follows_a_server_that_became_slower_for_good() {
        let start = test_clock::start();
        let traffic = Traffic::new(start);
        (0..3_000)
            .for_each(|s| traffic.succeeded(after(start, f64::from(s)), Duration::from_millis(20)));
        (3_000..6_000).for_each(|s| {
            traffic.succeeded(after(start, f64::from(s)), Duration::from_millis(200));
        });
        assert!(traffic.median().unwrap() > Duration::from_millis(190));
    }
}
