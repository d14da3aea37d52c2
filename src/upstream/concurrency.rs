//! How many calls of one upstream may be under way at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::policy::Priority;

/// A place among the calls under way. Dropped, it is the next one's.
pub(crate) type Place = OwnedSemaphorePermit;

/// The places for calls that are under way at once.
#[derive(Debug)]
pub(crate) struct Concurrency {
    places: Arc<Semaphore>,
    most: usize,
}

impl Concurrency {
    pub(super) fn new(most: u32) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let most = most.min(Semaphore::MAX_PERMITS);
        Self {
            places: Arc::new(Semaphore::new(most)),
            most,
        }
    }

    /// A place, if one is free and nobody waits for it. Background work leaves half of them to the
    /// foreground.
    pub(crate) fn try_take(&self, priority: Priority) -> Option<Place> {
        let is_spare = self.places.available_permits() > self.most / 2;
        if priority == Priority::Background && !is_spare {
            return None;
        }
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// The next place that is given back, to those who wait for one in the order they came.
    pub(crate) fn wait(&self) -> impl Future<Output = Place> + Send + use<> {
        let places = Arc::clone(&self.places);
        async move {
            let place = places.acquire_owned().await;
            place.expect("the places are never closed")
        }
    }
}
