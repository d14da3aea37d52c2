//! The gateway's queue: bounded, first in first out, one slot after the other, cold after a restart.
//!
//! It is pure: every time is a parameter, counted from the start of the run.

use crate::model::scenario::Scenario;
use std::collections::VecDeque;
use std::time::Duration;

/// Requests per second, from cold to warm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) cold: f64,
    pub(crate) warm: f64,
    /// How long a cold start takes to become warm.
    pub(crate) warm_up: Duration,
}

impl Rates {
    pub(crate) fn of(scenario: &Scenario) -> Self {
        Self {
            cold: scenario.cold_rate,
            warm: scenario.warm_rate,
            warm_up: scenario.times.warm_up,
        }
    }

    /// The rate this long after a cold start, if nothing fills the queue meanwhile.
    pub(crate) fn after(&self, since_cold: Duration) -> f64 {
        let warmth = (since_cold.as_secs_f64() / self.warm_up.as_secs_f64()).min(1.0);
        self.cold + (self.warm - self.cold) * warmth
    }

    /// Requests that an undisturbed gateway can serve in the first `span` after a cold start.
    pub(crate) fn capacity(&self, span: Duration) -> f64 {
        let warming = span.min(self.warm_up);
        let mean_while_warming = f64::midpoint(self.cold, self.after(warming));
        mean_while_warming * warming.as_secs_f64()
            + self.warm * span.saturating_sub(warming).as_secs_f64()
    }
}

/// The queue and the one server behind it.
///
/// A job that was accepted costs its slot, whether or not its client still waits: it is this waste
/// that keeps a stormed gateway down.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    limit: usize,
    rates: Rates,
    /// `None`: warm.
    cold_since: Option<Duration>,
    outstanding: VecDeque<T>,
    /// When the job at the head is done. It has no meaning while nothing is outstanding.
    head_done: Duration,
}

impl<T> Queue<T> {
    /// An empty queue before a warm server.
    pub(crate) fn warm(limit: usize, rates: Rates) -> Self {
        Self {
            limit,
            rates,
            cold_since: None,
            outstanding: VecDeque::new(),
            head_done: Duration::ZERO,
        }
    }

    /// The server restarts: what is accepted from now on meets it cold.
    pub(crate) fn restart(&mut self, now: Duration) {
        self.cold_since = Some(now);
    }

    /// Accepts a job, or hands it back when the queue is full.
    ///
    /// A full queue sets the server back to cold.
    pub(crate) fn offer(&mut self, now: Duration, job: T) -> Result<(), T> {
        if self.is_full() {
            self.restart(now);
            return Err(job);
        }
        if self.outstanding.is_empty() {
            self.head_done = now + self.slot(now);
        }
        self.outstanding.push_back(job);
        if self.is_full() {
            self.restart(now);
        }
        Ok(())
    }

    /// When the job being served will be done.
    pub(crate) fn next_done(&self) -> Option<Duration> {
        (!self.outstanding.is_empty()).then_some(self.head_done)
    }

    /// The job whose slot has ended by `now`, if one has. Call it until it says `None`.
    ///
    /// The next slot begins when the last one ended, not when somebody looked.
    pub(crate) fn finish(&mut self, now: Duration) -> Option<T> {
        if self.next_done()? > now {
            return None;
        }
        let started = self.head_done;
        if self.is_full() {
            self.restart(started);
        }
        let job = self.outstanding.pop_front();
        self.head_done = started + self.slot(started);
        job
    }

    /// Jobs accepted and not yet done, the one being served included.
    pub(crate) fn outstanding(&self) -> usize {
        self.outstanding.len()
    }

    fn is_full(&self) -> bool {
        self.outstanding.len() >= self.limit
    }

