//! Breaks: how the circuit opens, and for how long.

use std::mem;
use std::time::{Duration, Instant};

use super::gate::Gate;
use super::outage::Outage;
use super::{Circuit, Closed, HalfOpen, State, Traffic};
use crate::policy::Refusal;
use crate::policy::backoff::between;

#[derive(Debug)]
pub(super) struct Open {
    pub(super) until: Instant,
    /// The break of a trip ends here; `None` when only the gate closed.
    break_until: Option<Instant>,
    pub(super) gate: Option<Gate>,
    /// An operator keeps it open until then.
    pub(super) maintained_until: Option<Instant>,
    /// The call that will be first for the probe.
    pub(super) first: Option<u64>,
}

/// What opens it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    /// Failures, until then.
    Break(Instant),
    /// A Retry-After.
    Gate(Gate),
    /// An operator, until then.
    Maintenance(Instant),
}

impl Open {
    /// Just opened, by nothing yet.
    fn at(now: Instant) -> Self {
        Self {
            until: now,
            break_until: None,
            gate: None,
            maintained_until: None,
            first: None,
        }
    }

    /// What follows when the break and the gate are over.
    pub(super) fn half_open(&self, outage: Option<Outage>, ramp: Duration) -> HalfOpen {
        let only_gated = outage.filter(|outage| !outage.tripped);
        HalfOpen {
            since: self.until,
            // A gate that was closed for a moment needs no long ramp.
            ramp: only_gated.map_or(ramp, |outage| outage.length().min(ramp)),
            probing: None,
            next_probe: self.until,
            first: self.first,
        }
    }

    /// The end of whatever ends last.
    pub(super) fn latest(&self) -> Option<Instant> {
        let gate_until = self.gate.map(|gate| gate.until);
        self.break_until.max(gate_until).max(self.maintained_until)
    }

    pub(super) fn refusal(&self) -> Refusal {
        let gate_until = self.gate.map(|gate| gate.until);
        if self.maintained_until >= gate_until.max(self.break_until) {
            Refusal::Maintenance
        } else if gate_until >= self.break_until {
            Refusal::Gate
        } else {
            Refusal::Open
        }
    }
}

impl Circuit {
    /// Opens, or keeps open for longer. Never shortens.
    pub(super) fn open(&mut self, now: Instant, cause: Cause, traffic: &Traffic) {
        traffic.stop(now);
        let (mut open, reopened) = match mem::replace(&mut self.state, State::Closed(Closed::new()))
        {
            State::Open(open) => (open, false),
            _ => (Open::at(now), true),
        };
        match cause {
            Cause::Break(until) => open.break_until = open.break_until.max(Some(until)),
            Cause::Gate(gate) => open.gate = Some(gate),
            Cause::Maintenance(until) => {
                open.maintained_until = open.maintained_until.max(Some(until));
            }
        }
        open.until = open.until.max(open.latest().unwrap_or(now));
        let before = self.outage;
        if before.is_none() {
            self.slots.start_row();
        }
        let trips = matches!(cause, Cause::Break(_));
        self.outage = Some(Outage {
            since: before.map_or(now, |outage| outage.since),
            until: open.until,
            tripped: trips || before.is_some_and(|outage| outage.tripped),
        });
        self.state = State::Open(open);
        if reopened {
            self.generation += 1;
        }
    }

    /// Opens after failures. The break grows with each recovery that failed.
    pub(super) fn trip(&mut self, now: Instant, unit: f64, traffic: &Traffic) {
        let healthy = matches!(self.state, State::Closed(_))
            && now.saturating_duration_since(self.closed_since) >= self.settings.max_break;
        match self.state {
            _ if healthy => self.failed_recoveries = 0,
            State::HalfOpen(_) | State::Paced(_) => {
                self.failed_recoveries = self.failed_recoveries.saturating_add(1);
            }
            State::Closed(_) | State::Open(_) => {}
        }
        let length = self.break_length(unit);
        self.open(now, Cause::Break(now + length), traffic);
    }

    /// Jittered downwards by up to a quarter: a fleet that tripped together does not probe together,
    /// and the longest break stays the longest.
    pub(super) fn break_length(&self, unit: f64) -> Duration {
        let growth = self
            .settings
            .break_multiplier
            .powi(i32::try_from(self.failed_recoveries).unwrap_or(i32::MAX));
        let grown = self.settings.break_duration.as_secs_f64() * growth;
        let capped = grown.min(self.settings.max_break.as_secs_f64());
        let longest = Duration::try_from_secs_f64(capped).unwrap_or(self.settings.max_break);
        between(longest.mul_f64(0.75), longest, 1.0 - unit)
    }
}
