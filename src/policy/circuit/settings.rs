//! What a circuit is set to. Built and checked by the policy's builder.

use std::time::Duration;

/// What a circuit is set to. Every field is documented with its default and reason in the presets.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CircuitSettings {
    /// Whether failures trip it. The gate and the pace work either way.
    pub trips: bool,
    /// Failures with no success between that trip it.
    pub consecutive: u32,
    /// The longest time those failures may span. Wide enough for a service that calls once a minute.
    pub within: Duration,
    /// The other trip rule, for busy upstreams.
    pub failure_ratio: Option<FailureRatio>,
    /// A success slower than this counts as a failure.
    pub slow_call: Option<Duration>,
    /// The first break.
    pub break_duration: Duration,
    /// What each failed recovery multiplies the break by.
    pub break_multiplier: f64,
    /// The longest break.
    pub max_break: Duration,
    /// How long the pace takes from a tenth of normal to all of it.
    pub ramp: Duration,
    /// The longest a Retry-After can close the gate.
    pub gate_cap: Duration,
    /// The declared peak of this process, in calls per second: at most 110 % of it is ever sent.
    pub declared_peak: Option<f64>,
    /// What the provider allows, in calls per second: no more is ever sent, nor more than that at once.
    pub provider_rate: Option<f64>,
}

/// Beyond this a duration is a mistake, and a clock could not be set by it.
pub(crate) const LONGEST: Duration = Duration::from_secs(30 * 86_400);

impl CircuitSettings {
    /// The same, with no duration that a clock could not bear. The policy's builder refuses such
    /// ones; a copy may have been changed since.
    pub(super) fn bounded(self) -> Self {
        let bounded = |duration: Duration| duration.min(LONGEST);
        Self {
            within: bounded(self.within),
            break_duration: bounded(self.break_duration),
            max_break: bounded(self.max_break),
            ramp: bounded(self.ramp),
            gate_cap: bounded(self.gate_cap),
            ..self
        }
    }
}

/// Trip when this share of the results in the window failed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct FailureRatio {
    /// Share of failures, in (0, 1].
    pub ratio: f64,
    /// The window; at most a minute.
    pub window: Duration,
    /// Results in the window below which nothing trips.
    pub minimum: u32,
}
