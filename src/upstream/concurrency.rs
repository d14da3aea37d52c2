//! How many calls of one upstream may be under way at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::policy::Priority;

/// What stands for no limit.
const ANY_NUMBER: usize = 0;

/// The places for calls that are under way at once. Another policy may change their number while they
/// are taken and waited for.
#[derive(Debug)]
pub(crate) struct Concurrency {
    places: Arc<Semaphore>,
    /// So many calls at once, or [`ANY_NUMBER`].
    most: AtomicUsize,
    /// The places that there are. Without a limit they stay, for those who hold one.
    made: AtomicUsize,
    /// Of those, the ones that are taken and too many. Whoever gives one back takes it away.
    owed: AtomicUsize,
}

/// A place among the calls under way. Dropped, it is the next one's.
#[derive(Debug)]
pub(crate) struct Place {
    permit: Option<OwnedSemaphorePermit>,
    concurrency: Arc<Concurrency>,
}

impl Concurrency {
    pub(super) fn new(most: Option<u32>) -> Self {
        let concurrency = Self {
            places: Arc::new(Semaphore::new(0)),
            most: AtomicUsize::new(ANY_NUMBER),
            made: AtomicUsize::new(0),
            owed: AtomicUsize::new(0),
        };
        concurrency.apply(most);
        concurrency
    }

    /// So many from now on; `None`: any number. Calls that are under way count on, and those that hold a
    /// place too many keep it to their end. One at a time may change it.
    pub(super) fn apply(&self, most: Option<u32>) {
        let most = most.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        let most = most.map(|most| most.min(Semaphore::MAX_PERMITS));
        self.most.store(most.unwrap_or(ANY_NUMBER), Relaxed);
        let Some(most) = most else {
            return;
        };
        let made = self.made.swap(most, Relaxed);
        if let Some(more) = most.checked_sub(made) {
            self.places.add_permits(more - self.settle(more));
        } else {
            self.owed.fetch_add(made - most, Relaxed);
            self.take_away();
        }
    }

    /// Whether there is a limit.
    pub(crate) fn is_limited(&self) -> bool {
        self.most.load(Relaxed) != ANY_NUMBER
    }

    /// A place, if one is free and nobody waits for it. Background work leaves half of them to the
    /// foreground.
    pub(crate) fn try_take(self: &Arc<Self>, priority: Priority) -> Option<Place> {
        // Somebody may have given a place back in the moment in which it became too many.
        self.take_away();
        let is_spare = self.places.available_permits() > self.most.load(Relaxed) / 2;
        if priority == Priority::Background && !is_spare {
            return None;
        }
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Place::new(permit, self))
    }

    /// The next place that is given back, to those who wait for one in the order they came.
    pub(crate) fn wait(self: &Arc<Self>) -> impl Future<Output = Place> + Send + use<> {
        let concurrency = Arc::clone(self);
        async move {
            let permit = Arc::clone(&concurrency.places).acquire_owned().await;
            let permit = permit.expect("the places are never closed");
            Place::new(permit, &concurrency)
        }
    }

    /// Takes away what is free and too many.
    fn take_away(&self) {
        let owed = self.owed.load(Relaxed);
        if owed > 0 {
            let taken = self.places.forget_permits(owed);
            self.places.add_permits(taken - self.settle(taken));
        }
    }

    /// Of those owed, so many are taken away: how many there were.
    fn settle(&self, at_most: usize) -> usize {
        let fewer = |owed: usize| Some(owed - owed.min(at_most));
        let owed = self.owed.fetch_update(Relaxed, Relaxed, fewer);
        owed.map_or(0, |owed| owed.min(at_most))
    }
}

impl Place {
    fn new(permit: OwnedSemaphorePermit, concurrency: &Arc<Concurrency>) -> Self {
        Self {
            permit: Some(permit),
            concurrency: Arc::clone(concurrency),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take()
            && self.concurrency.settle(1) == 1
        {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many places as there are now.
    fn all(concurrency: &Arc<Concurrency>) -> Vec<Place> {
        std::iter::from_fn(|| concurrency.try_take(Priority::Foreground)).collect()
    }

    #[test]
    fn places_that_are_taken_away_are_gone_once_they_are_given_back() {
        let concurrency = Arc::new(Concurrency::new(Some(5)));
        let mut held = all(&concurrency);
        assert_eq!(held.len(), 5);
        concurrency.apply(Some(2));
        for left in (2..5).rev() {
            held.pop();
            assert_eq!(held.len(), left);
            assert!(all(&concurrency).is_empty(), "{left} are more than enough");
        }
        held.pop();
        assert_eq!(all(&concurrency).len(), 1);
    }

    #[test]
    fn free_places_are_gone_at_once_and_come_back_with_the_limit() {
        let concurrency = Arc::new(Concurrency::new(Some(5)));
        let held = concurrency.try_take(Priority::Foreground);
        for (most, free) in [(3, 2), (1, 0), (7, 6), (2, 1), (5, 4)] {
            concurrency.apply(Some(most));
            assert_eq!(all(&concurrency).len(), free, "of {most}");
        }
        drop(held);
        assert_eq!(all(&concurrency).len(), 5);
    }

    #[test]
    fn what_is_still_owed_is_made_good_by_a_higher_limit() {
        let concurrency = Arc::new(Concurrency::new(Some(4)));
        let held = all(&concurrency);
        concurrency.apply(Some(1));
        concurrency.apply(Some(6));
        assert_eq!(all(&concurrency).len(), 2);
        drop(held);
        assert_eq!(all(&concurrency).len(), 6);
    }

    #[test]
    fn whoever_holds_a_place_counts_on_while_there_is_no_limit() {
        let concurrency = Arc::new(Concurrency::new(Some(2)));
        let held = all(&concurrency);
        concurrency.apply(None);
        assert!(!concurrency.is_limited());
        concurrency.apply(Some(3));
        assert!(concurrency.is_limited());
        assert_eq!(all(&concurrency).len(), 1);
        drop(held);
        assert_eq!(all(&concurrency).len(), 3);
    }
}
