//! The counts of one second, before they are handed on.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::time::Duration;

/// What was counted in the newest tick, in one word: a call adds to it, and to nothing else.
///
/// The first that comes in another tick is told what there was, and hands it on to where the older
/// ticks are kept. The word may hold several counts side by side; whoever made them so says which
/// bits are the highest of each.
#[derive(Debug, Default)]
pub(crate) struct Newest(AtomicU64);

/// What was counted in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) tick: u32,
    pub(crate) counts: u32,
}

/// What follows from an addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Added {
    /// To be added to the older ticks, by whoever is told so.
    pub(crate) handed_on: Option<Counted>,
    /// Somebody else was adding at the same time.
    pub(crate) contended: bool,
}

impl Newest {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Adds `more` to `tick`. A count that has reached its highest bit, one of those in `full`, is
    /// handed on before it runs over. `None`: there is nothing more to do, as nearly always.
    ///
    /// A plain addition would cost as much, and might land in the tick of somebody who comes in
    /// between: a first attempt would count for longer than it may.
    #[inline]
    pub(crate) fn add(&self, tick: u32, more: u32, full: u32) -> Option<Added> {
        let held = self.0.load(Relaxed);
        let next = held.wrapping_add(more.into());
        let is_same = (next >> 32) as u32 == tick && next as u32 & full == 0;
        if is_same && self.replace(held, next).is_ok() {
            return None;
        }
        Some(self.add_anew(tick, more, full, is_same))
    }

    /// The same, of an addition that found another tick, or that another thread came in between of.
    #[cold]
    fn add_anew(&self, tick: u32, more: u32, full: u32, mut contended: bool) -> Added {
        let mut held = self.0.load(Relaxed);
        loop {
            let (next, handed_on) = Counted::unpack(held).then(tick, more, full);
            let replaced = next.map_or(Ok(held), |next| self.replace(held, next.pack()));
            let Err(changed) = replaced else {
                return Added {
                    handed_on,
                    contended,
                };
            };
            (held, contended) = (changed, true);
        }
    }

    fn replace(&self, held: u64, next: u64) -> Result<u64, u64> {
        self.0.compare_exchange(held, next, Relaxed, Relaxed)
    }

    /// What is held now. What is read after it is no older.
    pub(crate) fn counted(&self) -> Counted {
        Counted::unpack(self.0.load(Acquire))
    }

    /// Takes all of it, to be handed on.
    pub(crate) fn take(&self) -> Counted {
        Counted::unpack(self.0.swap(0, Relaxed))
    }
}

impl Counted {
    /// How long after the epoch its tick began, if ticks are seconds.
    pub(crate) const fn second(self) -> Duration {
        Duration::from_secs(self.tick as u64)
    }

    /// The count, if its tick is one of the `last` up to `now_tick`, that one included.
    pub(crate) fn within(self, now_tick: u32, last: u32) -> u64 {
        let age = now_tick.checked_sub(self.tick);
        if age.is_some_and(|age| age < last) {
            u64::from(self.counts)
        } else {
            0
        }
    }

    /// What the word holds next, if it changes, and what is handed on.
    fn then(self, tick: u32, more: u32, full: u32) -> (Option<Self>, Option<Self>) {
        let alone = Self { tick, counts: more };
        if self.tick > tick {
            // A clock reading that comes late leaves the newest alone.
            return (None, Some(alone));
        }
        let counts = self.counts.wrapping_add(more);
        if self.tick == tick && counts & full == 0 {
            return (Some(Self { tick, counts }), None);
        }
        (Some(alone), Some(self).filter(|counted| counted.counts > 0))
    }

    const fn pack(self) -> u64 {
        (self.tick as u64) << 32 | self.counts as u64
    }

    const fn unpack(word: u64) -> Self {
        Self {
            tick: (word >> 32) as u32,
            counts: word as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;
    use std::thread;

    use super::*;

    const FULL: u32 = 1 << 31;

    fn handed_on(newest: &Newest, tick: u32, more: u32) -> Option<(u32, u32)> {
        let added = newest.add(tick, more, FULL)?;
        assert!(!added.contended);
        added
            .handed_on
            .map(|counted| (counted.tick, counted.counts))
    }

    #[test]
    fn one_tick_is_counted_in_its_place_and_handed_on_by_the_next() {
        let newest = Newest::new();
        assert_eq!(handed_on(&newest, 0, 1), None);
        assert_eq!(handed_on(&newest, 0, 2), None);
        assert_eq!(handed_on(&newest, 7, 1), Some((0, 3)));
        assert_eq!(newest.counted(), Counted { tick: 7, counts: 1 });
    }

    #[test]
    fn nothing_is_handed_on_where_nothing_was_counted() {
        assert_eq!(handed_on(&Newest::new(), 9, 1), None);
    }

    #[test]
    fn a_reading_that_comes_late_is_handed_on_by_itself() {
        let newest = Newest::new();
        handed_on(&newest, 5, 2);
        assert_eq!(handed_on(&newest, 4, 3), Some((4, 3)));
        assert_eq!(newest.counted(), Counted { tick: 5, counts: 2 });
    }

    #[test]
    fn a_count_is_handed_on_before_it_runs_over_into_its_neighbour() {
        let (newest, full) = (Newest::new(), 0x8000_8000);
        newest.add(1, 0x0001_7fff, full);
        let added = newest.add(1, 1, full).unwrap();
        let before = Counted {
            tick: 1,
            counts: 0x0001_7fff,
        };
        assert_eq!(added.handed_on, Some(before));
        assert_eq!(newest.counted(), Counted { tick: 1, counts: 1 });
    }

    #[test]
    fn what_is_taken_is_gone() {
        let newest = Newest::new();
        handed_on(&newest, 3, 4);
        assert_eq!(newest.take(), Counted { tick: 3, counts: 4 });
        assert_eq!(newest.take().counts, 0);
    }

    #[test]
    fn threads_that_add_and_hand_on_at_once_lose_nothing() {
        let (newest, given) = (Newest::new(), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..100_000 {
                        let added = newest.add(round / 100, 1, FULL);
                        let handed_on = added.and_then(|added| added.handed_on);
                        let counts = handed_on.map_or(0, |counted| counted.counts);
                        given.fetch_add(u64::from(counts), Relaxed);
                    }
                });
            }
        });
        let left = u64::from(newest.counted().counts);
        assert_eq!(given.into_inner() + left, 400_000);
    }
}
