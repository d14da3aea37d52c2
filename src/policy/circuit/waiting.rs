//! What a call holds while it waits for its gate, its probe or its slot, and how it gives that back.

use std::time::Instant;

use super::{Call, Circuit, Permit, State, Traffic};

/// A call waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wait {
    /// Until when.
    pub until: Instant,
    /// A token is promised for that moment.
    pub(super) promised: Option<Promise>,
}

/// Under what a token is promised: the generation, and the rate that is allowed, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Promise {
    generation: u64,
    rates: u64,
}

impl Circuit {
    /// A call that waited for a promised token comes to take it. `None`: the circuit has changed
    /// since; it must ask again.
    pub fn claim(
        &mut self,
        now: Instant,
        wait: &Wait,
        call: &Call,
        traffic: &Traffic,
    ) -> Option<Permit> {
        self.advance(now, traffic);
        let kept = wait.promised? == self.promise() && wait.until <= now;
        // A gate that closed since then is closed for those who were promised a token, too.
        if !kept || self.blocked(now, call).is_some() {
            return None;
        }
        if let State::Closed(_) = self.state {
            traffic.sent(now);
        }
        Some(self.permit(false))
    }

    /// Whether the promised token is still to come, and no gate has closed on the call since. When its moment has passed there is nothing to
    /// wait for: it is [claimed](Self::claim), or the call asks anew.
    #[must_use]
    pub fn still_promises(&self, now: Instant, wait: &Wait, call: &Call) -> bool {
        wait.until > now
            && wait.promised == Some(self.promise())
            && self.blocked(now, call).is_none()
    }

    pub(super) const fn promise(&self) -> Promise {
        Promise {
            generation: self.generation,
            rates: self.rates,
        }
    }

    /// A call began to wait. Pairs with [`leave`](Self::leave).
    pub fn enter(&mut self) {
        self.waiting += 1;
    }

    /// A call no longer waits.
    pub fn leave(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// A wait is given up: its promised token goes back.
    pub fn give_up(&mut self, now: Instant, wait: &Wait) {
        if wait.promised == Some(self.promise())
            && let Some(pace) = self.limiting_pace()
        {
            pace.put_back(now);
        }
    }

    /// The call whose answer closed the gate will wait it out, and is first for the probe.
    pub fn reserve_probe(&mut self) -> Option<u64> {
        let State::Open(open) = &mut self.state else {
            return None;
        };
        if open.first.is_some() {
            return None;
        }
        self.reservations += 1;
        open.first = Some(self.reservations);
        open.first
    }

    /// The call that reserved the probe will not come.
    pub fn release_probe(&mut self, reservation: u64) {
        let first = match &mut self.state {
            State::Open(open) => &mut open.first,
            State::HalfOpen(half_open) => &mut half_open.first,
            State::Closed(_) | State::Paced(_) => return,
        };
        if *first == Some(reservation) {
            *first = None;
        }
    }
}
