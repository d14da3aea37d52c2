//! May this call be sent again, and when?

use std::time::Duration;

use super::classify::{Outcome, Repeat, repeat};
use super::{Guarantee, Refusal, StopReason};

/// A closed gate is waited for inside a call when it lifts within this time (semantics of the gate:
/// a caller is better served by a short wait than by an error).
pub const PATIENCE: Duration = Duration::from_secs(5);

/// One finished attempt of a call.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// How it ended.
    pub outcome: Outcome<'a>,
    /// What makes a repeat harmless.
    pub guarantee: Guarantee,
    /// Whether the body can be sent again.
    pub replayable: bool,
    /// Its number in the call; the first is 1.
    pub number: u32,
    /// Whether the call has already used its one repeat for an answer that is worth one.
    pub repeated_once: bool,
}

/// What the attempt is held against.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// Attempts allowed in a call, the first included.
    pub max_attempts: u32,
    /// The jittered backoff before the next attempt.
    pub backoff: Duration,
    /// What the server asked for, its jitter included; zero when it asked for nothing.
    pub server_wait: Duration,
    /// Time until the deadline; `None` without one.
    pub time_left: Option<Duration>,
    /// Time until the provider may forget the idempotency key; `None` when nothing hangs on a key.
    pub key_life_left: Option<Duration>,
    /// Whether the upstream would take another attempt.
    pub standing: Standing,
}

/// Whether the upstream would take another attempt now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It would.
    Admitting,
    /// It would not.
    Blocked {
        /// Why.
        by: Refusal,
        /// How long for.
        remaining: Duration,
        /// Whether the answer to this very attempt closed it: such a call may wait as long as its
        /// deadline allows.
        by_this_call: bool,
    },
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send again after this delay.
    Retry {
        /// The wait before the next attempt; zero means at once.
        after: Duration,
    },
    /// The call ends here.
    Stop(StopReason),
}

/// Decides whether a call goes on, asking the cheapest and firmest questions first.
///
/// The budget is asked last, because its answer is the only one that takes something: `withdraw`
/// is called at most once, and only when nothing else forbids the retry.
#[must_use]
pub fn decide(
    attempt: &Attempt<'_>,
    conditions: &Conditions,
    withdraw: impl FnOnce() -> bool,
) -> Decision {
    let repeat = repeat(&attempt.outcome, attempt.guarantee);
    if let Repeat::Never(reason) = repeat {
        return Decision::Stop(reason);
    }
    if !attempt.replayable {
        return Decision::Stop(StopReason::BodyNotReplayable);
    }
    if attempt.number >= conditions.max_attempts {
        return Decision::Stop(StopReason::AttemptsExhausted);
    }
    if repeat == Repeat::Once && attempt.repeated_once {
        return Decision::Stop(StopReason::RepeatedOnce);
    }
    let after = wait(conditions);
    if conditions.key_life_left.is_some_and(|left| after >= left) {
        return Decision::Stop(StopReason::KeyExpired);
    }
    if conditions.time_left.is_some_and(|left| after >= left) {
        return Decision::Stop(StopReason::DeadlineTooNear);
    }
    if let Standing::Blocked { by, remaining, .. } = conditions.standing
        && remaining > after
    {
        return Decision::Stop(StopReason::Refused(by));
    }
    if !withdraw() {
        return Decision::Stop(StopReason::BudgetExhausted);
    }
    Decision::Retry { after }
}

/// The longest of what we owe the upstream: our backoff, its Retry-After, its gate.
fn wait(conditions: &Conditions) -> Duration {
    let owed = conditions.backoff.max(conditions.server_wait);
    match conditions.standing {
        Standing::Blocked {
            remaining,
            by_this_call: true,
            ..
        } => owed.max(remaining),
        Standing::Blocked {
            by: Refusal::Gate | Refusal::RateLimit | Refusal::Maintenance,
            remaining,
            ..
        } if remaining <= PATIENCE => owed.max(remaining),
        Standing::Blocked { .. } | Standing::Admitting => owed,
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
