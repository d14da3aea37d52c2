//! Lanes: what all threads write lies apart for each, so that they do not wait for one another.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// More threads than these share lanes: what is left of the contention is an eighth.
pub(crate) const LANES: usize = 8;

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// The lane of this thread, below [`LANES`]. The first threads have one each, later ones share.
pub(crate) fn mine() -> usize {
    let mine = MINE.get();
    if mine < LANES {
        return mine;
    }
    let mine = NEXT.fetch_add(1, Ordering::Relaxed) % LANES;
    MINE.set(mine);
    mine
}

/// One for each lane, on cache lines of its own, in pairs: processors fetch them so.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Apart<T>(pub(crate) T);

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_stays_in_its_lane_and_the_next_has_another() {
        let (first, next) = (mine(), thread::spawn(mine).join().unwrap());
        assert!(first < LANES && next < LANES);
        assert_eq!(mine(), first);
    }

    #[test]
    fn what_lies_apart_shares_no_cache_line() {
        assert!(size_of::<Apart<u8>>() == 128 && align_of::<Apart<u8>>() == 128);
    }
}
