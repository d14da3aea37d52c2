//! Whoever wants to be told.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Event, log};
use crate::upstream::WeakUpstreams;

/// Is told of every event, on the task where it happens.
///
/// It is called with no lock held, so it may look at the upstreams, act on them and make calls of its
/// own. It has to be quick: a call waits for it. Count, or send to a channel; do not block. An event may
/// be told a moment after the state has moved on.
///
/// Should it panic, that is written to the log at ERROR; the others are told all the same, and the call
/// goes on.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use seawall::event::{Event, Observer};
/// use seawall::{Policy, Upstreams};
///
/// #[derive(Default)]
/// struct Refused(AtomicU64);
///
/// impl Observer for Refused {
///     fn observe(&self, event: &Event<'_>) {
///         if let Event::CallRefused { .. } = event {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let refused = Arc::new(Refused::default());
/// let upstreams = Upstreams::builder(Policy::external()).observer(refused.clone()).build();
/// ```
pub trait Observer: Send + Sync + 'static {
    /// This has happened.
    fn observe(&self, event: &Event<'_>);

    /// These upstreams will tell of their events from now on: once for each client or
    /// [`Upstreams`](crate::Upstreams) that it is given to. Whoever wraps another observer hands it on.
    fn attached(&self, upstreams: &WeakUpstreams) {
        let _ = upstreams;
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn observe(&self, event: &Event<'_>) {
        (**self).observe(event);
    }

    fn attached(&self, upstreams: &WeakUpstreams) {
        (**self).attached(upstreams);
    }
}

/// All of them, the log first.
#[derive(Clone, Default)]
pub(crate) struct Observers(Arc<[Arc<dyn Observer>]>);

impl Observers {
    pub(crate) fn tell(&self, event: &Event<'_>) {
        log::write(event);
        for observer in &*self.0 {
            // Whoever watches a payment must not end it, nor keep its permit from being given back.
            let told = catch_unwind(AssertUnwindSafe(|| observer.observe(event)));
            if told.is_err() {
                log::observer_panicked(event);
            }
        }
    }

    pub(crate) fn attach(&self, upstreams: &WeakUpstreams) {
        for observer in &*self.0 {
            observer.attached(upstreams);
        }
    }
}

impl FromIterator<Arc<dyn Observer>> for Observers {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Observer>>>(observers: I) -> Self {
        Self(observers.into_iter().collect())
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} observers", self.0.len())
    }
}
