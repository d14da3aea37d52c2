//! What the end of an attempt tells its upstream.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use http::StatusCode;

use super::Upstream;
use super::state::nanoseconds;
use crate::event::Event;
use crate::policy::Health;
use crate::policy::authentication::{Alarm, Verdict};
use crate::policy::circuit::{Circuit, ClosedGate, Closing, Ending, Permit, Slowed};

impl Upstream {
    pub(crate) fn finish(&self, now: Instant, permit: Permit, ending: &Ending) {
        if self.changes_nothing(now, permit, ending) {
            if ending.health == Health::Success {
                self.succeeded(now, ending.took);
            }
            return;
        }
        let unit = self.unit();
        let finish = |circuit: &mut Circuit| {
            let was_until = circuit.gate_until();
            let slowed = circuit.finish(now, permit, ending, unit, &self.traffic);
            (was_until, circuit.gate_until(), slowed)
        };
        self.change_because(finish, |&(was_until, is_until, slowed)| {
            self.tell_of_gate(was_until, is_until, ending);
            self.tell_of_slowing(slowed);
        });
        // A credential's gate may have closed on those who wait. And after a probe, also one that
        // told nothing, somebody else may try.
        if permit.is_probe() || ending.closing.is_some() {
            self.notify();
        }
    }

    /// Whether a success changes nothing: nothing is wrong with the circuit that has let it through, nor
    /// was it slow.
    pub(crate) fn is_routine(&self, now: Instant, permit: Permit, took: Duration) -> bool {
        self.generation(now) == Some(permit.generation())
            && nanoseconds(Some(took)) <= self.slow_call.load(Ordering::Relaxed)
    }

    /// A routine success has taken so long.
    pub(crate) fn succeeded(&self, now: Instant, took: Duration) {
        self.traffic.succeeded(now, took);
    }

    pub(crate) fn abandon(&self, now: Instant, permit: Permit) {
        if permit.is_probe() {
            self.change(|circuit| circuit.abandon(now, permit));
            self.notify();
        }
    }

    /// An attempt was answered so: the alarm of refused credentials, which leaves the circuit alone.
    pub(crate) fn authenticated(&self, status: StatusCode, alarm_after: u32) {
        let upstream = &**self.name();
        match self.refusals.judged(Verdict::of(status), alarm_after) {
            Some(Alarm::Failing(refused)) => self.tell(&Event::AuthenticationFailing {
                upstream,
                status,
                refused,
            }),
            Some(Alarm::Recovered(refused)) => self.tell(&Event::AuthenticationRecovered {
                upstream,
                status,
                refused,
            }),
            None => {}
        }
    }

    fn tell_of_slowing(&self, slowed: Option<Slowed>) {
        let upstream = &**self.name();
        if let Some(Slowed { rate, because }) = slowed {
            self.tell(&Event::ThrottleSlowed {
                upstream,
                rate,
                because,
            });
        }
    }

    fn tell_of_gate(&self, was_until: Option<Instant>, is_until: Option<Instant>, ending: &Ending) {
        let upstream = &**self.name();
        let status = match ending.closing {
            Some(Closing::Upstream(_)) if is_until <= was_until => return,
            Some(Closing::Upstream(_)) => ClosedGate::STATUS,
            Some(Closing::RateKey(..)) => StatusCode::TOO_MANY_REQUESTS,
            None => return,
        };
        let asked = ending.closing.map_or(Duration::ZERO, Closing::asked);
        self.tell(&Event::GateClosed {
            upstream,
            status,
            asked,
        });
    }

    /// A healthy circuit learns nothing from what is neither failure nor slow nor a Retry-After.
    fn changes_nothing(&self, now: Instant, permit: Permit, ending: &Ending) -> bool {
        ending.health != Health::Failure
            && ending.closing.is_none()
            && self.is_routine(now, permit, ending.took)
    }
}
