//! The log: every event to `tracing`, whose only home this is.

use std::time::Duration;

use super::Event;
use crate::policy::StopReason;

/// Writes the event; next to nothing when nobody subscribes.
pub(super) fn write(event: &Event<'_>) {
    match *event {
        Event::AttemptStarted {
            upstream,
            number,
            method,
        } => tracing::trace!(upstream, number, %method, "attempt started"),
        Event::AttemptFinished {
            upstream,
            number,
            method,
            took,
            end,
        } => tracing::debug!(
            upstream,
            number,
            %method,
            ?took,
            end = end.as_str(),
            "attempt finished"
        ),
        Event::AttemptAbandoned {
            upstream,
            number,
            method,
            took,
        } => tracing::debug!(upstream, number, %method, ?took, "attempt abandoned"),
        Event::RetryScheduled {
            upstream,
            number,
            after,
            because,
        } => tracing::debug!(
            upstream,
            number,
            ?after,
            because = because.as_str(),
            "retry scheduled"
        ),
        // The common end of a payment that is declined.
        Event::RetryRefused {
            upstream,
            attempts,
            reason: reason @ StopReason::Permanent,
            because,
        } => tracing::debug!(
            upstream,
            attempts,
            reason = reason.as_str(),
            because = because.as_str(),
            "retry refused"
        ),
        Event::RetryRefused {
            upstream,
            attempts,
            reason,
            because,
        } => tracing::info!(
            upstream,
            attempts,
            reason = reason.as_str(),
            because = because.as_str(),
            "retry refused"
        ),
        Event::CallRefused {
            upstream,
            refusal,
            retry_after,
        } => tracing::debug!(
            upstream,
            refusal = refusal.as_str(),
            ?retry_after,
            "call refused"
        ),
        _ => write_change(event),
    }
}

/// An observer has panicked when it was told of this.
pub(super) fn observer_panicked(event: &Event<'_>) {
    tracing::error!(event = event.name(), "an observer has panicked");
}

/// What changes for all calls.
fn write_change(event: &Event<'_>) {
    let alarming = event.is_alarming();
    match *event {
        Event::GateClosed {
            upstream,
            status,
            asked,
        } => {
            let (status, asked) = (status.as_u16(), Duration::as_secs(&asked));
            if alarming {
                tracing::warn!(upstream, status, asked, "gate closed by Retry-After");
            } else {
                tracing::info!(upstream, status, asked, "gate closed by Retry-After");
            }
        }
        Event::GateLifted { upstream } => tracing::info!(upstream, "gate lifted"),
        Event::ThrottleSlowed {
            upstream,
            rate,
            because,
        } => tracing::info!(
            upstream,
            rate,
            because = because.as_str(),
            "throttle slowed"
        ),
        Event::CircuitChanged { upstream, from, to } if alarming => {
            tracing::warn!(upstream, ?from, ?to, "circuit opened");
        }
        Event::CircuitChanged { upstream, from, to } => {
            tracing::info!(upstream, ?from, ?to, "circuit changed");
        }
        Event::OperatorActed { upstream, act } => {
            tracing::warn!(upstream, %act, "operator acted");
        }
        Event::ControlFileApplied { path } => {
            tracing::info!(path = %path.display(), "control file applied");
        }
        Event::ControlFileRefused { path, why } => {
            tracing::warn!(path = %path.display(), why, "control file refused: the last good one is used");
        }
        Event::RetryAfterIgnored { upstream } => {
            tracing::debug!(upstream, "Retry-After is not a time and was ignored");
        }
        Event::AuthenticationFailing { .. }
        | Event::AuthenticationRecovered { .. }
        | Event::CredentialRenewed { .. }
        | Event::CredentialNotRenewed { .. } => write_credential(event),
        Event::OverrideInForce { preset, overridden } => tracing::warn!(
            preset = preset.as_str(),
            rule = overridden.rule().as_str(),
            rationale = overridden.rationale(),
            "unsafe override in force"
        ),
        Event::ConfigurationChanged { changes } => {
            for change in changes {
                let (setting, before, after) = (change.setting(), change.before(), change.after());
                tracing::info!(setting, before, after, "configuration changed");
            }
        }
        Event::ProfileIgnored { provider, why } => {
            tracing::error!(provider, %why, "profile ignored: no key is honoured");
        }
        _ => {}
    }
}

/// What becomes of credentials; [`super::credentials`] says the same of those that know no upstream.
fn write_credential(event: &Event<'_>) {
    match *event {
        Event::AuthenticationFailing {
            upstream,
            status,
            refused,
        } => {
            let status = status.as_u16();
            tracing::warn!(upstream, status, refused, "authentication failing");
        }
        Event::AuthenticationRecovered {
            upstream,
            status,
            refused,
        } => {
            let status = status.as_u16();
            tracing::info!(upstream, status, refused, "authentication recovered");
        }
        Event::CredentialRenewed { upstream } => tracing::info!(upstream, "credential renewed"),
        Event::CredentialNotRenewed { upstream, why } => {
            tracing::warn!(upstream, %why, "credential not renewed");
        }
        _ => {}
    }
}
