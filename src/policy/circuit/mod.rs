//! The circuit of one upstream: Closed, Open, HalfOpen, Paced; the gate that Retry-After closes;
//! and the slots in which refused calls come back.
//!
//! A state machine without a clock: every method is told what time it is. From the symptom to the
//! file: *why did it trip?* `streak`, `finish`; *why was this call refused?* `admit`, `unweighed`; *why is it
//! still slow after the outage?* `pace`; *what rate is allowed?* `rate`; *when will it be tried
//! again?* `slots`; *who closed the gate?* `gate`; *what did an operator decide?* `operator`.
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
mod ending;
mod finish;
mod gate;
mod latency;
mod maintenance;
mod open;
mod operator;
mod outage;
mod pace;
mod rate;
mod recent;
mod settings;
mod slots;
mod slower;
mod snapshot;
mod streak;
mod throttle;
mod traffic;
mod unweighed;
mod waiting;

use std::time::{Duration, Instant};

pub use admit::{Admission, Call, Permit};
pub use ending::{Closing, Ending};
pub use maintenance::{Author, MOST_PLANNED, Maintenance};
pub(crate) use settings::LONGEST;
pub use settings::{CircuitSettings, FailureRatio};
pub use slower::{Slowed, SlowedBy};
pub use snapshot::{CircuitSnapshot, ClosedGate, Intervention};
#[cfg(feature = "middleware")]
pub(crate) use traffic::Normal;
pub use traffic::Traffic;
pub use waiting::Wait;

use self::background::BackgroundShare;
use self::gate::RateGates;
use self::open::Open;
use self::operator::Operator;
use self::outage::Outage;
use self::pace::Pace;
use self::slots::Slots;
use self::streak::Streak;
use super::Refusal;

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

impl CircuitState {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Paced => "paced",
        }
    }
}

/// The circuit of one upstream.
#[derive(Debug)]
pub struct Circuit {
    settings: CircuitSettings,
    state: State,
    /// Counts transitions, and probes that lapsed. A result counts only for the generation that admitted it.
    generation: u64,
    /// Counts the rates that were allowed. A token that was promised at another rate is promised no more.
    rates: u64,
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
    operators_rate: Option<f64>,
    operator: Operator,
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
    /// The rate that is allowed, if any is; or, after a 429, less than normal for a while. The
    /// circuit itself is untouched.
    pace: Option<Pace>,
    /// Made when the first background call arrives.
    background: Option<BackgroundShare>,
}

#[derive(Debug)]
struct HalfOpen {
    since: Instant,
    ramp: Duration,
    /// The probe that is under way counts until then.
    probing: Option<Instant>,
    /// After an inconclusive probe the next may go then.
    next_probe: Instant,
    first: Option<u64>,
}

impl Circuit {
    /// A closed circuit.
    #[must_use]
    pub fn new(settings: CircuitSettings, now: Instant) -> Self {
        let mut circuit = Self {
            settings: settings.bounded(),
            state: State::Closed(Closed::new()),
            generation: 0,
            rates: 0,
            gate_from: 0,
            failed_recoveries: 0,
            closed_since: now,
            outage: None,
            slots: Slots::default(),
            rate_gates: RateGates::default(),
            waiting: 0,
            reservations: 0,
            operators_rate: None,
            operator: Operator::default(),
        };
        circuit.recap(now);
        circuit
    }

    /// Goes by other settings from now on. Nothing starts over: a break or a gate ends when it was going
    /// to, failures counted so far count on, and a pace goes on below its new cap.
    pub fn apply(&mut self, now: Instant, settings: CircuitSettings) {
        self.settings = settings.bounded();
        self.recap(now);
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

    /// How often the circuit has changed its state, or given up a probe. Results of older generations change nothing.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether forgetting it loses nothing but its history: not open, not gated, nobody waiting, nothing
    /// that an operator wants. What ended long ago and was never looked at since counts as ended.
    #[must_use]
    pub fn is_idle(&self, now: Instant) -> bool {
        let settings = &self.settings;
        let state_is_idle = match &self.state {
            State::Closed(closed) => closed.streak.is_over(now, settings.within),
            State::Open(open) => open.until + settings.max_break <= now,
            State::HalfOpen(half_open) => half_open.since + settings.max_break <= now,
            State::Paced(pace) => pace.is_unpressed(now),
        };
        state_is_idle
            && self.waiting == 0
            && self.rate_gates.are_lifted(now)
            && self.operators_rate.is_none()
            && self.operator.is_idle(now)
    }

    /// Why the upstream would refuse this call now, and for how long.
    #[must_use]
    pub fn blocked(&self, now: Instant, call: &Call) -> Option<(Refusal, Duration)> {
        if let State::Open(open) = &self.state
            && open.until > now
        {
            return Some((open.refusal(), open.until.saturating_duration_since(now)));
        }
        if let Some(until) = self.operator.windows.due_until(now) {
            return Some((Refusal::Maintenance, until.saturating_duration_since(now)));
        }
        let until = self.rate_gates.closed_until(now, call.rate_key)?;
        Some((Refusal::RateLimit, until.saturating_duration_since(now)))
    }

    /// The calls per second admitted now; `None` when nothing limits them.
    #[must_use]
    pub fn pace(&self, now: Instant) -> Option<f64> {
        match &self.state {
            State::Paced(pace) => Some(pace.rate(now)),
            State::Closed(closed) => closed.pace.as_ref().map(|pace| pace.rate(now)),
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

    fn transition(&mut self, state: State) {
        self.generation += 1;
        self.state = state;
    }

    fn close(&mut self, now: Instant, traffic: &Traffic) {
        self.closed_since = now;
        self.outage = None;
        self.slots.clear();
        traffic.resume(now);
        // What was saved up comes along: the end of a recovery is no wave.
        let saved = match &mut self.state {
            State::Paced(pace) => pace.saved(now),
            State::Closed(_) | State::Open(_) | State::HalfOpen(_) => 0.0,
        };
        let (cap, mut closed) = (self.cap(), Closed::new());
        if cap.rate.is_finite() {
            closed.pace = Some(Pace::standing(now, cap, saved));
        }
        self.transition(State::Closed(closed));
    }
}

impl Closed {
    fn new() -> Self {
        Self {
            streak: Streak::default(),
            pace: None,
            background: None,
        }
    }
}

#[cfg(test)]
mod tests;
