//! The circuit of one upstream: Closed, Open, HalfOpen, Paced; the gate that Retry-After closes;
//! and the slots in which refused calls come back.
//!
//! A state machine without a clock: every method is told what time it is. From the symptom to the
//! file: *why did it trip?* `streak`, `finish`; *why was this call refused?* `admit`; *why is it
//! still slow after the outage?* `pace`; *when will it be tried again?* `slots`; *who closed the
//! gate?* `gate`.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use seawall::Policy;
//! use seawall::policy::Health;
//! use seawall::policy::circuit::{Admission, Call, Circuit, CircuitState, Ending, Traffic};
//!
//! let start = Instant::now();
//! let policy = Policy::external();
//! let traffic = Traffic::new(start);
//! let mut circuit = Circuit::new(policy.circuit().clone(), start);
//!
//! // Five failures, a second apart.
//! for second in 0..5 {
//!     let now = start + Duration::from_secs(second);
//!     let Admission::Go(permit) = circuit.admit(now, &Call::default(), 0.5, &traffic) else {
//!         unreachable!("the circuit is closed")
//!     };
//!     circuit.finish(now, permit, &Ending::new(Health::Failure), 0.5, &traffic);
//! }
//! assert_eq!(circuit.state(), CircuitState::Open);
//! ```

mod admit;
mod background;
mod finish;
mod gate;
mod latency;
mod pace;
mod settings;
mod slots;
mod streak;
mod traffic;

use std::time::{Duration, Instant};

pub use admit::{Admission, Call, Permit, Wait};
pub use finish::{Closing, Ending};
pub use settings::{CircuitSettings, FailureRatio};
pub use traffic::Traffic;

use self::background::BackgroundShare;
use self::gate::{Gate, RateGates};
use self::pace::Pace;
use self::slots::{Slots, Span};
use self::streak::Streak;
use super::Refusal;
use super::backoff::between;

/// Slots reach back at least this far behind the end of an outage, however short it was.
const MIN_SPREAD: Duration = Duration::from_secs(60);

/// The states of a circuit, as a person names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// Calls pass.
    Closed,
    /// Calls are refused until the break, or the gate, ends.
    Open,
    /// One probe finds out.
    HalfOpen,
    /// The upstream recovers; calls are admitted at a rate.
    Paced,
}

/// The circuit of one upstream.
#[derive(Debug)]
pub struct Circuit {
    settings: CircuitSettings,
    state: State,
    /// Counts transitions. A result counts only for the generation that admitted it.
    generation: u64,
    /// Answers to attempts admitted before this generation never close the gate again.
    gate_from: u64,
    /// Failed recoveries since the last healthy spell; the break grows with them.
    failed_recoveries: u32,
    closed_since: Instant,
    outage: Option<Outage>,
    slots: Slots,
    rate_gates: RateGates,
    waiting: usize,
    reservations: u64,
}

#[derive(Debug)]
enum State {
    Closed(Closed),
    Open(Open),
    HalfOpen(HalfOpen),
    Paced(Pace),
}

#[derive(Debug)]
struct Closed {
    streak: Streak,
    /// After a 429: less than normal for a while. The circuit itself is untouched.
    slowdown: Option<Pace>,
    /// Made when the first background call arrives.
    background: Option<BackgroundShare>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    /// The break of a trip ends here; `None` when only the gate closed.
    break_until: Option<Instant>,
    gate: Option<Gate>,
    /// The call that will be first for the probe.
    first: Option<u64>,
}

#[derive(Debug)]
struct HalfOpen {
    since: Instant,
    ramp: Duration,
    probing: bool,
    /// After an inconclusive probe the next may go then.
    next_probe: Instant,
    first: Option<u64>,
}

/// From the first closing until calls pass freely again.
#[derive(Clone, Copy, Debug)]
struct Outage {
    since: Instant,
    /// The end of the latest break or gate.
    until: Instant,
    /// Whether failures had a part in it; else there were only gates.
    tripped: bool,
}

impl Circuit {
    /// A closed circuit.
    #[must_use]
    pub fn new(settings: CircuitSettings, now: Instant) -> Self {
        Self {
            settings,
            state: State::Closed(Closed::new()),
            generation: 0,
            gate_from: 0,
            failed_recoveries: 0,
            closed_since: now,
            outage: None,
            slots: Slots::default(),
            rate_gates: RateGates::default(),
            waiting: 0,
            reservations: 0,
        }
    }

    /// The state, as of the last call to any method that is told the time.
    #[must_use]
    pub fn state(&self) -> CircuitState {
        match self.state {
            State::Closed(_) => CircuitState::Closed,
            State::Open(_) => CircuitState::Open,
            State::HalfOpen(_) => CircuitState::HalfOpen,
            State::Paced(_) => CircuitState::Paced,
        }
    }

    /// How often the circuit has changed its state. Results of older generations change nothing.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether every foreground call passes and no success has anything to mend: then neither
    /// needs to ask.
    #[must_use]
    pub fn is_untroubled(&self) -> bool {
        matches!(&self.state, State::Closed(closed) if closed.streak.is_empty() && closed.slowdown.is_none())
            && self.rate_gates.is_empty()
    }

