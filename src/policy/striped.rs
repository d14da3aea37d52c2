//! Counts that threads do not fight over.

use std::iter;
use std::sync::OnceLock;

use crate::lane::{self, Apart, LANES};

/// One count that grows into several once threads meet at it: one for each of a few lanes, each on
/// cache lines of its own. Whoever reads adds them up.
///
/// Most upstreams are called by one thread at a time, and pay for no lane.
#[derive(Debug)]
pub(crate) struct Striped<C> {
    alone: C,
    lanes: OnceLock<Box<[Apart<C>; LANES]>>,
}

impl<C: Default> Striped<C> {
    pub(crate) const fn of(alone: C) -> Self {
        Self {
            alone,
            lanes: OnceLock::new(),
        }
    }

    /// Where this thread counts.
    pub(crate) fn here(&self) -> &C {
        match self.lanes.get() {
            None => &self.alone,
            Some(lanes) => &lanes[lane::mine() % LANES].0,
        }
    }

    /// Threads have met here. From now on each counts in its lane.
    #[cold]
    pub(crate) fn spread(&self) {
        self.lanes.get_or_init(Box::default);
    }

    /// All of it. What was counted before the lanes were made stays where it was.
    pub(crate) fn all(&self) -> impl Iterator<Item = &C> {
        let lanes = self.lanes.get().into_iter();
        let lanes = lanes.flat_map(|lanes| lanes.iter().map(|lane| &lane.0));
        iter::once(&self.alone).chain(lanes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::thread;

    use super::*;

    fn address(striped: &Striped<AtomicU32>) -> usize {
        std::ptr::from_ref(striped.here()).addr()
    }

    /// Where each of a few threads counts.
    fn addresses(striped: &Striped<AtomicU32>) -> HashSet<usize> {
        let together = Barrier::new(LANES);
        thread::scope(|scope| {
            let here = || {
                together.wait();
                address(striped)
            };
            let threads: Vec<_> = (0..LANES).map(|_| scope.spawn(here)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        })
    }

    #[test]
    fn until_threads_meet_there_is_one_count_for_all() {
        let striped = Striped::of(AtomicU32::new(0));
        assert_eq!(addresses(&striped).len(), 1);
        assert_eq!(striped.all().count(), 1);
    }

    #[test]
    fn from_then_on_threads_count_on_lines_of_their_own() {
        let striped = Striped::of(AtomicU32::new(0));
        striped.spread();
        // Other tests start threads too, so that these need not have neighbouring numbers.
        let lanes = addresses(&striped);
        assert!(lanes.len() > 1, "{lanes:?}");
        assert!(lanes.iter().all(|address| address.is_multiple_of(128)));
    }

    #[test]
    fn what_was_counted_before_is_not_lost() {
        let striped = Striped::of(AtomicU32::new(0));
        striped.here().fetch_add(1, Relaxed);
        striped.spread();
        striped.spread();
        striped.here().fetch_add(2, Relaxed);
        let all: u32 = striped.all().map(|count| count.load(Relaxed)).sum();
        assert_eq!(all, 3);
    }
}
