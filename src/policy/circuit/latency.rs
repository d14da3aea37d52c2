//! The median time of successes, kept in constant space.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Four buckets an octave from one microsecond to over a minute: a median within a fifth is enough
/// to tell "five times slower".
const BUCKETS: usize = 26 * 4;

/// A histogram of durations on a logarithmic scale.
///
/// Until two of them differ, the first bucket stands for all. Of threads that record at the same
/// moment in the same place, one may be overlooked: a median bears that, and nobody waits.
#[derive(Debug, Default)]
pub(super) struct Latency {
    /// The bucket of the first, and how many were like it.
    alike: AtomicU64,
    counts: OnceLock<Box<[AtomicU32; BUCKETS]>>,
}

impl Latency {
    pub(super) const fn new() -> Self {
        Self {
            alike: AtomicU64::new(0),
            counts: OnceLock::new(),
        }
    }

    pub(super) fn record(&self, elapsed: Duration) {
        let bucket = bucket(elapsed);
        let Some(counts) = self.counts.get() else {
            return self.record_first(bucket);
        };
        let count = &counts[bucket];
        count.store(count.load(Relaxed).saturating_add(1), Relaxed);
    }

    fn record_first(&self, bucket: usize) {
        let (first, count) = unpack(self.alike.load(Relaxed));
        if count == 0 || first == bucket {
            let alike = pack(bucket, count.saturating_add(1));
            return self.alike.store(alike, Relaxed);
        }
        let counts = self.counts.get_or_init(|| {
            let counts = [const { AtomicU32::new(0) }; BUCKETS];
            counts[first].store(count, Relaxed);
            Box::new(counts)
        });
        counts[bucket].fetch_add(1, Relaxed);
    }

    /// The median; `None` before the first record. At most a quarter octave above the truth.
    pub(super) fn median(&self) -> Option<Duration> {
        Self::median_of([self])
    }

    /// The median of all that these have recorded.
    pub(super) fn median_of<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Duration> {
        let mut counts = [0_u64; BUCKETS];
        for latency in all {
            latency.add_to(&mut counts);
        }
        let total: u64 = counts.iter().sum();
        let mut below = 0;
        counts.iter().enumerate().find_map(|(index, &count)| {
            below += count;
            (count > 0 && below * 2 >= total).then(|| upper_bound(index))
        })
    }

    fn add_to(&self, sums: &mut [u64; BUCKETS]) {
        if let Some(counts) = self.counts.get() {
            for (sum, count) in sums.iter_mut().zip(&**counts) {
                *sum += u64::from(count.load(Relaxed));
            }
        } else {
            let (first, count) = unpack(self.alike.load(Relaxed));
            sums[first] += u64::from(count);
        }
    }

    /// Halves every count, so that old times fade.
    pub(super) fn fade(&self) {
        self.change(|count| count / 2);
    }

    pub(super) fn clear(&self) {
        self.change(|_| 0);
    }

    fn change(&self, change: impl Fn(u32) -> u32) {
        if let Some(counts) = self.counts.get() {
            for count in &**counts {
                count.store(change(count.load(Relaxed)), Relaxed);
            }
        } else {
            let (first, count) = unpack(self.alike.load(Relaxed));
            self.alike.store(pack(first, change(count)), Relaxed);
        }
    }
}

const fn pack(bucket: usize, count: u32) -> u64 {
    (bucket as u64) << 32 | count as u64
}

fn unpack(alike: u64) -> (usize, u32) {
    (((alike >> 32) as usize).min(BUCKETS - 1), alike as u32)
}

/// The octave is the position of the highest bit, the quarter its next two bits.
fn bucket(elapsed: Duration) -> usize {
    let micros = elapsed.as_secs().saturating_mul(1_000_000);
    let micros = micros.saturating_add(u64::from(elapsed.subsec_micros()));
    let micros = micros.max(1);
    let octave = micros.ilog2();
    let quarter = (micros << 2 >> octave) & 3;
    (octave as usize * 4 + quarter as usize).min(BUCKETS - 1)
}

fn upper_bound(index: usize) -> Duration {
    let (octave, quarter) = (index / 4, index as u64 % 4);
    Duration::from_micros(((5 + quarter) << octave) / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median_of(millis: &[u64]) -> Option<Duration> {
        let latency = Latency::new();
        for &ms in millis {
            latency.record(Duration::from_millis(ms));
        }
        latency.median()
    }

    #[test]
    fn the_median_is_within_a_quarter_octave_above_the_truth() {
        for truth in [1_u64, 3, 25, 59, 240, 999, 7_000] {
            let median = median_of(&[truth / 2, truth, truth * 2])
                .unwrap()
                .as_secs_f64();
            let truth = Duration::from_millis(truth).as_secs_f64();
            assert!(
                median >= truth && median <= truth * 1.25,
                "{median} for {truth}"
            );
        }
    }

    #[test]
    fn one_slow_call_does_not_move_it() {
        assert!(median_of(&[20, 20, 20, 20, 30_000]).unwrap() < Duration::from_millis(25));
    }

    #[test]
    fn nothing_recorded_has_no_median() {
        assert_eq!(median_of(&[]), None);
        let latency = Latency::new();
        latency.record(Duration::from_secs(1));
        latency.clear();
        assert_eq!(latency.median(), None);
    }

    #[test]
    fn as_long_as_all_are_alike_there_is_no_histogram_and_then_none_is_lost() {
        let latency = Latency::new();
        (0..9).for_each(|_| latency.record(Duration::from_millis(20)));
        assert!(latency.counts.get().is_none());
        assert!(latency.median().unwrap() >= Duration::from_millis(20));
        (0..8).for_each(|_| latency.record(Duration::from_secs(2)));
        assert!(latency.counts.get().is_some());
        assert!(latency.median().unwrap() < Duration::from_millis(25));
        (0..2).for_each(|_| latency.record(Duration::from_secs(2)));
        assert!(latency.median().unwrap() >= Duration::from_secs(2));
    }

    #[test]
    fn after_all_have_faded_the_next_may_be_another() {
        let latency = Latency::new();
        latency.record(Duration::from_secs(10));
        latency.fade();
        latency.record(Duration::from_millis(1));
        assert!(latency.median().unwrap() < Duration::from_millis(2));
        assert!(latency.counts.get().is_none());
    }

    #[test]
    fn what_was_recorded_in_several_places_has_one_median() {
        let places = [(); 3].map(|()| Latency::new());
        for (place, millis) in places.iter().zip([10, 20, 500]) {
            (0..4).for_each(|_| place.record(Duration::from_millis(millis)));
        }
        places[2].record(Duration::from_millis(20));
        let median = Latency::median_of(&places).unwrap();
        assert!(median >= Duration::from_millis(20) && median < Duration::from_millis(25));
    }

    #[test]
    fn extremes_have_a_bucket() {
        assert_eq!(bucket(Duration::ZERO), 0);
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn old_times_fade() {
        let latency = Latency::new();
        (0..8).for_each(|_| latency.record(Duration::from_secs(10)));
        (0..4).for_each(|_| latency.fade());
        latency.record(Duration::from_millis(1));
        assert!(latency.median().unwrap() < Duration::from_millis(2));
    }
}
