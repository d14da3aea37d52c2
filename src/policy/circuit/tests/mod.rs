//! The circuit as stories: what happens, second by second, on an explicit time line.

mod background;
mod breaks;
mod capped;
mod gate;
mod model;
mod operated;
mod operator;
mod paced;
mod probe;
mod rate_limit;
mod schedule;
mod slots;
mod slower;
mod slowness;
mod snapshot;
mod throttle;
mod trips;
mod waiting;

use super::*;
use crate::policy::{Health, Priority, test_clock};
use crate::{Policy, Provider};

/// Five failures, the first at this second of a [`Story::paced`], open the circuit.
const FAILS_FROM: f64 = 600.0;
/// At this second its break is over, the probe succeeds, and the pace begins.
const RECOVERED: f64 = 634.0;

/// A circuit, its traffic, and seconds since the start.
struct Story {
    start: Instant,
    circuit: Circuit,
    traffic: Traffic,
    /// The random unit of every draw; zero is no jitter.
    unit: f64,
}

/// Why it was refused, if that needed no weighing.
fn turned_away(admission: &Admission) -> Option<Refusal> {
    let plain = [
        Refusal::Open,
        Refusal::Gate,
        Refusal::Maintenance,
        Refusal::RateLimit,
    ];
    match admission {
        Admission::Refuse { reason, .. } => Some(*reason).filter(|reason| plain.contains(reason)),
        Admission::Go(_) | Admission::Wait(_) => None,
    }
}

impl Story {
    fn of(settings: CircuitSettings) -> Self {
        let start = test_clock::start();
        Self {
            start,
            circuit: Circuit::new(settings, start),
            traffic: Traffic::new(start),
            unit: 0.0,
        }
    }

    /// Five in a row trip; break 30 s to 2 min; ramp 30 s; gate at most 1 h.
    fn payments() -> Self {
        Self::of(payments())
    }

    /// Ten minutes of `per_second` quick calls, an outage, a probe that succeeds at [`RECOVERED`].
    fn paced(settings: CircuitSettings, per_second: f64) -> Self {
        let mut story = Self::of(settings);
        story.is_used_to(per_second, Duration::from_millis(20));
        story.trips_from(FAILS_FROM);
        let probe = story.goes(RECOVERED);
        assert!(probe.is_probe());
        story.ends(RECOVERED, probe, Ending::new(Health::Success));
        assert_eq!(story.circuit.state(), CircuitState::Paced);
        story
    }

    fn is_used_to(&mut self, per_second: f64, took: Duration) {
        for call in 0..(FAILS_FROM * per_second) as u32 {
            let at = self.at(f64::from(call) / per_second);
            self.traffic.arrive(at, None);
            self.traffic.sent(at);
            self.traffic.succeeded(at, took);
        }
    }

    fn at(&self, second: f64) -> Instant {
        self.start + seconds(second)
    }

    fn time_of(&self, at: Instant) -> Duration {
        at.duration_since(self.start)
    }

    fn ask(&mut self, second: f64, call: &Call) -> Admission {
        let now = self.at(second);
        let kept_away = self.circuit.keeps_away(now, call, &self.traffic);
        let admission = self.circuit.admit(now, call, self.unit, &self.traffic);
        assert_eq!(kept_away, turned_away(&admission));
        admission
    }

    /// This call is let through.
    fn passes(&mut self, second: f64, call: &Call) -> Permit {
        match self.ask(second, call) {
            Admission::Go(permit) => permit,
            other => panic!("at {second} s: {other:?}"),
        }
    }

    /// Any call is let through.
    fn goes(&mut self, second: f64) -> Permit {
        self.passes(second, &IDEMPOTENT)
    }

    /// This call is refused; why, and until when.
    fn refuses(&mut self, second: f64, call: &Call) -> (Refusal, Duration) {
        match self.ask(second, call) {
            Admission::Refuse { reason, retry_at } => {
                assert!(retry_at > self.at(second), "sent away and told to be back");
                (reason, self.time_of(retry_at))
            }
            other => panic!("at {second} s: {other:?}"),
        }
    }

