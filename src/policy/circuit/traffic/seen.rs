//! Keys that tell a new call from one that comes again.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Keys remembered; more than that in five minutes are an upstream whose rate hardly depends on those
/// that come again.
const KEYS: usize = 1024;

/// The first key, by its hash: it needs no room. Zero: none so far.
#[derive(Debug)]
pub(super) struct FirstKey(AtomicU64);

/// Those that came after it, of late.
#[derive(Debug, Default)]
pub(super) struct MoreKeys(OnceLock<Box<[AtomicU64]>>);

impl FirstKey {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Whether this key was not among them. Now it is.
    pub(super) fn is_new<'a>(&self, key: u64, more: impl FnOnce() -> &'a MoreKeys) -> bool {
        let key = key.max(1);
        let first = match self.0.load(Relaxed) {
            0 => self.0.compare_exchange(0, key, Relaxed, Relaxed),
            first => Err(first),
        };
        match first {
            Ok(_) => true,
            Err(first) if first == key => false,
            Err(_) => more().is_new(key),
        }
    }
}

impl MoreKeys {
    fn is_new(&self, key: u64) -> bool {
        let keys = || (0..KEYS).map(|_| AtomicU64::new(0)).collect();
        let keys = self.0.get_or_init(keys);
        keys[key as usize % KEYS].swap(key, Relaxed) != key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once() {
        let (first, more) = (FirstKey::new(), MoreKeys::default());
        for key in [7, 8, 9] {
            assert!(first.is_new(key, || &more), "{key}");
        }
        for key in [7, 8, 9] {
            assert!(!first.is_new(key, || &more), "{key}");
        }
    }

    #[test]
    fn the_first_key_needs_no_room() {
        let (first, more) = (FirstKey::new(), MoreKeys::default());
        assert!(first.is_new(0, || unreachable!()) && !first.is_new(0, || unreachable!()));
        assert!(first.is_new(2, || &more) && more.0.get().is_some());
    }
}
