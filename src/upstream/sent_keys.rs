//! What this process remembers of the idempotency keys it has sent.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use http::Request;
use papaya::HashMap;

use super::key::KeyRef;
use crate::body::Replay;
use crate::policy::idempotency::{IdempotencyKey, KeyRefusal, Sent, may_send};

/// Keys remembered for certain; up to twice as many are. At ten payments a minute that is a day, as
/// long as most providers remember them.
const CAPACITY: usize = 16_384;

/// The keys that were sent, each with what was sent: without a lock, and bounded.
///
/// There are two generations. When the newer one is full, the older one is forgotten and takes its
/// place: whatever was used lately survives, and nobody has to keep a list of who was first.
#[derive(Debug)]
pub(crate) struct SentKeys {
    generations: [HashMap<u64, Sent>; 2],
    /// Counts the changes of generation; its lowest bit says which one is the newer.
    turns: AtomicUsize,
    turning: AtomicBool,
    capacity: usize,
    /// Made anew in each process: who chooses a business id cannot choose whose key it collides with.
    hasher: RandomState,
}

/// The use of a key by one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUse {
    key: u64,
    pub(crate) sent: Sent,
    /// Whether nothing was known of the key before.
    is_first: bool,
}

impl SentKeys {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            generations: [HashMap::new(), HashMap::new()],
            turns: AtomicUsize::new(0),
            turning: AtomicBool::new(false),
            capacity,
            hasher: RandomState::new(),
        }
    }

    /// The request, as one that is about to be sent with this key for the first time.
    pub(crate) fn describe<B: Replay>(
        &self,
        request: &Request<B>,
        key: &IdempotencyKey,
        expires: Instant,
    ) -> KeyUse {
        let (uri, mut body) = (request.uri(), self.hasher.build_hasher());
        let is_known = request.body().hash_bytes(&mut body);
        let sent = Sent {
            origin: self.hasher.hash_one(KeyRef::new(uri, None)),
            target: self.hasher.hash_one((request.method(), uri.path())),
            body: is_known.then(|| body.finish()),
            expires,
        };
        KeyUse {
            key: self.hasher.hash_one(key),
            sent,
            is_first: true,
        }
    }

    /// Remembers a key that is about to be sent, with the earliest end of its life that was ever
    /// named.
    ///
    /// # Errors
    ///
    /// [`KeyRefusal`]: the key is too old, or belongs to another request.
    pub(crate) fn remember(&self, key_use: KeyUse, now: Instant) -> Result<KeyUse, KeyRefusal> {
        // Whoever says when it was first sent may say that its life is over.
        may_send(&key_use.sent, &key_use.sent, now)?;
        self.make_room();
        let newer = self.newer().pin();
        let before = match self.known(key_use.key) {
            Some(before) => before,
            None => match newer.try_insert(key_use.key, key_use.sent) {
                Ok(_) => return Ok(key_use),
                // Another call was quicker by a moment.
                Err(known) => *known.current,
            },
        };
        may_send(&key_use.sent, &before, now)?;
        let sent = key_use.sent.after(&before);
        newer.insert(key_use.key, sent);
        Ok(KeyUse {
            sent,
            is_first: false,
            ..key_use
        })
    }

    /// The call was sent, or may have been: what was forgotten in the meantime is known again.
    pub(crate) fn keep(&self, key_use: KeyUse) {
        self.make_room();
        self.newer().pin().get_or_insert(key_use.key, key_use.sent);
    }

    /// The call was not sent. If it was the first with its key, the provider knows nothing of it,
    /// and another request may have it.
    pub(crate) fn forget(&self, key_use: KeyUse) {
        if key_use.is_first {
            for generation in &self.generations {
                generation.pin().remove(&key_use.key);
            }
        }
    }

    fn known(&self, key: u64) -> Option<Sent> {
        let in_newer = self.newer().pin().get(&key).copied();
        in_newer.or_else(|| self.older().pin().get(&key).copied())
    }

    fn newer(&self) -> &HashMap<u64, Sent> {
        &self.generations[self.turns.load(Ordering::Acquire) & 1]
    }

    fn older(&self) -> &HashMap<u64, Sent> {
        &self.generations[(self.turns.load(Ordering::Acquire) + 1) & 1]
    }

    /// Forgets the older generation when the newer one is full.
    fn make_room(&self) {
        if self.newer().len() < self.capacity || self.turning.swap(true, Ordering::Acquire) {
            return;
        }
        // Somebody may have turned in between.
        if self.newer().len() >= self.capacity {
            self.older().pin().clear();
            self.turns.fetch_add(1, Ordering::Release);
        }
        self.turning.store(false, Ordering::Release);
    }
}

#[cfg(test)]
#[path = "sent_keys_tests.rs"]
mod tests;
