//! Whoever keeps upstreams at hand beside the map.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

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
        let mut all = self.lock();
        // Whoever makes a layer for each call leaves no trace of it.
        if all.len() == all.capacity() {
            all.retain(|one| one.strong_count() > 0);
        }
        all.push(one);
    }

    pub(super) fn let_go(&self) {
        // Nothing is locked any more when they let go: it may be the end of one of them, and of what it
        // holds.
        for one in self.remaining() {
            one.let_go();
        }
    }

    fn remaining(&self) -> Vec<Arc<dyn Remembers>> {
        let mut all = self.lock();
        all.retain(|one| one.strong_count() > 0);
        all.iter().filter_map(Weak::upgrade).collect()
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct One(AtomicUsize);

    impl Remembers for One {
        fn let_go(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn weak(one: &Arc<One>) -> Weak<dyn Remembers> {
        let one: Arc<dyn Remembers> = Arc::clone(one) as _;
        Arc::downgrade(&one)
    }

    #[test]
    fn of_those_who_are_gone_nothing_gathers() {
        let (remembering, stays) = (Remembering::default(), Arc::new(One::default()));
        remembering.add(weak(&stays));
        for _ in 0..1_000 {
            remembering.add(weak(&Arc::default()));
        }
        assert!(remembering.lock().capacity() < 10);
        remembering.let_go();
        assert_eq!(stays.0.load(Ordering::Relaxed), 1);
        assert_eq!(remembering.lock().len(), 1);
    }

    /// It has more to do with upstreams as it goes.
    struct Leaving(Arc<Remembering>, Mutex<Option<Arc<Leaving>>>);

    impl Remembers for Leaving {
        /// Its last owner lets go of it meanwhile.
        fn let_go(&self) {
            drop(self.1.lock().unwrap().take());
        }
    }

    impl Drop for Leaving {
        fn drop(&mut self) {
            assert!(self.0.0.try_lock().is_ok());
        }
    }

    #[test]
    fn whoever_goes_meanwhile_finds_nothing_locked() {
        let remembering = Arc::new(Remembering::default());
        let leaving = Arc::new(Leaving(Arc::clone(&remembering), Mutex::default()));
        *leaving.1.lock().unwrap() = Some(Arc::clone(&leaving));
        let whom: Arc<dyn Remembers> = leaving;
        remembering.add(Arc::downgrade(&whom));
        drop(whom);
        remembering.let_go();
        remembering.let_go();
        assert!(remembering.lock().is_empty());
    }
}
