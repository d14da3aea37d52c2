//! Why an operator's act is refused.

use std::fmt;
use std::time::Duration;

use crate::policy::circuit::MOST_PLANNED;

/// Why an operator's act is refused; then it has changed nothing. Its text names the value, the rule
/// and the fix.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ControlError {
    /// That is no upstream.
    Upstream {
        /// What was given, unless it may hold a password.
        given: String,
    },
    /// So many upstreams are known that this one would share its state with others.
    Full {
        /// Its name.
        upstream: String,
    },
    /// The end has passed.
    Past {
        /// For so long.
        ago: Duration,
    },
    /// The end is too far ahead.
    TooFar {
        /// By so much.
        ahead: Duration,
    },
    /// The beginning is not before the end.
    Backwards {
        /// How much later it is.
        by: Duration,
    },
    /// No text says why.
    BlankReason,
    /// Too many maintenances are planned.
    TooManyPlans,
    /// The rate is no rate.
    Rate {
        /// What was given, in calls per second.
        rate: f64,
    },
}

impl ControlError {
    /// A password or a key may be in a URL.
    pub(super) fn no_upstream(text: &str) -> Self {
        let may_hold_secret = text.contains(['@', '?']);
        let given = if may_hold_secret { "…" } else { text };
        let given = given.chars().take(100).collect();
        Self::Upstream { given }
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upstream { given } => write!(
                f,
                "{given:?} names no upstream: write scheme and host, such as \
                 `https://gateway.example`, and `:port` or `#name` if it has them"
            ),
            Self::Full { upstream } => write!(
                f,
                "{upstream} cannot be acted on: too many upstreams are known, so that newcomers share \
                 one state; call fewer hosts with one client"
            ),
            Self::Past { ago } => write!(
                f,
                "the end was {ago:.0?} ago: forcing needs an end, so choose one ahead of now"
            ),
            Self::TooFar { ahead } => write!(
                f,
                "the end is {} days ahead, and at most 30 are allowed: choose an earlier one, and \
                 extend it later",
                ahead.as_secs() / 86_400
            ),
            Self::Backwards { by } => write!(
                f,
                "the beginning must be before the end, and is {by:.0?} after it: exchange them, or \
                 choose a later end"
            ),
            Self::BlankReason => f.write_str(
                "the reason is blank, and whoever is turned away will ask for it: name the ticket, or \
                 who decided",
            ),
            Self::TooManyPlans => write!(
                f,
                "{MOST_PLANNED} maintenances are planned already, which is as many as are kept: cancel \
                 those that are no longer wanted"
            ),
            Self::Rate { rate } => write!(
                f,
                "the rate is {rate}, and must be a number above 0: choose calls per second, or none \
                 for no limit; to let nothing pass, open the circuit"
            ),
        }
    }
}

impl std::error::Error for ControlError {}
