//! The times in which an operator keeps calls away.

use std::time::Instant;

use crate::policy::{Reason, retry_after};

/// More than these by one author for one upstream are a mistake, and would have to be looked through.
pub const MOST_PLANNED: usize = 64;

/// A time in which an operator keeps every call away.
#[derive(Clone, Debug, PartialEq)]
pub struct Maintenance {
    /// Its beginning.
    pub from: Instant,
    /// Its end; calls come back a little later, spread.
    pub until: Instant,
    /// Why.
    pub reason: Reason,
    /// Whether it was planned, or decided for at once.
    pub planned: bool,
    /// Who has decided.
    pub author: Author,
}

/// Who has decided: nobody takes back what somebody else wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A person or a program with the handle.
    Handle,
    /// A file, by its number.
    File(u64),
}

/// One of these times, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) plan: Maintenance,
    /// Its end with its jitter, drawn once.
    pub(super) ends: Instant,
    begun: bool,
}

/// All of them. Whatever has begun holds the circuit open.
#[derive(Debug, Default)]
pub(super) struct Windows(Vec<Window>);

impl Windows {
    /// One that is over already is no news. `false`: there is no room for it.
    pub(super) fn add(&mut self, now: Instant, plan: Maintenance, unit: f64) -> bool {
        let length = plan.until.saturating_duration_since(plan.from);
        if plan.until <= now || length.is_zero() {
            return true;
        }
        let by_author = |window: &&Window| window.plan.author == plan.author;
        if self.0.iter().filter(by_author).count() >= MOST_PLANNED {
            return false;
        }
        let ends = plan.from + retry_after::spread(length, unit);
        self.0.push(Window {
            plan,
            ends,
            begun: false,
        });
        true
    }

    /// Begins the first that is due: when it was to begin, and its end.
    pub(super) fn begin_next(&mut self, now: Instant) -> Option<(Instant, Instant)> {
        let due = |window: &&mut Window| !window.begun && window.plan.from <= now;
        let due = self.0.iter_mut().filter(due);
        let window = due.min_by_key(|window| window.plan.from)?;
        window.begun = true;
        Some((window.plan.from, window.ends))
    }

    pub(super) fn forget_ended(&mut self, now: Instant) {
        self.0.retain(|window| !window.begun || window.ends > now);
    }

    pub(super) fn drop_begun(&mut self) {
        self.0.retain(|window| !window.begun);
    }

    pub(super) fn drop_unplanned(&mut self, author: Author) {
        self.0
            .retain(|window| window.plan.planned || window.plan.author != author);
    }

    pub(super) fn drop_all_of(&mut self, author: Author) {
        self.0.retain(|window| window.plan.author != author);
    }

    /// Of those that have begun, the one that ends last.
    pub(super) fn under_way(&self) -> Option<&Window> {
        let begun = self.0.iter().filter(|window| window.begun);
        begun.max_by_key(|window| window.ends)
    }

    /// Of those that are due and that nobody has begun, the latest end.
    pub(super) fn due_until(&self, now: Instant) -> Option<Instant> {
        let due = self.0.iter().filter(|window| window.plan.from <= now);
        due.map(|window| window.ends)
            .filter(|&ends| ends > now)
            .max()
    }

    /// Those that have not begun, the next one first.
    pub(super) fn planned(&self) -> Vec<Maintenance> {
        let mut planned: Vec<_> = self.0.iter().filter(|window| !window.begun).collect();
        planned.sort_by_key(|window| window.plan.from);
        planned
            .into_iter()
            .map(|window| window.plan.clone())
            .collect()
    }

    pub(super) fn next_start(&self) -> Option<Instant> {
        let planned = self.0.iter().filter(|window| !window.begun);
        planned.map(|window| window.plan.from).min()
    }

    pub(super) fn are_over(&self, now: Instant) -> bool {
        self.0.iter().all(|window| window.ends <= now)
    }
}
