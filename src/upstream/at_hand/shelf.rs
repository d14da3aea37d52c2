//! What one lane of threads has at hand.

use std::array;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering::Relaxed};

use arc_swap::ArcSwapOption;
use http::Uri;

use super::Leads;
use super::destination::tells_of_a_person;

/// Places of one lane.
const PLACES: usize = 24;
// With what else there is they fill four cache lines.
const _: () = assert!(size_of::<Shelf<()>>() <= 256);

/// Whose a place is, in short. Seldom do two have the same; whoever finds one looks closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u16);

impl Mark {
    const NOBODYS: Self = Self(0);

    pub(super) const fn of(hash: u64) -> Self {
        match (hash >> 48) as u16 {
            0 => Self(1),
            mark => Self(mark),
        }
    }
}

/// The places of one lane, and whose they are.
///
/// Of two threads that share a lane, one may fill a place and the other write its mark. Whoever is kept there
/// is not found by it then, and loses the place in time; nobody is found who is not meant.
pub(super) struct Shelf<T> {
    places: [ArcSwapOption<T>; PLACES],
    marks: [AtomicU16; PLACES],
    /// Where somebody was found last.
    last: AtomicUsize,
    /// Whose place is wanted next, when there is none that is free.
    wanted: AtomicUsize,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            places: array::from_fn(|_| ArcSwapOption::empty()),
            marks: [const { AtomicU16::new(0) }; PLACES],
            last: AtomicUsize::new(0),
            wanted: AtomicUsize::new(0),
        }
    }
}

impl<T: Leads> Shelf<T> {
    /// Who was found last, if it is the one that is looked for.
    pub(super) fn last(&self, is_it: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        self.look_into(self.last.load(Relaxed), is_it)
    }

    /// The one with this mark that is looked for.
    pub(super) fn find(&self, mark: Mark, is_it: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let look_into = |number| Some((number, self.look_into(number, &is_it)?));
        let (number, found) = self.marked(mark).find_map(look_into)?;
        self.last.store(number, Relaxed);
        Some(found)
    }

    /// The number of a place for somebody with this mark: where what was kept for it is worth nothing any
    /// more, or one that nobody has, or that its holder has lost.
    fn place(&self, mark: Mark, is_worth: impl Fn(&T) -> bool) -> Option<usize> {
        let own = self
            .marked(mark)
            .find(|&number| !self.holds(number, &is_worth));
        let free = || self.marked(Mark::NOBODYS).next();
        own.or_else(free).or_else(|| self.lost(is_worth))
    }

    /// The next place that is wanted, if its holder has lost it.
    fn lost(&self, is_worth: impl Fn(&T) -> bool) -> Option<usize> {
        let number = self.wanted.load(Relaxed);
        self.wanted.store((number + 1) % PLACES, Relaxed);
        let keeps_it = |kept: &T| is_worth(kept) && kept.destination().favour.outlasts();
        (!self.holds(number, keeps_it)).then_some(number)
    }

    fn holds(&self, number: usize, is: impl Fn(&T) -> bool) -> bool {
        let kept = self.places[number].load();
        kept.as_ref().is_some_and(|kept| is(kept))
    }

    fn look_into(&self, number: usize, is_it: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        let kept = self.places[number].load();
        let kept = kept.as_ref().filter(|kept| is_it(kept))?;
        kept.destination().favour.found();
        Some(Arc::clone(kept))
    }
}

impl<T> Shelf<T> {
    /// Lets go of all.
    pub(super) fn clear(&self) {
        for number in (0..PLACES).filter(|&number| self.mark(number) != Mark::NOBODYS) {
            // In this order: what another thread keeps there meanwhile is never without its mark.
            self.marks[number].store(Mark::NOBODYS.0, Relaxed);
            self.places[number].store(None);
        }
    }

    pub(super) fn kept(&self) -> impl Iterator<Item = Arc<T>> {
        self.places.iter().filter_map(ArcSwapOption::load_full)
    }

    fn marked(&self, mark: Mark) -> impl Iterator<Item = usize> {
        (0..PLACES).filter(move |&number| self.mark(number) == mark)
    }

    fn mark(&self, number: usize) -> Mark {
        Mark(self.marks[number].load(Relaxed))
    }
}

/// Where somebody may be kept who was not found.
pub(crate) struct Room<'a, T, W> {
    shelf: &'a Shelf<T>,
    uri: &'a Uri,
    mark: Mark,
    is_worth: W,
}

impl<'a, T: Leads, W: Fn(&T) -> bool> Room<'a, T, W> {
    pub(super) const fn new(
        shelf: &'a Shelf<T>,
        (uri, mark): (&'a Uri, Mark),
        is_worth: W,
    ) -> Self {
        Self {
            shelf,
            uri,
            mark,
            is_worth,
        }
    }

    /// Kept at hand from now on, if there is a place to be had: made only then, and only who takes a place
    /// wants one. What tells of a person is kept nowhere.
    pub(crate) fn keep(self, make: impl FnOnce() -> Arc<T>) {
        if tells_of_a_person(self.uri) {
            return;
        }
        if let Some(number) = self.shelf.place(self.mark, self.is_worth) {
            // In this order, for whoever clears meanwhile.
            self.shelf.places[number].store(Some(make()));
            self.shelf.marks[number].store(self.mark.0, Relaxed);
        }
    }
}
