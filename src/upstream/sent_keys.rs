//! What this process remembers of the idempotency keys it has sent.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use foldhash::quality::RandomState;
use http::{Method, Request, Uri};
use papaya::{HashMap, Operation};

use super::key::KeyRef;
use super::made_keys::MadeKeys;
use crate::body::Replay;
use crate::policy::Delivery;
use crate::policy::idempotency::{History, KeyRefusal, Sent, may_send};

/// Keys remembered for certain; up to twice as many are. At ten payments a minute that is a day, as
/// long as many providers remember them.
const CAPACITY: usize = 16_384;

/// Keys remembered in each lane that were made here, and answered. They are seldom asked for, and written
/// on every healthy call: 64 KiB stay near the processor, where more would have to be waited for.
const MADE: usize = 1_024;

/// The keys that were sent, each with what became of it: without a lock, and bounded.
///
/// There are two generations. When the newer one is full, the older one is forgotten and takes its
/// place: whatever was used lately survives, and nobody has to keep a list of who was first.
#[derive(Debug)]
pub(crate) struct SentKeys {
    generations: [HashMap<u64, History>; 2],
    made: MadeKeys,
    /// Counts the changes of generation; its lowest bit says which one is the newer.
    turns: AtomicUsize,
    turning: AtomicBool,
    capacity: usize,
    /// Of requests, which are only ever held against others with the same key.
    hasher: RandomState,
}

/// What a key is held against: the request that it is sent with.
pub(crate) struct Sending<'a, B> {
    pub(crate) method: &'a Method,
    /// As [`SentKeys::origin_of`] says it.
    pub(crate) origin: u64,
    /// Path and query; empty if there is neither.
    pub(crate) target: &'a [u8],
    pub(crate) body: &'a B,
}

impl<'a, B> Sending<'a, B> {
    pub(crate) fn of(request: &'a Request<B>, keys: &SentKeys) -> Self {
        let (uri, body) = (request.uri(), request.body());
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        Self {
            method: request.method(),
            origin: keys.origin_of(uri),
            target: target.as_bytes(),
            body,
        }
    }
}

/// The use of a key by one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUse {
    key: u64,
    sent: Sent,
    sent_before: bool,
}

impl SentKeys {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            generations: [HashMap::new(), HashMap::new()],
            made: MadeKeys::new(capacity.min(MADE)),
            turns: AtomicUsize::new(0),
            turning: AtomicBool::new(false),
            capacity,
            hasher: RandomState::default(),
        }
    }

    /// The origin of this URI, as keys are told of it.
    pub(crate) fn origin_of(&self, uri: &Uri) -> u64 {
        self.hasher.hash_one(KeyRef::new(uri, None))
    }

    /// A request, as one that is sent with the key of this hash. `sent_before`: by an earlier process, as the
    /// caller says.
    pub(crate) fn describe<B: Replay>(
        &self,
        sending: &Sending<'_, B>,
        key: u64,
        expires: Instant,
        sent_before: bool,
    ) -> KeyUse {
        let Sending {
            method,
            origin,
            target,
            body,
        } = *sending;
        let mut hasher = self.hasher.build_hasher();
        let is_known = body.hash_bytes(&mut hasher);
        let sent = Sent {
            origin,
            target: self.hasher.hash_one((method, target)),
            body: is_known.then(|| hasher.finish()),
            expires,
        };
        KeyUse {
            key,
            sent,
            sent_before,
        }
    }

    /// Remembers that a key is about to be sent, and tells what became of it before.
    ///
    /// # Errors
    ///
    /// [`KeyRefusal`]: the key is too old, or belongs to another request.
    pub(crate) fn begin(&self, key_use: &KeyUse, now: Instant) -> Result<History, KeyRefusal> {
        let KeyUse {
            key,
            sent,
            sent_before,
        } = *key_use;
        // Whoever says when it was first sent may say that its life is over.
        may_send(&sent, &sent, now)?;
        self.make_room();
        let known = self.known(key);
        let mut outcome = Ok(History::begin(sent, sent_before));
        // In one step, so that of two calls that begin at once each knows of the other. A key that is
        // refused is remembered as well: used again and again, it must not be forgotten for others.
        self.newer().pin().compute(key, |entry| {
            let before = entry.map(|(_, history)| *history).or(known);
            outcome = before.map_or_else(
                || Ok(History::begin(sent, sent_before)),
                |before| before.go_on(&sent, sent_before, now),
            );
            match (&outcome, before) {
                (Ok(history), _) => Operation::Insert::<_, ()>(*history),
                (Err(_), Some(before)) => Operation::Insert(before),
                (Err(_), None) => Operation::Abort(()),
            }
        });
        outcome
    }

    /// A call with this key has ended so; `None`: it was dropped.
    pub(crate) fn end(&self, key_use: &KeyUse, delivery: Option<Delivery>) {
        self.make_room();
        let known = self.known(key_use.key);
        let mut is_over = false;
        self.newer().pin().compute(key_use.key, |entry| {
            let before = entry.map(|(_, history)| *history).or(known);
            // What was forgotten in the meantime is known again.
            let before = before.unwrap_or(History::begin(key_use.sent, key_use.sent_before));
            let after = before.end(delivery);
            is_over = after.is_none();
            match (after, entry) {
                (Some(history), _) => Operation::Insert::<_, ()>(history),
                (None, Some(_)) => Operation::Remove,
                (None, None) => Operation::Abort(()),
            }
        });
        if is_over {
            self.older().pin().remove(&key_use.key);
        }
    }

    /// The one call with this key, which was made for it, has been answered.
    pub(crate) fn made_key_answered(&self, key_use: &KeyUse) {
        self.made.remember(key_use.key, &key_use.sent);
    }

    fn known(&self, key: u64) -> Option<History> {
        let in_newer = self.newer().pin().get(&key).copied();
        in_newer
            .or_else(|| self.older().pin().get(&key).copied())
            .or_else(|| self.known_as_made(key))
    }

    fn known_as_made(&self, key: u64) -> Option<History> {
        let sent = self.made.sent_with(key)?;
        History::begin(sent, false).end(Some(Delivery::Done))
    }

    fn newer(&self) -> &HashMap<u64, History> {
        &self.generations[self.turns.load(Ordering::Acquire) & 1]
    }

    fn older(&self) -> &HashMap<u64, History> {
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
