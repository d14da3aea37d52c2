//! The one error type, opaque and answerable.

mod from_inner;
mod kind;
mod make;

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode};

pub use self::kind::ErrorKind;
use crate::config::PolicyError;
use crate::middleware::credentials::CredentialError;
use crate::policy::grpc::{self, Code};
use crate::policy::idempotency::KeyRefusal;
use crate::policy::{Delivery, Failure, Reason, Refusal};
use crate::report::Report;
use crate::{BoxError, TransportError};

/// Why a call brought no response.
///
/// Its message says what happened, to which upstream, after how many attempts, and what to do next.
/// It never holds a credential, a body or a query string.
///
/// ```
/// use seawall::{Error, policy::Delivery};
///
/// fn order_state(error: &Error) -> (&'static str, Option<std::time::SystemTime>) {
///     match error.delivery() {
///         // With a moment to come again: by the same key. Without one: by asking the upstream.
///         Delivery::Unknown => ("reconcile", error.retry_at()),
///         _ => (error.code(), error.retry_at()),
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    cause: Cause,
    report: Report,
    /// The call moves money: its codes say so.
    payments: bool,
    /// Of the last response, when a retry that was to follow it was refused.
    last_response: Option<(StatusCode, HeaderMap)>,
    source: Option<BoxError>,
}

/// What the error is about.
#[cfg_attr(
    not(feature = "client"),
    allow(
        dead_code,
        reason = "only the client reads statuses and bodies for the caller"
    )
)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cause {
    /// Something is wrong on this side: the value, the rule and the fix.
    Config(String),
    /// The request is not sent with its idempotency key.
    Key(KeyRefusal),
    Failure(Failure),
    Refused(Refusal),
    /// The same for an operator's reason.
    Maintenance(Reason),
    /// The source of its credential has none.
    Credential(CredentialError),
    /// A status that the caller asked to have turned into an error.
    Status(StatusCode),
    /// The same for what gRPC says.
    #[cfg_attr(
        not(feature = "tonic"),
        allow(
            dead_code,
            reason = "only the layers over a tonic channel read gRPC's statuses for the caller"
        )
    )]
    Grpc(Code),
    /// The response's body broke, or is not what was asked for.
    Body(Cow<'static, str>),
}

impl Error {
    /// What kind of trouble it is, in the terms of a payments runbook.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::of(&self.0.cause)
    }

    /// A stable string to store as an order's terminal state, such as
    /// `payment_gateway_unavailable`. When the outcome is unknown it says so, whatever the kind.
    #[must_use]
    pub fn code(&self) -> &'static str {
        kind::code(self.kind(), self.delivery(), self.0.payments)
    }

    /// What the server may have done, over all attempts.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        self.0.report.delivery
    }

    /// When the same call may be made again, by the wall clock. See [`Report::retry_at`].
    #[must_use]
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.0.report.retry_at()
    }

    /// The same as a wait from the end of the call. See [`Report::retry_after`].
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.report.retry_after()
    }

    /// What happened to the call.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// The status of the last response, when a retry that was to follow it was refused, when its
    /// body could not be had, or when the caller asked to have that status turned into an error.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.0.cause {
            Cause::Status(status) => Some(status),
            _ => self.0.last_response.as_ref().map(|(status, _)| *status),
        }
    }

    /// The headers of that response.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.last_response.as_ref().map(|(_, headers)| headers)
    }

    /// The code of gRPC in that response, if it is an answer of gRPC that says what failed. Its status
    /// is 200 then.
    #[must_use]
    pub fn grpc_code(&self) -> Option<Code> {
        let (status, headers) = self.0.last_response.as_ref()?;
        grpc::error_of(*status, headers)
    }

    /// How the transport failed, if it did.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self.0.cause {
            Cause::Failure(failure) => Some(failure),
            _ => None,
        }
    }

    /// Why this side refused to send, if it did.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self.0.cause {
            Cause::Refused(refusal) => Some(refusal),
            Cause::Maintenance(_) => Some(Refusal::Maintenance),
            _ => None,
        }
    }

    /// Why the request was not sent with its idempotency key, if that is why.
    #[must_use]
    pub fn key_refusal(&self) -> Option<&KeyRefusal> {
        match &self.0.cause {
            Cause::Key(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the caller's configuration or request is wrong.
    #[must_use]
    pub fn is_config(&self) -> bool {
        self.kind() == ErrorKind::Config
    }

    /// Whether no connection came about.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.kind() == ErrorKind::Connect
    }

    /// Whether time ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// Whether the upstream is unavailable: refused here because of it, or a 5xx. Of an earlier
    /// attempt that says nothing; [`delivery`](Self::delivery) does.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.kind() == ErrorKind::Unavailable
    }

    /// Whether a rate limit, ours or the server's, is in the way.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.kind() == ErrorKind::Throttled
    }

    /// Whether the credential was refused, 401 or 403, or there was none to send.
    #[must_use]
    pub fn is_authentication(&self) -> bool {
        self.kind() == ErrorKind::Authentication
    }

    /// Whether the connection or the answer broke the protocol.
    #[must_use]
    pub fn is_protocol(&self) -> bool {
        self.kind() == ErrorKind::Protocol
    }

    /// Whether the response's body broke or could not be read, or the request's own failed.
    #[must_use]
    pub fn is_body(&self) -> bool {
        self.kind() == ErrorKind::Body
    }

    /// Whether the outcome is unknown: it may have been done.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.delivery() == Delivery::Unknown
    }
}

impl Error {
    pub(crate) fn error_type(&self) -> &str {
        kind::error_type(&self.0.cause)
    }

    /// Which rule the request breaks, when the transport has said so.
    fn what_is_invalid(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let is_invalid = self.failure() == Some(Failure::InvalidRequest);
        let source = self.0.source.as_ref().filter(|_| is_invalid)?;
        source.downcast_ref::<TransportError>()?.source()
    }
}

impl From<PolicyError> for Error {
    fn from(error: PolicyError) -> Self {
        Self::config(error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.0.report;
        match &self.0.cause {
            Cause::Config(problem) => return f.write_str(problem),
            Cause::Key(refusal) => return write!(f, "{refusal} ({})", report.upstream),
            Cause::Failure(failure) => {
                failure.fmt(f)?;
                if let Some(detail) = self.what_is_invalid() {
                    write!(f, ": {detail}")?;
                }
            }
            Cause::Refused(refusal) => refusal.fmt(f)?,
            Cause::Maintenance(reason) => write!(f, "{}: {reason}", Refusal::Maintenance)?,
            Cause::Credential(why) => why.fmt(f)?,
            Cause::Status(status) => write!(f, "the upstream answered {status}")?,
            Cause::Grpc(code) => write!(f, "the upstream answered {code}")?,
            Cause::Body(problem) => f.write_str(problem)?,
        }
        if !report.upstream.is_empty() {
            write!(f, " ({}", report.upstream)?;
            let plural = if report.attempts == 1 { "" } else { "s" };
            write!(f, ", {} attempt{plural})", report.attempts)?;
        }
        f.write_str(kind::advice(report))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("cause", &self.0.cause)
            .field("code", &self.code())
            .field("report", &self.0.report)
            .field("status", &self.status())
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
