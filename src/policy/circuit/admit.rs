//! May this attempt go now?

use std::time::{Duration, Instant};

use super::background::{BackgroundLimit, BackgroundShare, RECENT_SECONDS};
use super::pace::{Pace, Turn};
use super::{Circuit, CircuitSettings, Closed, HalfOpen, State, Traffic, Wait};
use crate::policy::{PATIENCE, Priority, Refusal};

/// Calls that wait at once for a gate, a probe or a slot. More than these are refused: a queue that
/// grows without bound is a storm in waiting.
const WAITING_AT_MOST: usize = 256;
/// For this long after a break, the probe is left to calls that are better suited.
const PROBE_PREFERENCE: Duration = Duration::from_secs(1);
/// What the circuit needs to know of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Call {
    /// A hash of its idempotency key: the same key keeps its slot.
    pub key: Option<u64>,
    /// Who is waiting for it.
    pub priority: Priority,
    /// Whether a repeat of it would be harmless; such a call makes the better probe.
    pub repeatable: bool,
    /// The rate-limit key: who the server counts this call against.
    pub rate_key: u64,
    /// The reservation it holds for the probe.
    pub reservation: Option<u64>,
    /// How long it may wait here: five seconds less what it has waited, within its deadline.
    pub patience: Duration,
    /// Whether it has been waiting here already.
    pub waiting: bool,
    /// The generation in which it has taken its token of the rate already.
    pub throttled: Option<u64>,
    /// Whether it is asked for its rate alone: no circuit follows that would send a probe.
    pub unguarded: bool,
}

/// What the circuit answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Admission {
    /// Send it.
    Go(Permit),
    /// Come again then, or when the circuit has changed.
    Wait(Wait),
    /// Do not send it.
    Refuse {
        /// Why.
        reason: Refusal,
        /// When it may come again.
        retry_at: Instant,
    },
}

/// The leave to send one attempt. It is handed back by [`Circuit::finish`] or
/// [`Circuit::abandon`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    pub(super) generation: u64,
    pub(super) probe: bool,
}

impl Permit {
    /// The permit of a call that passed because [`Circuit::is_untroubled`] in this generation.
    #[must_use]
    pub const fn untroubled(generation: u64) -> Self {
        Self {
            generation,
            probe: false,
        }
    }

    /// The generation of the circuit that gave it.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether this attempt is the probe.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        self.probe
    }
}

/// What one state says to a call.
pub(super) enum Verdict {
    Go,
    Probe,
    /// A token is promised for then; until then this is the reason to wait.
    Promised(Instant, Refusal),
    /// Ask again then.
    Until(Instant, Refusal),
    No(Refusal),
}

impl Circuit {
    /// Asks leave to send one attempt. `unit` is a random number in [0, 1).
    pub fn admit(&mut self, now: Instant, call: &Call, unit: f64, traffic: &Traffic) -> Admission {
        self.advance(now, traffic);
        let verdict = match (self.turned_away(now, call), &mut self.state) {
            (Some(verdict), _) => verdict,
            (None, State::Closed(_)) if call.throttled == Some(self.generation) => Verdict::Go,
            (None, State::Closed(closed)) => closed.admit(now, call, &self.settings, traffic),
            (None, State::HalfOpen(half_open)) => {
                half_open.admit(now, call, self.settings.max_break)
            }
            (None, State::Paced(pace)) => paced(pace, now, call, Refusal::Pace),
            (None, State::Open(_)) => Verdict::No(Refusal::Open),
        };
        self.settle(now, call, &verdict, unit, traffic)
    }

    /// What an open circuit or a closed gate says to the call.
    pub(super) fn turned_away(&self, now: Instant, call: &Call) -> Option<Verdict> {
        Some(match self.blocked(now, call)? {
            (Refusal::Open, _) => Verdict::No(Refusal::Open),
            (reason, remaining) => Verdict::Until(now + remaining, reason),
        })
    }

    /// Lets time do what it does by itself: maintenance begins, breaks end, limits become pointless, gates lift.
    pub(super) fn advance(&mut self, now: Instant, traffic: &Traffic) {
        self.rate_gates.forget_lifted(now);
        self.begin_due(now, traffic);
        self.pass_to(now, traffic);
    }

    pub(super) fn pass_to(&mut self, now: Instant, traffic: &Traffic) {
        let pace_is_over = self.limiting_pace().is_some_and(|pace| pace.is_over(now));
        match &mut self.state {
            State::Open(open) if open.until <= now => {
                let half_open = open.half_open(self.outage, self.settings.ramp);
                self.transition(State::HalfOpen(half_open));
            }
            // A probe whose future nobody polls tells nothing, and must not wedge the circuit. From
            // here on its result is that of an older generation.
            State::HalfOpen(half_open) if half_open.probing.is_some_and(|lapses| lapses <= now) => {
                half_open.probe_again(now);
                self.generation += 1;
            }
            State::Paced(_) if pace_is_over => self.close(now, traffic),
            State::Closed(closed) if pace_is_over => closed.pace = None,
            State::Closed(_) | State::Open(_) | State::HalfOpen(_) | State::Paced(_) => {}
        }
    }

