//! What can be seen of a circuit.

use std::time::{Duration, Instant};

use http::StatusCode;

use super::{Circuit, CircuitState, Closed, Maintenance, State, Traffic};
use crate::policy::Refusal;
use crate::policy::retry_after::HeaderText;

/// What is to be seen of a circuit at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CircuitSnapshot {
    /// The state that the next call meets.
    pub state: CircuitState,
    /// Why every call is refused, if it is.
    pub refusal: Option<Refusal>,
    /// When that ends; `None` as well while nobody knows, such as the end of a probe.
    pub refused_until: Option<Instant>,
    /// The upstream's gate, if it is closed.
    pub gate: Option<ClosedGate>,
    /// How many credentials' gates are closed.
    pub rate_gates: usize,
    /// Calls per second admitted by a pace, if there is one.
    pub pace: Option<f64>,
    /// The rate that calls are held to even when all is well, in calls per second.
    pub rate_limit: Option<f64>,
    /// Calls that wait for a gate, a probe or a slot.
    pub waiting: usize,
    /// Failures with no success between that count towards the next trip.
    pub consecutive_failures: usize,
    /// What an operator has put in force.
    pub intervention: Option<Intervention>,
    /// What an operator has planned, the next one first.
    pub planned: Vec<Maintenance>,
}

/// What an operator has put in force.
#[derive(Clone, Debug, PartialEq)]
pub enum Intervention {
    /// Calls are kept away.
    Maintenance(Maintenance),
    /// No failure trips the circuit until then.
    Closed(Instant),
}

/// A gate that a Retry-After on 503 has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClosedGate {
    /// When the first of its headers came.
    pub closed_at: Instant,
    /// The end, jitter included.
    pub until: Instant,
    /// What the header that counts asked for, before any cap.
    pub asked: Duration,
    /// How it was written.
    pub text: HeaderText,
}

impl ClosedGate {
    /// What closes an upstream's gate: a Retry-After on 503.
    pub const STATUS: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
}

impl Circuit {
    /// What is to be seen now. What has ended by itself has ended: an open circuit whose break is over
    /// is seen half-open, as the next call would meet it.
    pub fn snapshot(&mut self, now: Instant, traffic: &Traffic) -> CircuitSnapshot {
        self.advance(now, traffic);
        let (refusal, refused_until) = self.refusing(now).unzip();
        CircuitSnapshot {
            state: self.state(),
            refusal,
            refused_until: refused_until.flatten(),
            gate: self.closed_gate(),
            rate_gates: self.rate_gates.len(),
            pace: self.pace(now),
            rate_limit: self.rate_limit(),
            waiting: self.waiting,
            consecutive_failures: self.consecutive_failures(now),
            intervention: self.intervention(now),
            planned: self.operator.windows.planned(),
        }
    }

    /// The state that the next call meets, and the calls per second that are admitted in it; `None`: as
    /// many as come. What a [`snapshot`](Self::snapshot) shows too, without a change.
    #[must_use]
    pub fn outlook(&self, now: Instant) -> (CircuitState, Option<f64>) {
        if self.operator.windows.due_until(now).is_some() {
            return (CircuitState::Open, Some(0.0));
        }
        match &self.state {
            State::Open(open) if open.until > now => (CircuitState::Open, Some(0.0)),
            State::Open(_) | State::HalfOpen(_) => (CircuitState::HalfOpen, Some(0.0)),
            State::Paced(pace) if !pace.seems_over(now) => {
                (CircuitState::Paced, Some(pace.rate(now)))
            }
            State::Paced(_) => (CircuitState::Closed, self.rate_limit()),
            State::Closed(closed) => {
                let pace = closed.pace.as_ref();
                let pace = pace.filter(|pace| !pace.seems_over(now));
                (CircuitState::Closed, pace.map(|pace| pace.rate(now)))
            }
        }
    }

    fn intervention(&self, now: Instant) -> Option<Intervention> {
        let held = self.operator.held_closed_until;
        let held = held.filter(|&until| until > now);
        match self.operator.windows.under_way() {
            Some(window) => Some(Intervention::Maintenance(window.plan.clone())),
            None => held.map(Intervention::Closed),
        }
    }

    fn refusing(&self, now: Instant) -> Option<(Refusal, Option<Instant>)> {
        match &self.state {
            State::Open(open) => Some((open.refusal(), Some(open.until))),
            State::HalfOpen(half_open) if half_open.probing.is_some() => {
                Some((Refusal::Probing, None))
            }
            State::HalfOpen(half_open) if half_open.next_probe > now => {
                Some((Refusal::Probing, Some(half_open.next_probe)))
            }
            State::Closed(_) | State::HalfOpen(_) | State::Paced(_) => None,
        }
    }

    fn closed_gate(&self) -> Option<ClosedGate> {
        let State::Open(open) = &self.state else {
            return None;
        };
        open.gate.map(|gate| ClosedGate {
            closed_at: gate.closed_at,
            until: gate.until,
            asked: gate.asked,
            text: gate.text,
        })
    }

    fn consecutive_failures(&self, now: Instant) -> usize {
        match &self.state {
            State::Closed(Closed { streak, .. }) => streak.len(now, self.settings.within),
            State::Open(_) | State::HalfOpen(_) | State::Paced(_) => 0,
        }
    }
}
