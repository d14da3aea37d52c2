//! The kinds of trouble, and the stable codes for them.

use http::StatusCode;

use super::Cause;
use crate::policy::{Delivery, Failure, Guarantee, Refusal};
use crate::report::Report;

/// What kind of trouble it is, in the terms of a payments runbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something is wrong on this side: a URL, a header, a policy.
    Config,
    /// No connection: DNS, refused, TLS. [`Error::failure`](super::Error::failure) tells which.
    Connect,
    /// The attempt timeout or the deadline ran out.
    Timeout,
    /// The upstream is known to be down: circuit, gate, pace; or it said 5xx.
    Unavailable,
    /// A rate limit: ours or the server's.
    Throttled,
    /// 401 or 403, or no credential to send: look at the key, not at the network.
    Authentication,
    /// The connection or the answer broke the protocol, or the status is not one to expect.
    Protocol,
    /// The response's body broke or could not be read, or the request's own failed while it was sent.
    Body,
}

impl ErrorKind {
    pub(super) fn of(cause: &Cause) -> Self {
        match cause {
            Cause::Config(_) | Cause::Key(_) | Cause::Failure(Failure::InvalidRequest) => {
                Self::Config
            }
            Cause::Grpc(code) => Self::of(&Cause::Status(code.equivalent())),
            Cause::Failure(failure) if failure.is_connect() => Self::Connect,
            Cause::Failure(failure) if failure.is_timeout() => Self::Timeout,
            Cause::Failure(Failure::RequestBody) => Self::Body,
            Cause::Failure(failure) if failure.is_body() => Self::Body,
            Cause::Failure(_) => Self::Protocol,
            Cause::Refused(Refusal::RateLimit | Refusal::Throttle | Refusal::BackgroundShare) => {
                Self::Throttled
            }
            Cause::Refused(_) | Cause::Maintenance(_) => Self::Unavailable,
            Cause::Credential(_) => Self::Authentication,
            Cause::Status(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Self::Authentication,
            Cause::Status(StatusCode::TOO_MANY_REQUESTS) => Self::Throttled,
            Cause::Status(status) if status.is_server_error() => Self::Unavailable,
            Cause::Status(_) => Self::Protocol,
            Cause::Body(_) => Self::Body,
        }
    }
}

/// The stable name of what happened, whatever it means: for traces.
pub(super) fn error_type(cause: &Cause) -> &str {
    match cause {
        Cause::Config(_) => "config",
        Cause::Key(_) => "key_refused",
        Cause::Failure(failure) => failure.as_str(),
        Cause::Refused(refusal) => refusal.as_str(),
        Cause::Maintenance(_) => Refusal::Maintenance.as_str(),
        Cause::Credential(_) => "no_credential",
        Cause::Status(status) => status.as_str(),
        Cause::Grpc(code) => code.as_str(),
        Cause::Body(_) => "body",
    }
}

/// The stable code. An unknown outcome outranks the kind: nobody may read it as "not paid".
pub(super) fn code(kind: ErrorKind, delivery: Delivery, payments: bool) -> &'static str {
    if delivery == Delivery::Unknown {
        return if payments {
            "payment_outcome_unknown"
        } else {
            "upstream_outcome_unknown"
        };
    }
    match (kind, payments) {
        (ErrorKind::Config, true) => "payment_request_invalid",
        (ErrorKind::Config, false) => "upstream_request_invalid",
        (ErrorKind::Connect, true) => "payment_gateway_unreachable",
        (ErrorKind::Connect, false) => "upstream_unreachable",
        (ErrorKind::Timeout, true) => "payment_gateway_timeout",
        (ErrorKind::Timeout, false) => "upstream_timeout",
        (ErrorKind::Unavailable, true) => "payment_gateway_unavailable",
        (ErrorKind::Unavailable, false) => "upstream_unavailable",
        (ErrorKind::Throttled, true) => "payment_gateway_throttled",
        (ErrorKind::Throttled, false) => "upstream_throttled",
        (ErrorKind::Authentication, true) => "payment_gateway_authentication_failed",
        (ErrorKind::Authentication, false) => "upstream_authentication_failed",
        (ErrorKind::Protocol, true) => "payment_gateway_protocol_error",
        (ErrorKind::Protocol, false) => "upstream_protocol_error",
        (ErrorKind::Body, true) => "payment_gateway_body_error",
        (ErrorKind::Body, false) => "upstream_body_error",
    }
}

/// What to do next.
pub(super) fn advice(report: &Report) -> &'static str {
    match (report.delivery, report.retry.is_some(), report.guarantee) {
        (Delivery::Unknown, true, Guarantee::Keyed) => {
            "; it may have been done: send the same idempotency key again, or ask the upstream"
        }
        (Delivery::Unknown, true, Guarantee::Idempotent) => {
            "; it may have been done: to send it again at `retry_at` does no harm"
        }
        (Delivery::Unknown, ..) => {
            "; it may have been done: ask the upstream before anything is sent again"
        }
        (_, true, _) => "; this call did nothing: try again at `retry_at`",
        (_, false, _) => "",
    }
}