    /// How long a job takes that begins now.
    fn slot(&self, now: Duration) -> Duration {
        let rate = match self.cold_since {
            Some(since) => self.rates.after(now.saturating_sub(since)),
            None => self.rates.warm,
        };
        Duration::from_secs_f64(1.0 / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::{Queue, Rates};
    use std::time::Duration;

    const RATES: Rates = Rates {
        cold: 10.0,
        warm: 40.0,
        warm_up: Duration::from_secs(120),
    };

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn finish_all(queue: &mut Queue<u32>, now: Duration) -> Vec<u32> {
        std::iter::from_fn(|| queue.finish(now)).collect()
    }

    #[test]
    fn a_warm_queue_serves_in_order_one_slot_after_the_other() {
        let mut queue = Queue::warm(10, RATES);
        for job in 0..3 {
            assert_eq!(queue.offer(ms(0), job), Ok(()));
        }
        assert_eq!(finish_all(&mut queue, ms(24)), [0; 0]);
        assert_eq!(finish_all(&mut queue, ms(25)), [0]);
        assert_eq!(finish_all(&mut queue, ms(75)), [1, 2]);
        assert_eq!(queue.next_done(), None);
    }

    #[test]
    fn the_schedule_does_not_drift_when_somebody_looks_late() {
        let mut queue = Queue::warm(10, RATES);
        for job in 0..3 {
            assert_eq!(queue.offer(ms(0), job), Ok(()));
        }
        assert_eq!(finish_all(&mut queue, ms(49)), [0]);
        // The second slot began at 25 ms, not at 49 ms.
        assert_eq!(queue.next_done(), Some(ms(50)));
    }

    #[test]
    fn an_idle_server_starts_a_slot_when_work_comes() {
        let mut queue = Queue::warm(10, RATES);
        assert_eq!(queue.offer(ms(0), 0), Ok(()));
        assert_eq!(finish_all(&mut queue, ms(5_000)), [0]);
        assert_eq!(queue.offer(ms(5_000), 1), Ok(()));
        assert_eq!(queue.next_done(), Some(ms(5_025)));
    }

    #[test]
    fn a_restarted_server_is_cold_and_warms_linearly() {
        let mut queue = Queue::warm(10, RATES);
        queue.restart(ms(0));
        assert_eq!(queue.offer(ms(0), 0), Ok(()));
        assert_eq!(queue.next_done(), Some(ms(100)), "cold: 10 a second");
        assert_eq!(finish_all(&mut queue, ms(100)), [0]);
        assert_eq!(queue.offer(ms(60_000), 1), Ok(()));
        assert_eq!(queue.next_done(), Some(ms(60_040)), "half way: 25 a second");
        assert_eq!(finish_all(&mut queue, ms(120_000)), [1]);
        assert_eq!(queue.offer(ms(120_000), 2), Ok(()));
        assert_eq!(queue.next_done(), Some(ms(120_025)), "warm: 40 a second");
    }

    #[test]
    fn a_full_queue_refuses_and_sets_the_server_back_to_cold() {
        let mut queue = Queue::warm(2, RATES);
        queue.restart(ms(0));
        assert_eq!(queue.offer(ms(200_000), 0), Ok(()));
        assert_eq!(queue.offer(ms(200_000), 1), Ok(()));
        assert_eq!(queue.offer(ms(200_000), 2), Err(2));
        assert_eq!(
            finish_all(&mut queue, ms(200_025)),
            [0],
            "its slot had begun warm"
        );
        assert_eq!(
            queue.next_done(),
            Some(ms(200_125)),
            "the next one is cold again"
        );
    }

    #[test]
    fn a_queue_one_short_of_full_stays_warm() {
        let mut queue = Queue::warm(3, RATES);
        queue.restart(ms(0));
        assert_eq!(queue.offer(ms(200_000), 0), Ok(()));
        assert_eq!(queue.offer(ms(200_000), 1), Ok(()));
        assert_eq!(finish_all(&mut queue, ms(200_025)), [0]);
        assert_eq!(queue.next_done(), Some(ms(200_050)));
    }

    #[test]
    fn a_queue_kept_full_never_warms() {
        let mut queue = Queue::warm(2, RATES);
        queue.restart(ms(0));
        let mut served = 0;
        for tick in 0..120_000 {
            while queue.offer(ms(tick), 0).is_ok() {}
            served += finish_all(&mut queue, ms(tick)).len();
        }
        assert!(
            (1_195..=1_205).contains(&served),
            "{served} in two minutes at 10 a second"
        );
    }

    #[test]
    fn capacity_is_the_integral_of_the_warming_rate() {
        assert!((RATES.capacity(Duration::from_secs(60)) - 17.5 * 60.0).abs() < 1e-6);
        assert!((RATES.capacity(Duration::from_secs(220)) - (3_000.0 + 4_000.0)).abs() < 1e-6);
    }
}