    /// Turns a verdict into an answer: whether to wait depends on the call's patience, and on how
    /// many wait already.
    pub(super) fn settle(
        &mut self,
        now: Instant,
        call: &Call,
        verdict: &Verdict,
        unit: f64,
        traffic: &Traffic,
    ) -> Admission {
        let reason = match *verdict {
            Verdict::Go => {
                if let State::Closed(_) = self.state
                    && call.throttled != Some(self.generation)
                {
                    traffic.sent(now);
                }
                return Admission::Go(self.permit(false));
            }
            Verdict::Probe => return Admission::Go(self.permit(true)),
            Verdict::Promised(until, reason) => {
                let wait = Wait {
                    until,
                    promised: Some(self.promise()),
                };
                if self.has_room(call) {
                    return Admission::Wait(wait);
                }
                self.give_up(now, &wait);
                reason
            }
            Verdict::Until(until, _) if self.may_wait(now, until, call) => {
                return Admission::Wait(Wait {
                    until,
                    promised: None,
                });
            }
            Verdict::Until(_, reason) | Verdict::No(reason) => reason,
        };
        Admission::Refuse {
            reason,
            retry_at: self.retry_at(now, call, unit, traffic),
        }
    }

    /// Whether the call has the patience to wait until then, and room to do so.
    pub(super) fn may_wait(&self, now: Instant, until: Instant, call: &Call) -> bool {
        self.has_room(call)
            && !call.patience.is_zero()
            && until.saturating_duration_since(now) <= call.patience
    }

    /// Whether one more call may wait.
    #[must_use]
    pub fn has_room(&self, call: &Call) -> bool {
        let places = match call.priority {
            Priority::Foreground => WAITING_AT_MOST,
            Priority::Background => WAITING_AT_MOST / 2,
        };
        call.waiting || self.waiting < places
    }

    pub(super) fn permit(&self, probe: bool) -> Permit {
        Permit {
            generation: self.generation,
            probe,
        }
    }

    pub(super) fn limiting_pace(&mut self) -> Option<&mut Pace> {
        match &mut self.state {
            State::Paced(pace) => Some(pace),
            State::Closed(closed) => closed.pace.as_mut(),
            State::Open(_) | State::HalfOpen(_) => None,
        }
    }
}

impl Closed {
    pub(super) fn admit(
        &mut self,
        now: Instant,
        call: &Call,
        settings: &CircuitSettings,
        traffic: &Traffic,
    ) -> Verdict {
        let Self {
            pace, background, ..
        } = self;
        let mut within_pace = || match pace {
            Some(pace) => paced(pace, now, call, Refusal::Throttle),
            None => Verdict::Go,
        };
        if call.priority == Priority::Foreground {
            return within_pace();
        }
        let limit = BackgroundLimit::new(traffic.normal(now).rate, settings.declared_peak);
        let share = background.get_or_insert_with(|| BackgroundShare::new(now));
        if !limit.has_room(traffic.answers(now, RECENT_SECONDS)) || !share.has_token(now, limit) {
            return Verdict::No(Refusal::BackgroundShare);
        }
        let verdict = within_pace();
        if let Verdict::Go = verdict {
            share.spend();
        }
        verdict
    }
}

impl HalfOpen {
    /// One probe at a time. The call that closed the gate goes first; else one that can be repeated
    /// or that nobody waits for.
    fn admit(&mut self, now: Instant, call: &Call, lapse: Duration) -> Verdict {
        let preferred = match self.first {
            Some(first) => call.reservation == Some(first),
            None => call.repeatable || call.priority == Priority::Background,
        };
        let preference_ends = self.since + PROBE_PREFERENCE;
        if self.probing.is_some() {
            // Nobody waits for a probe that nobody knows the end of longer than for a gate.
            Verdict::Until(now + call.patience.min(PATIENCE), Refusal::Probing)
        } else if now < self.next_probe {
            Verdict::Until(self.next_probe, Refusal::Probing)
        } else if !preferred && now < preference_ends {
            Verdict::Until(preference_ends, Refusal::Probing)
        } else {
            self.probing = Some(now + lapse);
            self.first = None;
            Verdict::Probe
        }
    }
}

fn paced(pace: &mut Pace, now: Instant, call: &Call, refusal: Refusal) -> Verdict {
    let turn = match call.priority {
        Priority::Foreground => pace.take(now, call.patience),
        Priority::Background if pace.take_background(now) => Turn::Now,
        Priority::Background => Turn::No,
    };
    match turn {
        Turn::Now => Verdict::Go,
        Turn::At(until) => Verdict::Promised(until, refusal),
        Turn::No => Verdict::No(refusal),
    }
}
