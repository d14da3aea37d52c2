//! The median time of successes, kept in constant space.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// Four buckets an octave from one microsecond to over a minute: a median within a fifth is enough
/// to tell "five times slower".
const BUCKETS: usize = 26 * 4;

/// A histogram of durations on a logarithmic scale.
#[derive(Debug)]
pub(super) struct Latency {
    counts: [AtomicU32; BUCKETS],
}

impl Latency {
    pub(super) fn new() -> Self {
        Self {
            counts: [const { AtomicU32::new(0) }; BUCKETS],
        }
    }

    pub(super) fn record(&self, elapsed: Duration) {
        self.counts[bucket(elapsed)].fetch_add(1, Relaxed);
    }

    /// The median; `None` before the first record. At most a quarter octave above the truth.
    pub(super) fn median(&self) -> Option<Duration> {
        let counts: Vec<u32> = self
            .counts
            .iter()
            .map(|count| count.load(Relaxed))
            .collect();
        let total: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        let mut below = 0;
        counts.iter().enumerate().find_map(|(index, &count)| {
            below += u64::from(count);
            (count > 0 && below * 2 >= total).then(|| upper_bound(index))
        })
    }

    /// Halves every count, so that old times fade.
    pub(super) fn fade(&self) {
        for count in &self.counts {
            count.store(count.load(Relaxed) / 2, Relaxed);
        }
    }

    pub(super) fn clear(&self) {
        for count in &self.counts {
            count.store(0, Relaxed);
        }
    }
}

/// The octave is the position of the highest bit, the quarter its next two bits.
fn bucket(elapsed: Duration) -> usize {
    let micros = u64::try_from(elapsed.as_micros())
        .unwrap_or(u64::MAX)
        .max(1);
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
