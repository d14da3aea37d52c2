//! The attempts of an upstream that were refused in a row.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::policy::authentication::{Alarm, Streak, Verdict};

/// A [`Streak`] that all calls share. While nothing is refused it is read and never written.
#[derive(Debug, Default)]
pub(super) struct Refusals(AtomicU64);

impl Refusals {
    /// An attempt ended with this verdict. Of all that end at once, one is told of the alarm.
    pub(super) fn judged(&self, verdict: Verdict, alarm_after: u32) -> Option<Alarm> {
        let mut before = self.0.load(Relaxed);
        if before == 0 && verdict == Verdict::Accepted {
            return None;
        }
        loop {
            let mut streak = Streak::from_bits(before);
            let alarm = streak.judged(verdict, alarm_after);
            let after = streak.bits();
            match self
                .0
                .compare_exchange_weak(before, after, Relaxed, Relaxed)
            {
                Ok(_) => return alarm,
                Err(changed) => before = changed,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::thread;

    use super::*;
    use crate::policy::test_threads::meet;

    const THREADS: u32 = 4;

    /// What one thread is told, when all give their verdicts at once.
    fn told(refusals: &Refusals, verdict: Verdict, arrived: &AtomicU32, round: u32) -> Vec<Alarm> {
        meet(arrived, THREADS, round);
        (0..100)
            .filter_map(|_| refusals.judged(verdict, 150))
            .collect()
    }

    #[test]
    fn of_all_that_are_refused_at_once_one_is_told_and_of_all_accepted_one() {
        let (refusals, arrived) = (Refusals::default(), AtomicU32::new(0));
        let both = || {
            let failing = told(&refusals, Verdict::Refused, &arrived, 1);
            (failing, told(&refusals, Verdict::Accepted, &arrived, 2))
        };
        let (mut failing, mut over) = (Vec::new(), Vec::new());
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(both)).collect();
            for thread in threads {
                let (failed, recovered) = thread.join().unwrap();
                failing.extend(failed);
                over.extend(recovered);
            }
        });
        assert_eq!(failing, [Alarm::Failing(150)]);
        assert_eq!(over, [Alarm::Recovered(400)]);
        assert_eq!(refusals.judged(Verdict::Accepted, 1), None);
        assert_eq!(
            refusals.judged(Verdict::Refused, 1),
            Some(Alarm::Failing(1))
        );
    }
}
