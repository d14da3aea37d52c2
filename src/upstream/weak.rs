//! Upstreams that somebody watches without keeping them.

use std::sync::{Arc, Weak};

use super::Upstreams;
use super::registry::Shared;

/// [`Upstreams`], held so that they can go: for an observer that looks at them now and then.
///
/// ```
/// use seawall::{Policy, Upstreams};
///
/// let upstreams = Upstreams::new(Policy::external());
/// let watched = upstreams.downgrade();
/// assert!(watched.upgrade().is_some());
/// drop(upstreams);
/// assert!(watched.upgrade().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct WeakUpstreams {
    shared: Weak<Shared>,
}

impl WeakUpstreams {
    /// The upstreams, if a client, a layer or a call still holds them.
    #[must_use]
    pub fn upgrade(&self) -> Option<Upstreams> {
        let shared = self.shared.upgrade()?;
        Some(Upstreams { shared })
    }
}

impl Upstreams {
    /// The same, held so that they can go.
    #[must_use]
    pub fn downgrade(&self) -> WeakUpstreams {
        let shared = Arc::downgrade(&self.shared);
        WeakUpstreams { shared }
    }
}
