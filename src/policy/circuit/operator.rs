//! What an operator decides at run time. Every act is one method; what was decided is kept in
//! `maintenance`.

use std::time::Instant;

#[cfg(doc)]
use super::MOST_PLANNED;
use super::maintenance::Windows;
use super::open::Cause;
use super::{Author, Circuit, Maintenance, State, Traffic};
use crate::policy::Reason;

/// What is in force because an operator wanted it so.
#[derive(Debug, Default)]
pub(super) struct Operator {
    pub(super) windows: Windows,
    /// Until then failures do not trip the circuit.
    pub(super) held_closed_until: Option<Instant>,
}

impl Operator {
    pub(super) fn holds_closed(&self, now: Instant) -> bool {
        self.held_closed_until.is_some_and(|until| until > now)
    }

    /// Whether forgetting it would lose a decision.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.windows.are_over(now) && !self.holds_closed(now)
    }
}

impl Circuit {
    /// Keeps every call away from `from` to `until`, beside what else was decided. One that is not
    /// planned takes the place of the last such one of the same author.
    ///
    /// It ends like a gate: later by a jitter, drawn here from `unit` in [0, 1); by a probe; at a pace
    /// whose ramp is no longer than it was. `false`: there are [too many](MOST_PLANNED) already.
    pub fn maintain(
        &mut self,
        now: Instant,
        plan: Maintenance,
        unit: f64,
        traffic: &Traffic,
    ) -> bool {
        self.advance(now, traffic);
        if !plan.planned {
            self.operator.windows.drop_unplanned(plan.author);
        }
        let has_room = self.operator.windows.add(now, plan, unit);
        self.follow_windows(now, traffic);
        has_room
    }

    /// Puts these in the place of all that this author has decided so far. What is under way and not
    /// among them ends now, by a probe.
    pub fn replan(
        &mut self,
        now: Instant,
        author: Author,
        plans: impl IntoIterator<Item = Maintenance>,
        unit: f64,
        traffic: &Traffic,
    ) {
        self.advance(now, traffic);
        self.operator.windows.drop_all_of(author);
        for plan in plans {
            self.operator.windows.add(now, plan, unit);
        }
        self.follow_windows(now, traffic);
    }

    /// Lets calls pass again, at the pace of a recovery, whatever has kept them away: a break, a gate, a
    /// maintenance under way. Until `until` no failure trips the circuit; a new Retry-After closes the
    /// gate all the same, and a maintenance that is planned begins.
    pub fn close_until(&mut self, now: Instant, until: Instant, traffic: &Traffic) {
        self.advance(now, traffic);
        self.operator.windows.drop_begun();
        self.operator.held_closed_until = Some(until);
        self.rate_gates.lift(None);
        let ramp = match &self.state {
            State::Open(open) => open.half_open(self.outage, self.settings.ramp).ramp,
            State::HalfOpen(half_open) => half_open.ramp,
            State::Closed(_) | State::Paced(_) => return,
        };
        self.outage_ends(now);
        self.recover(now, ramp, traffic);
    }

    /// As new, at once and without a pace: closed, no gate, no failure remembered, breaks as short as
    /// the first. What was learned in healthy times stays, and so do the rate that was set and what is
    /// planned for later.
    pub fn reset(&mut self, now: Instant, traffic: &Traffic) {
        self.advance(now, traffic);
        self.operator.windows.drop_begun();
        self.operator.held_closed_until = None;
        self.rate_gates.lift(None);
        self.failed_recoveries = 0;
        self.close(now, traffic);
        self.gate_from = self.generation;
    }

    /// Opens the gates that a Retry-After has closed, before this moment if one is named. The next call
    /// is the probe, unless a break or a maintenance goes on. Attempts that are under way do not close
    /// them again.
    pub fn lift_gate(&mut self, now: Instant, closed_before: Option<Instant>, traffic: &Traffic) {
        self.advance(now, traffic);
        self.rate_gates.lift(closed_before);
        if let State::Open(open) = &mut self.state
            && let Some(gate) = &open.gate
            && closed_before.is_none_or(|before| gate.closed_at < before)
        {
            open.gate = None;
            self.gate_from = self.generation + 1;
            self.reopen_when_due(now, traffic);
        }
    }

    /// Takes an operator's rate back, if it is still this one.
    pub fn withdraw_rate(&mut self, now: Instant, rate: f64) {
        if self.operators_rate == Some(rate) {
            self.set_rate(now, None);
        }
    }

    /// Why an operator keeps calls away now, if one does.
    #[must_use]
    pub fn maintenance_reason(&self) -> Option<&Reason> {
        let window = self.operator.windows.under_way()?;
        Some(&window.plan.reason)
    }

    /// From when on it must be asked again whether anything is wrong: the next planned beginning.
    #[must_use]
    pub fn next_maintenance(&self) -> Option<Instant> {
        self.operator.windows.next_start()
    }

    /// What is due begins; what was withdrawn no longer holds the circuit open.
    fn follow_windows(&mut self, now: Instant, traffic: &Traffic) {
        self.advance(now, traffic);
        self.reopen_when_due(now, traffic);
    }

    pub(super) fn begin_due(&mut self, now: Instant, traffic: &Traffic) {
        while let Some((from, ends)) = self.operator.windows.begin_next(now) {
            // What happened before it, happened before it.
            self.pass_to(from, traffic);
            self.open(from, Cause::Maintenance(ends), traffic);
        }
        self.operator.windows.forget_ended(now);
    }

    fn reopen_when_due(&mut self, now: Instant, traffic: &Traffic) {
        if let State::Open(open) = &mut self.state {
            open.maintained_until = self.operator.windows.under_way().map(|window| window.ends);
            open.until = open.latest().unwrap_or(now).max(now);
            let until = open.until;
            self.outage_ends(until);
        }
        self.pass_to(now, traffic);
    }

    /// It ends earlier than was said: whoever comes again need not wait for the end that was.
    fn outage_ends(&mut self, until: Instant) {
        if let Some(outage) = &mut self.outage
            && until < outage.until
        {
            outage.until = until;
            self.slots.clear();
        }
    }
}
