//! What can happen.

use std::path::Path;
use std::time::Duration;

use http::{Method, StatusCode};

use super::AttemptEnd;
use crate::config::{Change, Override, PolicyError, Preset};
use crate::control::Act;
use crate::middleware::credentials::CredentialError;
use crate::policy::circuit::{CircuitState, SlowedBy};
use crate::policy::{Refusal, StopReason};

/// A gate that stays closed for longer than this is news: somebody should know who closed it.
const LONG_GATE: Duration = Duration::from_secs(300);

/// Something that happened. No credential, body, path or query is in any of them.
///
/// ```
/// use std::time::Duration;
/// use http::StatusCode;
/// use seawall::event::Event;
///
/// let closed = Event::GateClosed {
///     upstream: "https://gateway.example:443",
///     status: StatusCode::SERVICE_UNAVAILABLE,
///     asked: Duration::from_secs(1_200),
/// };
/// assert_eq!(closed.name(), "gate_closed");
/// assert!(closed.is_alarming(), "longer than five minutes");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An attempt is about to be sent. It is followed by one of the next two.
    AttemptStarted {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// Its number in the call; the first is 1.
        number: u32,
        /// The request's method.
        method: &'a Method,
    },
    /// An attempt was sent and has ended: with a response head, or without.
    ///
    /// One of gRPC whose head has no status ends with its trailers or where its stream breaks off, for
    /// only that tells how it ended. A probe of the circuit always ends with its head.
    AttemptFinished {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// Its number in the call; the first is 1.
        number: u32,
        /// The request's method.
        method: &'a Method,
        /// From its admission to its head, or to its end without one; without the wait for another
        /// credential, if it was answered.
        took: Duration,
        /// How it ended.
        end: AttemptEnd,
    },
    /// An attempt has no end to tell of: its call was dropped, or it ended before anything was sent. Or
    /// it was one of gRPC, and its stream was dropped before the status came.
    AttemptAbandoned {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// Its number in the call; the first is 1.
        number: u32,
        /// The request's method.
        method: &'a Method,
        /// From its admission to that moment.
        took: Duration,
    },
    /// A call will be sent again.
    RetryScheduled {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// The number of the attempt to come; the first retry is 2.
        number: u32,
        /// The wait before it.
        after: Duration,
        /// How the attempt before it ended.
        because: AttemptEnd,
    },
    /// A call without a final answer is not sent again.
    RetryRefused {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// Attempts made.
        attempts: u32,
        /// Why not.
        reason: StopReason,
        /// How the last attempt ended.
        because: AttemptEnd,
    },
    /// An attempt was refused here, and nothing was sent.
    CallRefused {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// Why.
        refusal: Refusal,
        /// When it may be made again, from now.
        retry_after: Duration,
    },
    /// A Retry-After has closed a gate, or moved its end: on 503 the upstream's, on 429 that of one
    /// credential.
    GateClosed {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// The status that it came with.
        status: StatusCode,
        /// The wait that the server asked for. The gate stays closed no longer than the policy's cap.
        asked: Duration,
    },
    /// The upstream's gate is open again, for the probe.
    GateLifted {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
    },
    /// The rate at which the upstream is called is lower than before.
    ThrottleSlowed {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// Calls per second, from now on.
        rate: f64,
        /// Why.
        because: SlowedBy,
    },
    /// A circuit has changed its state.
    CircuitChanged {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// The state before.
        from: CircuitState,
        /// The state now.
        to: CircuitState,
    },
    /// An operator has intervened.
    OperatorActed {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// What was done.
        act: &'a Act,
    },
    /// A control file is in force: read for the first time, or changed.
    ControlFileApplied {
        /// The file.
        path: &'a Path,
    },
    /// A control file was changed, and the change is refused, or the file cannot be read. The last good
    /// one stays in force.
    ControlFileRefused {
        /// The file.
        path: &'a Path,
        /// What is wrong with it.
        why: &'a str,
    },
    /// A Retry-After was there and means nothing: the local backoff applies.
    RetryAfterIgnored {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
    },
    /// The upstream has refused so many attempts in a row with 401 or 403, whosever credential they
    /// carried. Told once, until [`AuthenticationRecovered`](Self::AuthenticationRecovered).
    AuthenticationFailing {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// The last status.
        status: StatusCode,
        /// Attempts refused in a row.
        refused: u32,
    },
    /// After [`AuthenticationFailing`](Self::AuthenticationFailing), an attempt was accepted.
    AuthenticationRecovered {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// Its status.
        status: StatusCode,
        /// Attempts refused in a row before it.
        refused: u32,
    },
    /// A source was asked for another credential, and has answered. It is told to the upstream whose
    /// attempt asked first; the others that wait for it say nothing.
    CredentialRenewed {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
    },
    /// A source was asked for another credential, and has none.
    CredentialNotRenewed {
        /// Scheme, host, port and finer name.
        upstream: &'a str,
        /// Why not.
        why: &'a CredentialError,
    },
    /// A policy is put to use in which a safety rule is overridden.
    OverrideInForce {
        /// The policy's preset.
        preset: Preset,
        /// The rule, and why it is safe here.
        overridden: &'a Override,
    },
    /// Another policy has been put in force under traffic.
    ConfigurationChanged {
        /// Every setting that is another now.
        changes: &'a [Change],
    },
    /// A provider's profile makes no sense, so it is taken to promise nothing.
    ProfileIgnored {
        /// The provider's name.
        provider: &'a str,
        /// What is wrong with it.
        why: &'a PolicyError,
    },
}

