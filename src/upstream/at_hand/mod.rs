//! What calls of one destination share, at hand where it was called before.

use std::array;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use http::Uri;

pub(crate) use self::destination::{Destination, Leads};
pub(crate) use self::shelf::Room;
use self::shelf::{Mark, Shelf};
use crate::lane::{self, Apart, LANES};

mod destination;
mod favour;
mod shelf;

/// What was made for the destinations that are called most. Each lane has its own, so that threads do not
/// meet where they count who holds it.
///
/// Most calls go where the last one went, which is looked for first. Who has a place keeps it as long as it is
/// worth anything, and is found as often as others want it.
pub(crate) struct AtHand<T> {
    lanes: [Apart<Shelf<T>>; LANES],
    /// Seeded: whoever chooses host names does not choose who is taken for whom.
    hasher: RandomState,
}

impl<T> Default for AtHand<T> {
    fn default() -> Self {
        Self {
            lanes: array::from_fn(|_| Apart(Shelf::default())),
            hasher: RandomState::default(),
        }
    }
}

impl<T: Leads> AtHand<T> {
    /// What is kept for this URI, if it is still worth anything; or else where it may be kept.
    pub(crate) fn find<'a, W: Fn(&T) -> bool>(
        &'a self,
        uri: &'a Uri,
        is_worth: W,
    ) -> Result<Arc<T>, Room<'a, T, W>> {
        let Apart(mine) = &self.lanes[lane::mine() % LANES];
        let is_it = |kept: &T| is_worth(kept) && kept.destination().is_of(uri);
        if let Some(found) = mine.last(is_it) {
            return Ok(found);
        }
        let authority = destination::authority(uri);
        let mark = Mark::of(self.hasher.hash_one(authority));
        let found = mine.find(mark, is_it);
        found.ok_or_else(|| Room::new(mine, (uri, mark), is_worth))
    }

    /// Lets go of all.
    pub(crate) fn clear(&self) {
        self.lanes.iter().for_each(|Apart(shelf)| shelf.clear());
    }
}

/// Only where it leads: what is kept is shown where it belongs, and would else be shown for each place.
impl<T: Leads> fmt::Debug for AtHand<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for kept in self.lanes.iter().flat_map(|Apart(shelf)| shelf.kept()) {
            list.entry(kept.destination());
        }
        list.finish()
    }
}