    /// Whether this holds something that must not be forgotten.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.is_untroubled() && self.waiting == 0
    }

    /// Why the upstream would refuse this call now, and for how long.
    #[must_use]
    pub fn blocked(&self, now: Instant, call: &Call) -> Option<(Refusal, Duration)> {
        if let State::Open(open) = &self.state
            && open.until > now
        {
            return Some((open.refusal(), open.until.saturating_duration_since(now)));
        }
        let until = self.rate_gates.closed_until(now, call.rate_key)?;
        Some((Refusal::RateLimit, until.saturating_duration_since(now)))
    }

    /// The calls per second admitted now; `None` when nothing limits them.
    #[must_use]
    pub fn pace(&self, now: Instant) -> Option<f64> {
        match &self.state {
            State::Paced(pace) => Some(pace.rate(now)),
            State::Closed(closed) => closed.slowdown.as_ref().map(|pace| pace.rate(now)),
            State::Open(_) | State::HalfOpen(_) => None,
        }
    }

    /// When the gate ends, if one is closed.
    #[must_use]
    pub fn gate_until(&self) -> Option<Instant> {
        match &self.state {
            State::Open(open) => open.gate.as_ref().map(|gate| gate.until),
            _ => None,
        }
    }

    /// When a call that was refused, or that must not be repeated now, may come again.
    pub fn retry_at(&mut self, now: Instant, call: &Call, unit: f64, traffic: &Traffic) -> Instant {
        let normal = match &self.state {
            State::Paced(pace) => pace.normal(),
            _ => traffic.normal(now),
        };
        let spacing = Duration::try_from_secs_f64(1.0 / normal.rate).unwrap_or(MIN_SPREAD);
        let span = self.span(now, call, spacing);
        self.slots.assign(now, span, call.key, unit)
    }

    /// Slots lie behind the end of the outage, or of the credential's own gate if that is later, and
    /// within as long again as it lasted.
    fn span(&self, now: Instant, call: &Call, spacing: Duration) -> Span {
        let soon = now + spacing.min(MIN_SPREAD / 2);
        let outage = self.outage.map(|outage| (outage.since, outage.until));
        let closed = [outage, self.rate_gates.span(now, call.rate_key)];
        let latest = closed.into_iter().flatten().max_by_key(|&(_, until)| until);
        let (since, reopens) = latest.unwrap_or((now, now));
        let length = reopens.saturating_duration_since(since).max(MIN_SPREAD);
        let from = if reopens > now { reopens } else { soon };
        Span {
            reopens,
            from,
            until: (reopens + length).max(from + MIN_SPREAD),
            spacing,
        }
    }

    fn transition(&mut self, state: State) {
        self.generation += 1;
        self.state = state;
    }

    fn close(&mut self, now: Instant, traffic: &Traffic) {
        self.closed_since = now;
        self.outage = None;
        self.slots.clear();
        traffic.resume(now);
        self.transition(State::Closed(Closed::new()));
    }

    /// Opens, or keeps open for longer. Never shortens.
    fn open(
        &mut self,
        now: Instant,
        break_until: Option<Instant>,
        gate: Option<Gate>,
        traffic: &Traffic,
    ) {
        traffic.stop(now);
        let (mut open, reopened) =
            match std::mem::replace(&mut self.state, State::Closed(Closed::new())) {
                State::Open(open) => (open, false),
                _ => (
                    Open {
                        until: now,
                        break_until: None,
                        gate: None,
                        first: None,
                    },
                    true,
                ),
            };
        open.break_until = open.break_until.max(break_until);
        open.gate = gate.or(open.gate);
        let gate_until = open.gate.as_ref().map(|gate| gate.until);
        open.until = open
            .until
            .max(open.break_until.max(gate_until).unwrap_or(now));
        let before = self.outage;
        if before.is_none() {
            self.slots.start_row();
        }
        self.outage = Some(Outage {
            since: before.map_or(now, |outage| outage.since),
            until: open.until,
            tripped: break_until.is_some() || before.is_some_and(|outage| outage.tripped),
        });
        self.state = State::Open(open);
        if reopened {
            self.generation += 1;
        }
    }

    /// Opens after failures. The break grows with each recovery that failed.
    fn trip(&mut self, now: Instant, unit: f64, traffic: &Traffic) {
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
        self.open(now, Some(now + length), None, traffic);
    }

    /// Jittered downwards by up to a quarter: a fleet that tripped together does not probe together,
    /// and the longest break stays the longest.
    fn break_length(&self, unit: f64) -> Duration {
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

impl Outage {
    fn length(&self) -> Duration {
        self.until.saturating_duration_since(self.since)
    }
}

impl Closed {
    fn new() -> Self {
        Self {
            streak: Streak::default(),
            slowdown: None,
            background: None,
        }
    }
}

impl Open {
    /// What follows when the break and the gate are over.
    fn half_open(&self, outage: Option<Outage>, ramp: Duration) -> HalfOpen {
        let only_gated = outage.filter(|outage| !outage.tripped);
        HalfOpen {
            since: self.until,
            // A gate that was closed for a moment needs no long ramp.
            ramp: only_gated.map_or(ramp, |outage| outage.length().min(ramp)),
            probing: false,
            next_probe: self.until,
            first: self.first,
        }
    }

    fn refusal(&self) -> Refusal {
        let gate_until = self.gate.as_ref().map(|gate| gate.until);
        if gate_until >= self.break_until {
            Refusal::Gate
        } else {
            Refusal::Open
        }
    }
}

#[cfg(test)]
mod tests;
