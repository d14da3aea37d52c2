//! What the end of an attempt changes.

use std::time::{Duration, Instant};

use super::gate::Gate;
use super::open::Cause;
use super::pace::Pace;
use super::{
    Circuit, CircuitSettings, Closed, Closing, Ending, HalfOpen, Permit, Slowed, State, Traffic,
};
use crate::policy::Health;
use crate::policy::retry_after::HeaderText;

/// After a probe that told nothing, the next may go this much later.
const NEXT_PROBE: Duration = Duration::from_secs(1);

/// What a result does to the state it fell into.
enum Effect {
    None,
    Trip,
    /// The probe succeeded; the pace ramps up over this time.
    Recovered(Duration),
    /// The probe met a 429: the upstream is up and wants rest, which is no failed probe.
    Rest,
}

impl Circuit {
    /// An attempt has ended. `unit` is a random number in [0, 1). Answers whether that has slowed the
    /// pace.
    pub fn finish(
        &mut self,
        now: Instant,
        permit: Permit,
        ending: &Ending,
        unit: f64,
        traffic: &Traffic,
    ) -> Option<Slowed> {
        self.hold_lapse(permit);
        self.advance(now, traffic);
        // Attempts admitted before a transition say nothing about what came after it.
        if permit.generation == self.generation {
            let ending = self.with_slow_calls(ending);
            let effect = match &mut self.state {
                State::Closed(closed) => {
                    let open_for = now.saturating_duration_since(self.closed_since);
                    closed.finish(now, &ending, &self.settings, open_for, traffic)
                }
                State::HalfOpen(half_open) if permit.probe => half_open.finish(now, &ending),
                State::Paced(pace) => finish_paced(pace, now, &ending),
                State::Open(_) | State::HalfOpen(_) => Effect::None,
            };
            self.take_effect(now, &effect, unit, traffic);
        }
        if let Some(Closing::Upstream(wait)) = ending.closing
            && permit.generation >= self.gate_from
        {
            let header = ending.header.unwrap_or(HeaderText::EMPTY);
            self.close_gate(now, (wait, header), unit, traffic);
        }
        self.slow(now, permit, ending, unit, traffic)
    }

    /// A probe that has come to its end does not lapse, however long it took.
    fn hold_lapse(&mut self, permit: Permit) {
        if permit.probe
            && permit.generation == self.generation
            && let State::HalfOpen(half_open) = &mut self.state
        {
            half_open.probing = None;
        }
    }

    /// An attempt was cancelled: nothing is known of it. A probe's permit returns.
    pub fn abandon(&mut self, now: Instant, permit: Permit) {
        if permit.generation == self.generation
            && permit.probe
            && let State::HalfOpen(half_open) = &mut self.state
        {
            half_open.probe_again(now + NEXT_PROBE);
        }
    }

    fn with_slow_calls(&self, ending: &Ending) -> Ending {
        let slow = self
            .settings
            .slow_call
            .is_some_and(|slow| ending.took > slow);
        match ending.health {
            Health::Success if slow => Ending {
                health: Health::Failure,
                ..*ending
            },
            _ => *ending,
        }
    }

    fn take_effect(&mut self, now: Instant, effect: &Effect, unit: f64, traffic: &Traffic) {
        match *effect {
            Effect::None => {}
            Effect::Trip if self.settings.trips && !self.operator.holds_closed(now) => {
                self.trip(now, unit, traffic);
            }
            // Without a circuit, or where an operator wants it so, a failure breaks nothing; only a probe is made again.
            Effect::Trip => {
                if let State::HalfOpen(half_open) = &mut self.state {
                    half_open.probe_again(now + NEXT_PROBE);
                }
            }
            Effect::Rest => {
                let rested = now + self.break_length(unit);
                if let State::HalfOpen(half_open) = &mut self.state {
                    half_open.probe_again(rested);
                }
                // Slots lie behind the rest, as they would behind a break.
                if let Some(outage) = &mut self.outage {
                    outage.until = outage.until.max(rested);
                }
            }
            Effect::Recovered(ramp) => self.recover(now, ramp, traffic),
        }
    }

    /// Calls pass again, at a pace.
    pub(super) fn recover(&mut self, now: Instant, ramp: Duration, traffic: &Traffic) {
        let (normal, peak) = (traffic.normal(now), self.settings.declared_peak);
        let pace = Pace::recovering(now, normal, traffic.median(), ramp, peak).capped(self.cap());
        self.transition(State::Paced(pace));
        self.gate_from = self.generation;
    }

    fn close_gate(
        &mut self,
        now: Instant,
        asked: (Duration, HeaderText),
        unit: f64,
        traffic: &Traffic,
    ) {
        let before = match &self.state {
            State::Open(open) => open.gate,
            _ => None,
        };
        let wait = asked.0.min(self.settings.gate_cap);
        let gate = Gate::by_header(before, now, wait, unit, asked);
        self.open(now, Cause::Gate(gate), traffic);
    }
}

impl Closed {
    fn finish(
        &mut self,
        now: Instant,
        ending: &Ending,
        settings: &CircuitSettings,
        closed_for: Duration,
        traffic: &Traffic,
    ) -> Effect {
        match ending.health {
            Health::Neutral => return Effect::None,
            Health::Success => {
                self.streak.clear();
                traffic.succeeded(now, ending.took);
                if let Some(pace) = &mut self.pace {
                    pace.succeeded(now, ending.took);
                }
                return Effect::None;
            }
            Health::Failure => {}
        }
        traffic.failed(now);
        let consecutive = self.streak.push(now, settings.consecutive, settings.within);
        if consecutive || fails_too_often(now, settings, closed_for, traffic) {
            Effect::Trip
        } else {
            Effect::None
        }
    }
}

/// The other trip rule: too large a share of the window failed. Only what happened since the
/// circuit closed counts.
fn fails_too_often(
    now: Instant,
    settings: &CircuitSettings,
    closed_for: Duration,
    traffic: &Traffic,
) -> bool {
    let Some(rule) = settings.failure_ratio else {
        return false;
    };
    let window = rule.window.min(closed_for + Duration::from_secs(1));
    let seconds = window.as_secs() as u32;
    let failures = traffic.failures(now, seconds);
    let total = traffic.answers(now, seconds);
    total >= u64::from(rule.minimum) && failures as f64 >= rule.ratio * total as f64
}

impl HalfOpen {
    fn finish(&mut self, now: Instant, ending: &Ending) -> Effect {
        match ending.health {
            Health::Success => Effect::Recovered(self.ramp),
            Health::Failure => Effect::Trip,
            Health::Neutral if ending.rate_limited => Effect::Rest,
            Health::Neutral => {
                self.probe_again(now + NEXT_PROBE);
                Effect::None
            }
        }
    }

    pub(super) fn probe_again(&mut self, at: Instant) {
        self.probing = None;
        self.next_probe = at;
    }
}

fn finish_paced(pace: &mut Pace, now: Instant, ending: &Ending) -> Effect {
    match ending.health {
        Health::Neutral => Effect::None,
        Health::Success => {
            pace.succeeded(now, ending.took);
            Effect::None
        }
        Health::Failure if pace.failed(now) => Effect::Trip,
        Health::Failure => Effect::None,
    }
}
