//! The keys that were made here and have done their work.

use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use foldhash::quality::RandomState;

use crate::clock;
use crate::lane::{self, LANES};
use crate::policy::idempotency::Sent;

/// Keys that were made for one call each, and whose calls were answered.
///
/// Nobody else can have such a key before its call has ended, so there is nothing to compare and nothing
/// to count: it is written down once, by the thread that was answered, where it alone writes. Each has the
/// one place there that its hash says, and loses it to the next that has the same: no lock, no allocation,
/// no list of who was first. Whoever asks looks into each lane.
#[derive(Debug)]
pub(super) struct MadeKeys {
    lanes: [OnceLock<Box<[Place]>>; LANES],
    /// Places in each lane.
    capacity: usize,
    epoch: OnceLock<Instant>,
    seals: RandomState,
}

/// Words that belong together, and their seal. Nobody waits to write them, and nobody looks at what was
/// there: where two write at once, or one reads meanwhile, the seal is of other words, and what is read
/// is nothing. A cache line of its own, which is on its way while the call ends.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Place([AtomicU64; WORDS + 1]);

/// Key, origin, target, body, expiry.
const WORDS: usize = 5;

/// In the lowest bit of what is kept of the expiry: whether the body is known.
const KNOWN: u64 = 1;

impl MadeKeys {
    /// As many places in each lane as this, made when its first key is.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            lanes: [const { OnceLock::new() }; LANES],
            capacity,
            epoch: OnceLock::new(),
            seals: RandomState::default(),
        }
    }

    /// A key with this hash was sent with this.
    pub(super) fn remember(&self, key: u64, sent: &Sent) {
        self.write_down(self.places_here(), key, sent);
    }

    /// What a key with this hash was sent with.
    pub(super) fn sent_with(&self, key: u64) -> Option<Sent> {
        let epoch = self.epoch.get()?;
        let lanes = self.lanes.iter().filter_map(OnceLock::get);
        let places = lanes.filter_map(|places| place(places, key));
        let words = places.map(Place::read).find(|&(words, seal)| {
            let [holder, ..] = words;
            holder == key && seal == self.seal(words)
        });
        let ([_, origin, target, body, expires], _) = words?;
        Some(Sent {
            origin,
            target,
            body: (expires & KNOWN != 0).then_some(body),
            expires: *epoch + Duration::from_nanos(expires & !KNOWN),
        })
    }

    fn write_down(&self, places: &[Place], key: u64, sent: &Sent) {
        // What has expired by the time at which the first is answered counts as expiring then: as over.
        let epoch = *self.epoch.get_or_init(clock::now);
        let Some(place) = place(places, key) else {
            return;
        };
        let ahead = sent.expires.saturating_duration_since(epoch).as_nanos();
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX) & !KNOWN;
        let known = if sent.body.is_some() { KNOWN } else { 0 };
        let body = sent.body.unwrap_or_default();
        let words = [key, sent.origin, sent.target, body, ahead | known];
        place.write(words, self.seal(words));
    }

    fn places_here(&self) -> &[Place] {
        let places = || (0..self.capacity).map(|_| Place::default()).collect();
        self.lanes[lane::mine() % LANES].get_or_init(places)
    }

    fn seal(&self, words: [u64; WORDS]) -> u64 {
        let mut seal = self.seals.build_hasher();
        for word in words {
            seal.write_u64(word);
        }
        seal.finish()
    }
}

fn place(places: &[Place], key: u64) -> Option<&Place> {
    let number = usize::try_from(key).unwrap_or(usize::MAX);
    places.get(number.checked_rem(places.len())?)
}

impl Place {
    fn write(&self, words: [u64; WORDS], seal: u64) {
        for (place, word) in self.0.iter().zip(words.into_iter().chain([seal])) {
            place.store(word, Relaxed);
        }
    }

    fn read(&self) -> ([u64; WORDS], u64) {
        let [words @ .., seal] = &self.0;
        (
            words.each_ref().map(|word| word.load(Relaxed)),
            seal.load(Relaxed),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::atomic::AtomicBool;
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
    fn what_two_have_written_each_in_part_is_nothing() {
        let (keys, now) = (MadeKeys::new(1), start());
        for torn in 0..=WORDS {
            keys.remember(2, &sent(2, now));
            let word = &keys.places_here()[0].0[torn];
            let before = word.load(Relaxed);
            keys.remember(2, &sent(7, now));
            let differs = word.load(Relaxed) != before;
            word.store(before, Relaxed);
            assert_eq!(keys.sent_with(2).is_none(), differs, "word {torn}");
        }
    }

    #[test]
    fn what_any_thread_has_written_each_may_read() {
        let (keys, now) = (MadeKeys::new(8), start());
        let numbers = || 1..=LANES as u64;
        let lanes = thread::scope(|scope| {
            // All in the one place of their lane.
            let threads: Vec<_> = numbers()
                .map(|number| {
                    let keys = &keys;
                    scope.spawn(move || {
                        keys.remember(8 * number, &sent(number, now));
                        lane::mine()
                    })
                })
                .collect();
            let lanes = threads.into_iter().map(|thread| thread.join().unwrap());
            lanes.collect::<HashSet<_>>()
        });
        let known = numbers().filter(|&number| same(keys.sent_with(8 * number), sent(number, now)));
        assert_eq!(known.count(), lanes.len());
    }

    #[test]
    fn whoever_reads_while_others_write_reads_the_words_of_one_of_them() {
        let (keys, now, is_over) = (MadeKeys::new(1), start(), AtomicBool::new(false));
        // More threads than lanes share them.
        let places = keys.places_here();
        thread::scope(|scope| {
            for number in [2, 4] {
                let (keys, is_over, sent) = (&keys, &is_over, sent(number, now));
                scope.spawn(move || {
                    while !is_over.load(Relaxed) {
                        keys.write_down(places, number, &sent);
                    }
                });
            }
            let mut found = Vec::new();
            while found.len() < 1_000 {
                for number in [2, 4] {
                    let read = keys.sent_with(number);
                    found.extend(read.map(|read| (number, read)));
                }
            }
            is_over.store(true, Relaxed);
            for (number, read) in found {
                assert!(same(Some(read), sent(number, now)), "{number}: {read:?}");
            }
        });
    }
}
