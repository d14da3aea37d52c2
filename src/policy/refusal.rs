//! The reasons for which this side refuses to send.

use std::fmt;

/// Why an attempt was refused here, before anything was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// A Retry-After holds the upstream's gate closed.
    Gate,
    /// A Retry-After on 429 holds this credential's gate closed.
    RateLimit,
    /// The circuit is open.
    Open,
    /// An operator keeps calls away.
    Maintenance,
    /// The circuit is half-open and its probe is under way.
    Probing,
    /// The pace after a recovery has no room for this call now.
    Pace,
    /// This side's own limit has no room for this call now: the rate, or the calls at once.
    Throttle,
    /// Background work has taken its share.
    BackgroundShare,
}

impl Refusal {
    /// The stable name, as it appears in reports and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gate => "gate_closed",
            Self::RateLimit => "rate_limited",
            Self::Open => "circuit_open",
            Self::Maintenance => "maintenance",
            Self::Probing => "circuit_half_open",
            Self::Pace => "paced",
            Self::Throttle => "throttled",
            Self::BackgroundShare => "background_share",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gate => "the upstream asked by Retry-After not to be called yet",
            Self::RateLimit => "the upstream asked this credential by Retry-After to slow down",
            Self::Open => "the circuit is open after repeated failures",
            Self::Maintenance => "calls of the upstream are suspended by an operator",
            Self::Probing => "the circuit is half-open and waits for its probe",
            Self::Pace => "the upstream is recovering and calls are paced",
            Self::Throttle => "this side's limit for the upstream has no room for the call now",
            Self::BackgroundShare => "background work has taken its share of the rate",
        })
    }
}
