//! The latest results of a recovery, and whether they end it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Failures that end a recovery, if they are half of the recent results.
const TRIPS: usize = 3;
/// Recent are the results of this long, or the last few if those are more.
const RECENT: Duration = Duration::from_secs(10);
const AT_LEAST: usize = 5;
/// Of a busy upstream a sample is enough.
const AT_MOST: usize = 1_024;

/// When the latest attempts ended, and whether they succeeded.
#[derive(Debug, Default)]
pub(super) struct Recent {
    results: VecDeque<(Instant, bool)>,
}

impl Recent {
    pub(super) fn succeeded(&mut self, now: Instant) {
        self.note(now, true);
    }

    /// Counts a failure; answers whether that ends the recovery: three failures that are at least
    /// half of the recent results.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        self.note(now, false);
        let failures = self.results.iter().filter(|(_, succeeded)| !succeeded);
        let failures = failures.count();
        failures >= TRIPS && failures * 2 >= self.results.len()
    }

    /// Answers of the last ten seconds, however few. What is kept may be older.
    pub(super) fn answers(&self, now: Instant) -> u64 {
        let newest_first = self.results.iter().rev();
        let recent = newest_first.take_while(|&&(at, _)| is_recent(now, at));
        recent.count() as u64
    }

    fn note(&mut self, now: Instant, succeeded: bool) {
        self.results.push_back((now, succeeded));
        while self.results.len() > AT_LEAST
            && self
                .results
                .front()
                .is_some_and(|&(at, _)| !is_recent(now, at) || self.results.len() > AT_MOST)
        {
            self.results.pop_front();
        }
    }
}

fn is_recent(now: Instant, at: Instant) -> bool {
    now.saturating_duration_since(at) <= RECENT
}
