//! Every observable event, and the only home of `tracing`.

use crate::config::{Policy, PolicyError};
use crate::policy::circuit::{CircuitState, Closing};

/// A policy is put to use: each override it carries is said aloud.
pub(crate) fn policy_in_force(policy: &Policy) {
    for overridden in policy.overrides() {
        tracing::warn!(
            preset = policy.preset().as_str(),
            rule = overridden.rule().as_str(),
            rationale = overridden.rationale(),
            "unsafe override in force"
        );
    }
}

/// A provider's profile makes no sense, so it is taken to promise nothing.
pub(crate) fn profile_refused(policy: &Policy, why: &PolicyError) {
    let provider = &*policy.provider().name;
    tracing::error!(provider, %why, "profile ignored: no key is honoured");
}

/// A circuit has changed its state.
pub(crate) fn circuit_changed(upstream: &str, from: CircuitState, to: CircuitState) {
    if to == CircuitState::Open {
        tracing::warn!(upstream, ?from, ?to, "circuit opened");
    } else {
        tracing::info!(upstream, ?from, ?to, "circuit changed");
    }
}

/// A Retry-After has closed a gate for so long that somebody should know.
pub(crate) fn long_gate(upstream: &str, closing: Closing) {
    let status = match closing {
        Closing::Upstream(_) => 503,
        Closing::RateKey(..) => 429,
    };
    let asked = closing.asked().as_secs();
    tracing::warn!(upstream, status, asked, "gate closed by Retry-After");
}

/// A Retry-After was there and means nothing: the local backoff applies.
pub(crate) fn retry_after_ignored(upstream: &str) {
    tracing::debug!(upstream, "Retry-After is not a time and was ignored");
}
