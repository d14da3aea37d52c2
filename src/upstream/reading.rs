//! What can be read of an upstream for a gauge.

use std::time::{Duration, Instant};

use super::Upstream;
use crate::policy::circuit::CircuitState;

/// What a gauge shows of an upstream. Reading it changes nothing and tells nobody, so that an observer
/// may read while it is told of something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    /// The state that the next call meets.
    pub(crate) state: CircuitState,
    pub(crate) retries_left: f64,
    pub(crate) gate_left: Duration,
    /// Calls per second admitted now; `None`: as many as come.
    pub(crate) rate: Option<f64>,
}

impl Reading {
    /// The worse of both, in each respect.
    pub(crate) fn worse(self, other: Self) -> Self {
        let rank = |state| match state {
            CircuitState::Closed => 0,
            CircuitState::Paced => 1,
            CircuitState::HalfOpen => 2,
            CircuitState::Open => 3,
        };
        Self {
            state: if rank(other.state) > rank(self.state) {
                other.state
            } else {
                self.state
            },
            retries_left: self.retries_left.min(other.retries_left),
            gate_left: self.gate_left.max(other.gate_left),
            rate: match (self.rate, other.rate) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }
}

impl Upstream {
    /// What a gauge shows of it now.
    pub(crate) fn reading(&self, now: Instant) -> Reading {
        let retries_left = self.budget().balance(now);
        let ((state, rate), gate_until) =
            self.look(|circuit| (circuit.outlook(now), circuit.gate_until()));
        let gate_until = gate_until.unwrap_or(now);
        Reading {
            state,
            retries_left,
            gate_left: gate_until.saturating_duration_since(now),
            rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_readings_the_worse_counts_in_each_respect() {
        let well = Reading {
            state: CircuitState::Closed,
            retries_left: 6.0,
            gate_left: Duration::ZERO,
            rate: None,
        };
        let gated = Reading {
            state: CircuitState::Open,
            gate_left: Duration::from_secs(60),
            rate: Some(0.0),
            ..well
        };
        let spent = Reading {
            retries_left: 0.5,
            rate: Some(2.0),
            state: CircuitState::Paced,
            ..well
        };
        let worst = Reading {
            retries_left: 0.5,
            ..gated
        };
        assert_eq!(well.worse(gated), gated);
        assert_eq!(gated.worse(well), gated);
        assert_eq!(gated.worse(spent), worst);
        assert_eq!(spent.worse(gated), worst);
    }
}
