//! From an error of the client to a status: the table in the README.

use http::StatusCode;
use seawall::policy::Failure;
use seawall::policy::idempotency::KeyRefusal;
use seawall::{Delivery, Error, ErrorKind};

/// The status for a call without an answer.
///
/// A 503 is said only where nothing can have been done: programs take it for leave to come again.
pub(crate) fn of(error: &Error) -> StatusCode {
    if let Some(refusal) = error.key_refusal() {
        return of_key(refusal);
    }
    if was_refused(error) {
        return match error.delivery() {
            // An attempt before it may have been acted on, and no answer says so.
            Delivery::Unknown => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
    }
    match (error.kind(), error.failure()) {
        (_, Some(failure)) if failure.is_timeout() => StatusCode::GATEWAY_TIMEOUT,
        // The caller's own body broke off, or was not as long as it said.
        (_, Some(Failure::RequestBody)) => StatusCode::BAD_REQUEST,
        (ErrorKind::Config, _) => StatusCode::BAD_REQUEST,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// By circuit, gate, pace, limit or operator; or the deadline came first.
fn was_refused(error: &Error) -> bool {
    error.refusal().is_some() || matches!(error.failure(), Some(Failure::Deadline(_)))
}

/// draft-ietf-httpapi-idempotency-key-header section 2.7: 422 for a key of another request.
fn of_key(refusal: &KeyRefusal) -> StatusCode {
    match refusal {
        KeyRefusal::OtherRequest | KeyRefusal::OtherOrigin | KeyRefusal::Expired => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        _ => StatusCode::BAD_REQUEST,
    }
}
