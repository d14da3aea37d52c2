//! Who keeps a place that others want as well.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// How often somebody's place can be wanted before it is lost, if it is not found in between.
///
/// So often that destinations which are called in turn seldom take each other's places: keeping one at hand
/// costs two allocations.
const FULL: u8 = 16;

/// How much longer somebody keeps a place: longer each time it is found, up to a bound, and less long each time
/// the place is wanted.
///
/// Of two threads that share a lane one may undo the other's step: it is a habit, not a count.
#[derive(Debug)]
pub(super) struct Favour(AtomicU8);

impl Default for Favour {
    fn default() -> Self {
        Self(AtomicU8::new(FULL))
    }
}

impl Favour {
    pub(super) fn found(&self) {
        let left = self.0.load(Relaxed);
        // Whose place nobody wants is never written to.
        if left < FULL {
            self.0.store(left + 1, Relaxed);
        }
    }

    /// Its place is wanted: whether it keeps it.
    pub(super) fn outlasts(&self) -> bool {
        let left = self.0.load(Relaxed).saturating_sub(1);
        self.0.store(left, Relaxed);
        left > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost_after(favour: &Favour) -> usize {
        1 + (0..1_000).take_while(|_| favour.outlasts()).count()
    }

    #[test]
    fn a_place_that_is_wanted_and_never_found_is_lost() {
        let favour = Favour::default();
        assert_eq!(lost_after(&favour), 16);
        assert!(!favour.outlasts(), "and has not got it back");
    }

    #[test]
    fn a_place_that_is_found_as_often_as_wanted_is_kept() {
        let favour = Favour::default();
        for _ in 0..1_000 {
            assert!(favour.outlasts());
            favour.found();
        }
    }

    #[test]
    fn one_that_was_found_often_is_kept_no_longer_than_a_new_one() {
        let favour = Favour::default();
        for _ in 0..1_000 {
            favour.found();
        }
        assert_eq!(lost_after(&favour), 16);
    }

    #[test]
    fn one_that_is_found_half_as_often_as_wanted_is_lost_later() {
        let favour = Favour::default();
        let rounds = (0..1_000).take_while(|_| {
            favour.found();
            favour.outlasts() && favour.outlasts()
        });
        assert_eq!(rounds.count(), 14);
    }
}
