//! Whoever keeps upstreams at hand beside the map.

use std::fmt;
use std::sync::{Mutex, PoisonError, Weak};

/// Keeps upstreams at hand, and lets go of them when one has to be forgotten: it must not pass for a
/// call that uses them.
pub(crate) trait Remembers: Send + Sync {
    fn let_go(&self);
}

/// All who do.
#[derive(Default)]
pub(super) struct Remembering(Mutex<Vec<Weak<dyn Remembers>>>);

impl Remembering {
    pub(super) fn add(&self, one: Weak<dyn Remembers>) {
        self.lock().push(one);
    }

    pub(super) fn let_go(&self) {
        self.lock().retain(|one| {
            let one = one.upgrade();
            one.inspect(|one| one.let_go()).is_some()
        });
    }

    /// A list has no invariant that a panic elsewhere could break half-way.
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Weak<dyn Remembers>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Remembering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembering")
    }
}
