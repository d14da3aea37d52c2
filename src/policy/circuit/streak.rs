//! The consecutive-failures rule.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One event, however many calls it hits, is one failure: a lost HTTP/2 connection fails all its
/// streams within a moment.
const MIN_SPAN: Duration = Duration::from_secs(1);

/// Failures with no success between.
///
/// It trips on `consecutive` of them when the first is at least a second and at most `within`
/// before the last.
#[derive(Clone, Debug, Default)]
pub(super) struct Streak {
    failures: VecDeque<Instant>,
}

impl Streak {
    /// Counts a failure; answers whether that trips the circuit.
    pub(super) fn push(&mut self, now: Instant, consecutive: u32, within: Duration) -> bool {
        while self
            .failures
            .front()
            .is_some_and(|&first| age(now, first) > within)
        {
            self.failures.pop_front();
        }
        // Only the first and the number matter, so a thousand failures at once are held in a few.
        if self.failures.len() >= consecutive as usize && self.failures.len() > 1 {
            self.failures.remove(1);
        }
        self.failures.push_back(now);
        self.failures.len() >= consecutive as usize
            && self
                .failures
                .front()
                .is_some_and(|&first| age(now, first) >= MIN_SPAN)
    }

    pub(super) fn clear(&mut self) {
        self.failures.clear();
    }

    /// Whether all of it is too old to count.
    pub(super) fn is_over(&self, now: Instant, within: Duration) -> bool {
        self.failures
            .back()
            .is_none_or(|&last| age(now, last) > within)
    }

    /// How many of it count.
    pub(super) fn len(&self, now: Instant, within: Duration) -> usize {
        let recent = |&&failed: &&Instant| age(now, failed) <= within;
        self.failures.iter().filter(recent).count()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.failures.is_empty()
    }
}

fn age(now: Instant, then: Instant) -> Duration {
    now.saturating_duration_since(then)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::test_clock;

    const WITHIN: Duration = Duration::from_secs(120);

    /// Pushes failures at these seconds, and names the first that trips.
    fn trips_at(seconds: &[f64]) -> Option<f64> {
        let start = test_clock::start();
        let mut streak = Streak::default();
        seconds
            .iter()
            .copied()
            .find(|&s| streak.push(start + Duration::from_secs_f64(s), 5, WITHIN))
    }

    #[test]
    fn five_failures_one_a_minute_never_trip_but_one_each_29_seconds_do() {
        assert_eq!(trips_at(&[0.0, 60.0, 120.0, 180.0, 240.0, 300.0]), None);
        assert_eq!(trips_at(&[0.0, 29.0, 58.0, 87.0, 116.0]), Some(116.0));
    }

    #[test]
    fn one_lost_connection_with_many_streams_is_not_five_failures() {
        assert_eq!(trips_at(&[0.0; 50]), None);
        assert_eq!(trips_at(&[0.0, 0.1, 0.2, 0.3, 0.4, 0.99]), None);
    }

    #[test]
    fn what_goes_on_failing_for_a_second_trips() {
        assert_eq!(trips_at(&[0.0, 0.0, 0.0, 0.0, 0.0, 1.0]), Some(1.0));
        assert_eq!(trips_at(&[0.0, 0.1, 0.2, 0.3, 1.0]), Some(1.0));
    }

    #[test]
    fn four_are_not_five() {
        assert_eq!(trips_at(&[0.0, 1.0, 2.0, 3.0]), None);
    }
}
