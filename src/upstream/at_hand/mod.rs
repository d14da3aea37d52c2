//! What calls of one destination share, at hand where it was called before.

use std::array;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use foldhash::fast::RandomState;
use http::Uri;
use http::uri::Scheme;

use crate::lane::{self, Apart, LANES};

/// Places in each lane, on the two cache lines that a lane has anyway.
const PLACES: usize = 16;

/// Where a request goes, as it was written: whoever writes it otherwise goes elsewhere.
#[derive(Debug)]
pub(crate) struct Destination {
    is_http: bool,
    authority: Box<str>,
}

impl Destination {
    pub(crate) fn of(uri: &Uri) -> Self {
        Self {
            is_http: is_http(uri),
            authority: authority(uri).into(),
        }
    }

    fn is_of(&self, uri: &Uri) -> bool {
        authority(uri) == &*self.authority && is_http(uri) == self.is_http
    }

    /// Whether it holds a name or a password.
    fn tells_of_a_person(&self) -> bool {
        self.authority.as_bytes().contains(&b'@')
    }
}

/// What is kept for a destination.
pub(crate) trait Leads {
    fn destination(&self) -> &Destination;
}

/// What was made for the destinations that were called first. Each lane has its own, so that threads do not
/// meet where they count who holds it.
///
/// Most clients call one upstream, which is looked for first; each of the others has two places to choose
/// from, so that of ten some nine find one. Who has a place keeps it, as long as it is worth anything.
pub(crate) struct AtHand<T> {
    lanes: [Apart<[ArcSwapOption<T>; PLACES]>; LANES],
    hasher: RandomState,
}

impl<T> Default for AtHand<T> {
    fn default() -> Self {
        Self {
            lanes: array::from_fn(|_| Apart(array::from_fn(|_| ArcSwapOption::empty()))),
            hasher: RandomState::default(),
        }
    }
}

impl<T: Leads> AtHand<T> {
    /// What is kept for this URI, if it is still worth anything; or else where it may be kept, if there is
    /// room.
    pub(crate) fn find<'a>(
        &'a self,
        uri: &Uri,
        is_worth: impl Fn(&T) -> bool,
    ) -> Result<Arc<T>, Option<Room<'a, T>>> {
        let mut room = None;
        let mut look_into = |place: &'a ArcSwapOption<T>| {
            let kept = place.load();
            let Some(kept) = kept.as_ref().filter(|kept| is_worth(kept)) else {
                room = room.take().or(Some(Room(place)));
                return None;
            };
            kept.destination().is_of(uri).then(|| Arc::clone(kept))
        };
        let Apart([first, others @ ..]) = &self.lanes[lane::mine() % LANES];
        let found = look_into(first).or_else(|| {
            let [one, other] = self.choose(others, authority(uri));
            look_into(one).or_else(|| look_into(other))
        });
        found.ok_or(room)
    }

    /// Lets go of all.
    pub(crate) fn clear(&self) {
        let places = self.lanes.iter().flat_map(|Apart(places)| places);
        for place in places.filter(|place| place.load().is_some()) {
            place.store(None);
        }
    }

    fn choose<'a>(
        &self,
        places: &'a [ArcSwapOption<T>],
        authority: &str,
    ) -> [&'a ArcSwapOption<T>; 2] {
        let hash = self.hasher.hash_one(authority);
        [hash >> 32, hash & 0xffff_ffff].map(|half| &places[half as usize % places.len()])
    }
}

/// Only where it leads: what is kept is shown where it belongs, and would else be shown for each place.
impl<T: Leads> fmt::Debug for AtHand<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for place in self.lanes.iter().flat_map(|Apart(places)| places) {
            if let Some(kept) = place.load().as_ref() {
                list.entry(kept.destination());
            }
        }
        list.finish()
    }
}

/// A place that nobody has.
#[derive(Debug)]
pub(crate) struct Room<'a, T>(&'a ArcSwapOption<T>);

impl<T: Leads> Room<'_, T> {
    /// Kept at hand from now on. What tells of a person is kept nowhere.
    pub(crate) fn keep(self, made: Arc<T>) {
        if !made.destination().tells_of_a_person() {
            self.0.store(Some(made));
        }
    }
}

fn authority(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

fn is_http(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTP)
}
