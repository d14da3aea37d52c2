//! What background work may take of a healthy upstream.

use std::time::{Duration, Instant};

/// Of normal, or of the declared peak, background work takes at most this share.
const SHARE: f64 = 0.5;
/// What it did not take for so long it may take at once, and at least [`MIN_BURST`] calls.
const BURST: Duration = Duration::from_secs(10);
const MIN_BURST: f64 = 2.0;

/// A token bucket for background calls.
#[derive(Debug)]
pub(super) struct BackgroundShare {
    tokens: f64,
    filled_at: Instant,
}

impl BackgroundShare {
    /// One call may go at once; a restarted worker's backlog may not.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            tokens: 1.0,
            filled_at: now,
        }
    }

    /// Takes a token at this rate of calls per second for the whole upstream.
    pub(super) fn take(&mut self, now: Instant, upstream_rate: f64) -> bool {
        let rate = upstream_rate * SHARE;
        let accrued = now.saturating_duration_since(self.filled_at).as_secs_f64() * rate;
        let burst = (rate * BURST.as_secs_f64()).max(MIN_BURST);
        self.tokens = (self.tokens + accrued).min(burst);
        self.filled_at = self.filled_at.max(now);
        let fits = self.tokens >= 1.0;
        if fits {
            self.tokens -= 1.0;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::test_clock;

    /// Background calls admitted in this many seconds, asking ten times a second.
    fn admitted(seconds: u32, upstream_rate: f64) -> usize {
        let start = test_clock::start();
        let mut share = BackgroundShare::new(start);
        (0..seconds * 10)
            .filter(|&tenth| share.take(start + Duration::from_millis(100) * tenth, upstream_rate))
            .count()
    }

    #[test]
    fn a_flushing_worker_gets_half_of_the_rate() {
        let admitted = admitted(100, 2.0);
        assert!((99..=102).contains(&admitted), "{admitted}");
    }

    #[test]
    fn a_restarted_worker_does_not_flush_its_backlog() {
        let start = test_clock::start();
        let mut share = BackgroundShare::new(start);
        let at_once = (0..1_000).filter(|_| share.take(start, 100.0)).count();
        assert_eq!(at_once, 1);
    }

    #[test]
    fn a_long_idle_time_does_not_save_up_a_wave() {
        let start = test_clock::start();
        let mut share = BackgroundShare::new(start);
        let later = start + Duration::from_secs(86_400);
        let at_once = (0..1_000).filter(|_| share.take(later, 2.0)).count();
        assert_eq!(at_once, 10);
    }
}
