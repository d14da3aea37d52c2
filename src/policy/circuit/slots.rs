//! When a refused call may come again: one slot each, so that a backlog comes back as a stream and
//! not as a wave.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

use crate::policy::backoff::between;

/// Keys whose slots are remembered. Beyond this a returning call just gets a new slot.
const REMEMBERED: usize = 16_384;

/// How often a full memory is searched for slots that have passed.
const SWEEP: Duration = Duration::from_secs(1);

/// The slots behind an outage.
#[derive(Debug, Default)]
pub(super) struct Slots {
    next: Option<Instant>,
    by_key: HashMap<u64, Instant>,
    swept_at: Option<Instant>,
}

/// The span in which slots are given out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The end of the break or gate; a slot that was kept from before it is void.
    pub(super) reopens: Instant,
    /// No slot is before this.
    pub(super) from: Instant,
    /// No slot is after this.
    pub(super) until: Instant,
    /// The distance between two slots: one call at the normal rate.
    pub(super) spacing: Duration,
}

impl Slots {
    /// The slot of a call. The same key keeps its slot until that has passed.
    ///
    /// Slots are `spacing` apart; when the span is full they are drawn from it at random.
    pub(super) fn assign(
        &mut self,
        now: Instant,
        span: Span,
        key: Option<u64>,
        unit: f64,
    ) -> Instant {
        let Some(key) = key else {
            return next_slot(&mut self.next, span, unit);
        };
        self.make_room(now);
        let has_room = self.by_key.len() < REMEMBERED;
        match self.by_key.entry(key) {
            Entry::Occupied(kept) if *kept.get() > now && *kept.get() >= span.reopens => {
                *kept.get()
            }
            Entry::Occupied(mut kept) => {
                kept.insert(next_slot(&mut self.next, span, unit));
                *kept.get()
            }
            Entry::Vacant(place) => {
                let slot = next_slot(&mut self.next, span, unit);
                if has_room {
                    place.insert(slot);
                }
                slot
            }
        }
    }

    /// A new outage has a row of its own, whatever was given out before it.
    pub(super) fn start_row(&mut self) {
        self.next = None;
    }

    /// What was given out for an outage that is over says nothing about the next.
    pub(super) fn clear(&mut self) {
        self.next = None;
        self.by_key.clear();
    }

    fn make_room(&mut self, now: Instant) {
        let is_full = self.by_key.len() >= REMEMBERED;
        if is_full && self.swept_at.is_none_or(|swept_at| now >= swept_at + SWEEP) {
            self.by_key.retain(|_, slot| *slot > now);
            self.swept_at = Some(now);
        }
    }
}

/// The next one in the row, or one at random when the span is full.
fn next_slot(row: &mut Option<Instant>, span: Span, unit: f64) -> Instant {
    let next = row.map_or(span.from, |next| next.max(span.from));
    if next <= span.until {
        *row = next.checked_add(span.spacing);
        return next;
    }
    let width = span.until.saturating_duration_since(span.from);
    span.from + between(Duration::ZERO, width, unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::test_clock;

    fn span(start: Instant, from: u64, until: u64) -> Span {
        Span {
            reopens: start + Duration::from_secs(from),
            from: start + Duration::from_secs(from),
            until: start + Duration::from_secs(until),
            spacing: Duration::from_secs(2),
        }
    }

    #[test]
    fn refused_calls_come_back_one_at_a_time() {
        let start = test_clock::start();
        let mut slots = Slots::default();
        let at: Vec<u64> = (0..4)
            .map(|key| slots.assign(start, span(start, 100, 160), Some(key), 0.5))
            .map(|slot| (slot - start).as_secs())
            .collect();
        assert_eq!(at, [100, 102, 104, 106]);
    }

    #[test]
    fn the_same_key_keeps_its_slot_until_it_has_passed() {
        let start = test_clock::start();
        let mut slots = Slots::default();
        let first = slots.assign(start, span(start, 100, 160), Some(7), 0.5);
        slots.assign(start, span(start, 100, 160), Some(8), 0.5);
        assert_eq!(
            slots.assign(start, span(start, 100, 160), Some(7), 0.5),
            first
        );
        let later = first + Duration::from_secs(1);
        assert!(slots.assign(later, span(start, 101, 160), Some(7), 0.5) > later);
    }

    #[test]
    fn a_slot_that_the_gate_has_moved_past_is_given_anew() {
        let start = test_clock::start();
        let mut slots = Slots::default();
        let first = slots.assign(start, span(start, 100, 160), Some(7), 0.5);
        let moved = span(start, 500, 560);
        assert!(slots.assign(start, moved, Some(7), 0.5) >= moved.from.max(first));
    }

    #[test]
    fn past_the_end_slots_are_random_within_the_span_and_never_later() {
        let start = test_clock::start();
        let mut slots = Slots::default();
        let narrow = span(start, 100, 160);
        (0..31).for_each(|key| {
            slots.assign(start, narrow, Some(key), 0.5);
        });
        for unit in [0.0, 0.25, 0.999] {
            let slot = slots.assign(start, narrow, None, unit);
            assert!(slot >= narrow.from && slot <= narrow.until);
        }
        assert_ne!(
            slots.assign(start, narrow, None, 0.1),
            slots.assign(start, narrow, None, 0.9)
        );
    }

    #[test]
    fn memory_is_bounded() {
        let start = test_clock::start();
        let mut slots = Slots::default();
        for key in 0..3 * REMEMBERED as u64 {
            slots.assign(start, span(start, 100, 160), Some(key), 0.5);
        }
        assert_eq!(slots.by_key.len(), REMEMBERED);
    }

    #[test]
    fn a_key_whose_slot_is_void_keeps_its_new_one_though_no_other_finds_room() {
        let start = test_clock::start();
        let mut slots = Slots::default();
        for key in 0..=REMEMBERED as u64 {
            slots.assign(start, span(start, 100, 160), Some(key), 0.5);
        }
        let later = span(start, 200, 900);
        let moved = slots.assign(start, later, Some(0), 0.5);
        assert_eq!(slots.assign(start, later, Some(0), 0.5), moved);
        let newcomer = Some(REMEMBERED as u64);
        let first = slots.assign(start, later, newcomer, 0.5);
        assert_ne!(slots.assign(start, later, newcomer, 0.5), first);
    }
}