impl Event<'_> {
    /// The stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AttemptStarted { .. } => "attempt_started",
            Self::AttemptFinished { .. } => "attempt_finished",
            Self::AttemptAbandoned { .. } => "attempt_abandoned",
            Self::RetryScheduled { .. } => "retry_scheduled",
            Self::RetryRefused { .. } => "retry_refused",
            Self::CallRefused { .. } => "call_refused",
            Self::GateClosed { .. } => "gate_closed",
            Self::GateLifted { .. } => "gate_lifted",
            Self::ThrottleSlowed { .. } => "throttle_slowed",
            Self::CircuitChanged { .. } => "circuit_changed",
            Self::OperatorActed { .. } => "operator_acted",
            Self::ControlFileApplied { .. } => "control_file_applied",
            Self::ControlFileRefused { .. } => "control_file_refused",
            Self::RetryAfterIgnored { .. } => "retry_after_ignored",
            Self::AuthenticationFailing { .. } => "authentication_failing",
            Self::AuthenticationRecovered { .. } => "authentication_recovered",
            Self::CredentialRenewed { .. } => "credential_renewed",
            Self::CredentialNotRenewed { .. } => "credential_not_renewed",
            Self::OverrideInForce { .. } => "override_in_force",
            Self::ConfigurationChanged { .. } => "configuration_changed",
            Self::ProfileIgnored { .. } => "profile_ignored",
        }
    }

    /// The upstream it is about; `None` for what concerns all of them.
    #[must_use]
    pub const fn upstream(&self) -> Option<&str> {
        match self {
            Self::AttemptStarted { upstream, .. }
            | Self::AttemptFinished { upstream, .. }
            | Self::AttemptAbandoned { upstream, .. }
            | Self::RetryScheduled { upstream, .. }
            | Self::RetryRefused { upstream, .. }
            | Self::CallRefused { upstream, .. }
            | Self::GateClosed { upstream, .. }
            | Self::GateLifted { upstream }
            | Self::ThrottleSlowed { upstream, .. }
            | Self::CircuitChanged { upstream, .. }
            | Self::OperatorActed { upstream, .. }
            | Self::RetryAfterIgnored { upstream }
            | Self::AuthenticationFailing { upstream, .. }
            | Self::AuthenticationRecovered { upstream, .. }
            | Self::CredentialRenewed { upstream }
            | Self::CredentialNotRenewed { upstream, .. } => Some(upstream),
            Self::ControlFileApplied { .. }
            | Self::ControlFileRefused { .. }
            | Self::OverrideInForce { .. }
            | Self::ConfigurationChanged { .. }
            | Self::ProfileIgnored { .. } => None,
        }
    }

    /// Whether somebody should know of it at three in the morning.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        match self {
            Self::GateClosed { asked, .. } => *asked > LONG_GATE,
            Self::CircuitChanged { to, .. } => *to == CircuitState::Open,
            Self::OperatorActed { .. }
            | Self::AuthenticationFailing { .. }
            | Self::ControlFileRefused { .. }
            | Self::OverrideInForce { .. }
            | Self::ProfileIgnored { .. } => true,
            _ => false,
        }
    }
}