    /// This call is told to wait.
    fn holds(&mut self, second: f64, call: &Call) -> Wait {
        match self.ask(second, call) {
            Admission::Wait(wait) => wait,
            other => panic!("at {second} s: {other:?}"),
        }
    }

    fn ends(&mut self, second: f64, permit: Permit, ending: Ending) {
        let now = self.at(second);
        let unit = self.unit;
        self.circuit
            .finish(now, permit, &ending, unit, &self.traffic);
    }

    /// A call goes and ends in the same moment.
    fn call(&mut self, second: f64, ending: Ending) {
        let permit = self.goes(second);
        self.ends(second, permit, ending);
    }

    fn fails(&mut self, second: f64) {
        self.call(second, Ending::new(Health::Failure));
    }

    fn succeeds(&mut self, second: f64) {
        self.call(second, Ending::new(Health::Success));
    }

    /// Five failures, a second apart.
    fn trips_from(&mut self, second: f64) {
        for more in 0..5 {
            self.fails(second + f64::from(more));
        }
        assert_eq!(self.circuit.state(), CircuitState::Open);
    }

    /// An attempt that the present generation let through at some time ends now.
    fn earlier_attempt_ends(&mut self, second: f64, health: Health, took: Duration) {
        let permit = Permit::untroubled(self.circuit.generation());
        let ending = Ending {
            took,
            ..Ending::new(health)
        };
        self.ends(second, permit, ending);
    }

    /// Calls ask until one is refused.
    fn presses(&mut self, second: f64) {
        while let Admission::Go(_) = self.ask(second, &IDEMPOTENT) {}
    }

    fn state(&mut self, second: f64) -> CircuitState {
        let now = self.at(second);
        self.circuit.advance(now, &self.traffic);
        self.circuit.state()
    }

    fn pace(&mut self, second: f64) -> f64 {
        let now = self.at(second);
        self.circuit.advance(now, &self.traffic);
        self.circuit.pace(now).expect("a pace limits the calls")
    }

    fn normal(&self, second: f64) -> f64 {
        self.traffic.normal(self.at(second)).rate
    }

    fn break_ends(&self) -> Duration {
        match &self.circuit.state {
            State::Open(open) => self.time_of(open.until),
            other => panic!("not open: {other:?}"),
        }
    }
}

/// A foreground call that can be repeated and that waits for nothing.
const IDEMPOTENT: Call = Call {
    key: None,
    priority: Priority::Foreground,
    repeatable: true,
    rate_key: 1,
    reservation: None,
    patience: Duration::ZERO,
    waiting: false,
    throttled: None,
    unguarded: false,
};

const BACKGROUND: Call = Call {
    priority: Priority::Background,
    ..IDEMPOTENT
};

/// A foreground call that waits up to five seconds.
const PATIENT: Call = Call {
    patience: Duration::from_secs(5),
    ..IDEMPOTENT
};

fn keyed(key: u64) -> Call {
    Call {
        key: Some(key),
        ..IDEMPOTENT
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn payments() -> CircuitSettings {
    Policy::external_payments(Provider::generic())
        .circuit()
        .clone()
}

fn external() -> CircuitSettings {
    Policy::external().circuit().clone()
}

/// A 503 with this Retry-After, in seconds.
fn gates(retry_after: u64) -> Ending {
    Ending {
        closing: Some(Closing::Upstream(Duration::from_secs(retry_after))),
        ..Ending::new(Health::Failure)
    }
}

/// A 429 with this Retry-After, in seconds, to the credential of [`IDEMPOTENT`].
fn limits(retry_after: u64) -> Ending {
    Ending {
        rate_limited: true,
        closing: Some(Closing::RateKey(
            IDEMPOTENT.rate_key,
            Duration::from_secs(retry_after),
        )),
        ..Ending::new(Health::Neutral)
    }
}

#[track_caller]
fn assert_close(value: f64, expected: f64) {
    assert!(
        (value - expected).abs() <= 1e-6 * expected.abs(),
        "{value} is not {expected}"
    );
}
