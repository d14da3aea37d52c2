//! What background work may take of a healthy upstream.

use std::time::{Duration, Instant};

/// Of normal, or of the declared peak, background work takes at most this share.
const SHARE: f64 = 0.5;
/// How far back it looks to see how busy people are.
pub(super) const RECENT_SECONDS: u32 = 10;
/// What it did not take for so long it may take at once, and at least [`MIN_BURST`] calls.
const BURST: Duration = Duration::from_secs(2);
const MIN_BURST: f64 = 2.0;

/// What background work may count on.
#[derive(Clone, Copy, Debug)]
pub(super) struct BackgroundLimit {
    /// Calls per second that are normal for the upstream, or its declared peak.
    rate: f64,
    /// Calls per second, of people and background together, at which background work yields: a
    /// burst of people leaves no room for it, however much of its share is unused.
    ceiling: f64,
}

impl BackgroundLimit {
    /// A declared peak is the word of the whole process; without one, background work comes on top
    /// of what is normal.
    pub(super) fn new(normal: f64, declared_peak: Option<f64>) -> Self {
        match declared_peak {
            Some(peak) => Self {
                rate: peak,
                ceiling: peak,
            },
            None => Self {
                rate: normal,
                ceiling: normal * (1.0 + SHARE),
            },
        }
    }

    /// Whether so many answers in [`RECENT_SECONDS`] leave room for one more call.
    pub(super) fn has_room(self, recent_answers: u64) -> bool {
        (recent_answers as f64) < (self.ceiling * f64::from(RECENT_SECONDS)).max(MIN_BURST)
    }
}

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

    /// Whether there is a token of the share.
    pub(super) fn has_token(&mut self, now: Instant, limit: BackgroundLimit) -> bool {
        let rate = limit.rate * SHARE;
        let accrued = now.saturating_duration_since(self.filled_at).as_secs_f64() * rate;
        let burst = (rate * BURST.as_secs_f64()).max(MIN_BURST);
        self.tokens = (self.tokens + accrued).min(burst);
        self.filled_at = self.filled_at.max(now);
        self.tokens >= 1.0
    }

    /// Takes that token.
    pub(super) fn spend(&mut self) {
        self.tokens -= 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::test_clock;

    fn take(share: &mut BackgroundShare, now: Instant, limit: BackgroundLimit) -> bool {
        let fits = share.has_token(now, limit);
        if fits {
            share.spend();
        }
        fits
    }

    /// Background calls admitted in this many seconds, asking ten times a second.
    fn admitted(seconds: u32, upstream_rate: f64) -> usize {
        let start = test_clock::start();
        let mut share = BackgroundShare::new(start);
        (0..seconds * 10)
            .filter(|&tenth| {
                take(
                    &mut share,
                    start + Duration::from_millis(100) * tenth,
                    BackgroundLimit::new(upstream_rate, None),
                )
            })
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
        let at_once = (0..1_000)
            .filter(|_| take(&mut share, start, BackgroundLimit::new(100.0, None)))
            .count();
        assert_eq!(at_once, 1);
    }

    #[test]
    fn a_long_idle_time_does_not_save_up_a_wave() {
        let start = test_clock::start();
        let mut share = BackgroundShare::new(start);
        let later = start + Duration::from_secs(86_400);
        let at_once = (0..1_000)
            .filter(|_| take(&mut share, later, BackgroundLimit::new(2.0, None)))
            .count();
        assert_eq!(at_once, 2);
    }

    #[test]
    fn it_yields_to_a_burst_of_people() {
        let undeclared = BackgroundLimit::new(1.0, None);
        assert!(undeclared.has_room(14) && !undeclared.has_room(15));
        let declared = BackgroundLimit::new(1.0, Some(4.0));
        assert!(declared.has_room(39) && !declared.has_room(40));
    }

    #[test]
    fn a_quiet_upstream_has_room_all_the_same() {
        assert!(BackgroundLimit::new(0.1, None).has_room(1));
    }
}
