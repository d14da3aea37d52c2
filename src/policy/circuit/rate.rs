//! The rate that is allowed: by the declared peak, by the provider, by an operator.

use std::time::Instant;

use super::pace::{MIN_BURST, OVER_PEAK, Pace};
use super::{Circuit, Closed, State};

/// What no pace exceeds; infinite where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cap {
    /// Calls per second.
    pub(super) rate: f64,
    /// Calls at once. A provider counts by the second; a declared peak is a mean, and people come in
    /// clusters.
    pub(super) at_once: f64,
}

impl Circuit {
    /// The attempts per second that are allowed, retries included: the lowest of 110 % of the declared
    /// peak, the provider's rate, and that of an operator. `None`: nobody has said.
    ///
    /// After a 429 the [pace](Self::pace) is lower for a while.
    #[must_use]
    pub fn rate_limit(&self) -> Option<f64> {
        Some(self.cap().rate).filter(|rate| rate.is_finite())
    }

    /// An operator's own limit, in attempts per second, in force at once; `None` lifts it. The lowest
    /// of all limits holds, so it can slow and never hurry. What is no rate above zero lets nothing
    /// pass.
    pub fn set_rate(&mut self, now: Instant, rate: Option<f64>) {
        self.operators_rate = rate.map(|rate| rate.max(f64::MIN_POSITIVE));
        self.recap(now);
    }

    /// The pace follows what is allowed, which may have changed. Then whoever waits for a token asks
    /// again: a row that was promised at the old rate would pass at it.
    pub(super) fn recap(&mut self, now: Instant) {
        let cap = self.cap();
        let has_changed = match &mut self.state {
            State::Closed(closed) => closed.recap(now, cap),
            State::Paced(pace) => pace.recap(now, cap),
            State::Open(_) | State::HalfOpen(_) => false,
        };
        self.rates += u64::from(has_changed);
    }

    pub(super) fn cap(&self) -> Cap {
        let peak = self.settings.declared_peak.map(|peak| peak * OVER_PEAK);
        let counted = [self.settings.provider_rate, self.operators_rate];
        let lowest = |rates: &[Option<f64>]| {
            let rates = rates.iter().flatten().copied();
            rates.fold(f64::INFINITY, f64::min)
        };
        let counted = lowest(&counted);
        Cap {
            rate: lowest(&[peak, Some(counted)]),
            at_once: counted.max(MIN_BURST),
        }
    }
}

impl Closed {
    /// Answers whether that has changed anything.
    fn recap(&mut self, now: Instant, cap: Cap) -> bool {
        match &mut self.pace {
            Some(pace) if cap.rate.is_finite() => return pace.stand(now, cap),
            // Nothing stands any more. A slowdown goes on until it is over.
            Some(pace) if pace.is_standing() => self.pace = None,
            None if cap.rate.is_finite() => {
                self.pace = Some(Pace::standing(now, cap, f64::INFINITY));
            }
            Some(_) | None => return false,
        }
        true
    }
}
