//! The keys that were made here and have done their work.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::{Duration, Instant};

use crate::clock;
use crate::policy::idempotency::Sent;

/// Keys that were made for one call each, and whose calls were answered.
///
/// Nobody else can have such a key before its call has ended, so there is nothing to compare and nothing
/// to count: it is written down once. Each has the one place that its hash says, and loses it to the next
/// that has the same: no lock, no allocation, no list of who was first.
#[derive(Debug)]
pub(super) struct MadeKeys {
    places: OnceLock<Box<[Place]>>,
    capacity: usize,
    epoch: OnceLock<Instant>,
}

/// Words that belong together. The version is odd while they are written: who reads then, or finds
/// another version afterwards, has read nothing.
#[derive(Debug, Default)]
struct Place {
    version: AtomicU64,
    key: AtomicU64,
    origin: AtomicU64,
    target: AtomicU64,
    body: AtomicU64,
    expires: AtomicU64,
}

/// In the lowest bit of what is kept of the expiry: whether the body is known.
const KNOWN: u64 = 1;

impl MadeKeys {
    /// As many places as this, made when the first key is.
    pub(super) const fn new(capacity: usize) -> Self {
        Self {
            places: OnceLock::new(),
            capacity,
            epoch: OnceLock::new(),
        }
    }

    /// A key with this hash was sent with this.
    pub(super) fn remember(&self, key: u64, sent: &Sent) {
        // What has expired by the time at which the first is answered counts as expiring then: as over.
        let epoch = *self.epoch.get_or_init(clock::now);
        let places = self
            .places
            .get_or_init(|| (0..self.capacity).map(|_| Place::default()).collect());
        let Some(place) = place(places, key) else {
            return;
        };
        let ahead = sent.expires.saturating_duration_since(epoch).as_nanos();
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX) & !KNOWN;
        let known = if sent.body.is_some() { KNOWN } else { 0 };
        let body = sent.body.unwrap_or_default();
        place.write([key, sent.origin, sent.target, body, ahead | known]);
    }

    /// What a key with this hash was sent with.
    pub(super) fn sent_with(&self, key: u64) -> Option<Sent> {
        let epoch = self.epoch.get()?;
        let [holder, origin, target, body, expires] = place(self.places.get()?, key)?.read()?;
        (holder == key).then_some(Sent {
            origin,
            target,
            body: (expires & KNOWN != 0).then_some(body),
            expires: *epoch + Duration::from_nanos(expires & !KNOWN),
        })
    }
}

fn place(places: &[Place], key: u64) -> Option<&Place> {
    let number = usize::try_from(key).unwrap_or(usize::MAX);
    places.get(number.checked_rem(places.len())?)
}

impl Place {
    /// Of two who write at once the later one leaves it: either may have the place.
    fn write(&self, words: [u64; 5]) {
        let version = self.version.load(Ordering::Relaxed);
        let is_free = version.is_multiple_of(2);
        let begins = || {
            let (acquire, relaxed) = (Ordering::Acquire, Ordering::Relaxed);
            let begun = version.wrapping_add(1);
            self.version
                .compare_exchange(version, begun, acquire, relaxed)
                .is_ok()
        };
        if !is_free || !begins() {
            return;
        }
        // No word is seen before the odd version is.
        fence(Ordering::Release);
        for (place, word) in self.words().into_iter().zip(words) {
            place.store(word, Ordering::Relaxed);
        }
        self.version
            .store(version.wrapping_add(2), Ordering::Release);
    }

    fn read(&self) -> Option<[u64; 5]> {
        let before = self.version.load(Ordering::Acquire);
        let words = self.words().map(|word| word.load(Ordering::Relaxed));
        // No word is read after the version is looked at again.
        fence(Ordering::Acquire);
        let after = self.version.load(Ordering::Relaxed);
        let is_whole = before == after && before.is_multiple_of(2) && before != 0;
        is_whole.then_some(words)
    }

    fn words(&self) -> [&AtomicU64; 5] {
        let Self {
            version: _,
            key,
            origin,
            target,
            body,
            expires,
        } = self;
        [key, origin, target, body, expires]
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::policy::test_clock::start;

    /// To the nanosecond that is kept.
    fn same(read: Option<Sent>, sent: Sent) -> bool {
        read.is_some_and(|read| {
            let late = sent.expires.saturating_duration_since(read.expires);
            let never_later = read.expires <= sent.expires;
            never_later
                && late <= Duration::from_nanos(1)
                && Sent {
                    expires: sent.expires,
                    ..read
                } == sent
        })
    }

    fn sent(number: u64, now: Instant) -> Sent {
        Sent {
            origin: number,
            target: number + 1,
            body: number.is_multiple_of(2).then_some(number + 2),
            expires: now + Duration::from_secs(number),
        }
    }

    #[test]
    fn what_was_sent_with_a_key_is_remembered_and_of_other_keys_nothing() {
        let (keys, now) = (MadeKeys::new(8), start());
        assert_eq!(keys.sent_with(3), None);
        keys.remember(3, &sent(3, now));
        keys.remember(4, &sent(4, now));
        assert!(same(keys.sent_with(3), sent(3, now)));
        assert!(same(keys.sent_with(4), sent(4, now)));
        assert_eq!(keys.sent_with(11), None, "which has the same place as 3");
    }

    #[test]
    fn the_next_one_of_the_same_place_takes_it() {
        let (keys, now) = (MadeKeys::new(8), start());
        keys.remember(3, &sent(3, now));
        keys.remember(11, &sent(11, now));
        assert_eq!(keys.sent_with(3), None);
        assert!(same(keys.sent_with(11), sent(11, now)));
    }

    #[test]
    fn it_is_never_taken_to_live_longer_than_it_does() {
        let (keys, now) = (MadeKeys::new(8), start() + Duration::from_secs(60));
        keys.remember(1, &sent(1, now));
        for nanos in 0..8 {
            for body in [None, Some(5)] {
                let expires = now + Duration::from_nanos(nanos);
                let before = Sent {
                    body,
                    expires,
                    ..sent(2, now)
                };
                keys.remember(2, &before);
                let read = keys.sent_with(2).unwrap();
                assert_eq!(read.body, body);
                assert!(
                    read.expires <= expires && read.expires + Duration::from_nanos(1) >= expires
                );
            }
        }
        // Centuries are more than is kept of them.
        let ages = Sent {
            expires: now + Duration::from_secs(1 << 35),
            ..sent(2, now)
        };
        keys.remember(2, &ages);
        assert!(keys.sent_with(2).unwrap().expires <= ages.expires);
    }

    #[test]
    fn without_places_nothing_is_remembered() {
        let (keys, now) = (MadeKeys::new(0), start());
        keys.remember(3, &sent(3, now));
        assert_eq!(keys.sent_with(3), None);
    }

    #[test]
    fn whoever_reads_while_others_write_reads_the_words_of_one_of_them() {
        let (keys, now) = (MadeKeys::new(1), start());
        thread::scope(|scope| {
            for number in [2, 4] {
                let (keys, sent) = (&keys, sent(number, now));
                scope.spawn(move || (0..20_000).for_each(|_| keys.remember(number, &sent)));
            }
            let mut found = 0;
            while found < 1_000 {
                for number in [2, 4] {
                    if let Some(read) = keys.sent_with(number) {
                        let expected = sent(number, now);
                        assert_eq!(
                            (read.origin, read.target, read.body),
                            (expected.origin, expected.target, expected.body)
                        );
                        found += 1;
                    }
                }
            }
        });
    }
}
