//! What the caller is told: a status of tonic, with our error behind it.

use std::error::Error as StdError;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, Response};
use tonic::Status;

use crate::error::Cause;
use crate::middleware::throttle::ThrottledBody;
use crate::policy::Failure;
use crate::policy::grpc::{self, Code};
use crate::{Error, ErrorKind, Report};

/// The error of this library behind a status that its stack has given: what the server may have done,
/// when to come again, the report of the call.
///
/// `None`: the status came later, in the trailers of an answer that had begun to reach the caller, or
/// from elsewhere.
///
/// ```
/// use seawall::adapters::grpc::{GrpcLayer, error_in};
/// use seawall::{Delivery, Policy};
/// use tonic::transport::Channel;
/// use tower::{Layer, ServiceExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Nobody listens there.
/// let origin = "http://127.0.0.1:1";
/// let layer = GrpcLayer::new(Policy::internal(), origin)?;
/// let service = layer.layer(Channel::from_static(origin).connect_lazy());
///
/// // What a generated client does, and the status that it gives.
/// let request = http::Request::post("/ledger.v1.Ledger/Pay").body(tonic::body::Body::empty())?;
/// let status = service.oneshot(request).await.unwrap_err();
///
/// assert_eq!(status.code(), tonic::Code::Unavailable);
/// let error = error_in(&status).expect("it came from the stack");
/// assert_eq!(error.delivery(), Delivery::NotSent);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn error_in(status: &Status) -> Option<&Error> {
    status.source()?.downcast_ref()
}

/// The status of a call that brought no answer. Its text is that of the error.
pub(super) fn of_error(error: Error) -> Status {
    let mut status = Status::new(code_of(&error), error.to_string());
    status.set_source(Arc::new(error));
    status
}

/// The answer, unless its head says that the call failed. tonic would make a status of such a head by
/// itself, and lose the report.
pub(super) fn of_answer<C>(
    mut response: Response<ThrottledBody<C>>,
    payments: bool,
) -> Result<Response<ThrottledBody<C>>, Status> {
    let Some(code) = grpc::error_of(response.status(), response.headers()) else {
        // A generated client shows its caller no body.
        Report::move_to_extensions(&mut response);
        return Ok(response);
    };
    let Some(report) = Report::take(&mut response) else {
        return Ok(response);
    };
    let (head, _) = response.into_parts();
    let mut status = in_words_of_tonic(code, &head.headers);
    let (reason, delivery) = (report.stop_reason(), report.delivery());
    let error = Error::new(Cause::Grpc(code), reason, delivery)
        .with_report(report, payments)
        .with_last_response(Some((head.status, head.headers)));
    status.set_source(Arc::new(error));
    Err(status)
}

/// The status with the server's own text, details and metadata.
fn in_words_of_tonic(code: Code, headers: &HeaderMap) -> Status {
    let told = Status::from_header_map(headers);
    let code = i32::from(code.number()).into();
    match told {
        Some(told) if told.code() == code => told,
        // The lines of its number differ.
        _ => Status::new(code, "the answer has more than one status"),
    }
}

/// Takes out the details of a status that are not base64: tonic panics at those.
pub(super) fn without_unreadable_details(headers: &mut HeaderMap) {
    const DETAILS: &str = "grpc-status-details-bin";
    let details = headers.get(DETAILS);
    if details.is_some_and(|details| LENIENT.decode(details).is_err()) {
        headers.remove(DETAILS);
    }
}

/// Padded or not, as gRPC allows both.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fn code_of(error: &Error) -> tonic::Code {
    // Of the answer whose retry was refused.
    if let Some(code) = error.grpc_code() {
        return i32::from(code.number()).into();
    }
    match error.failure() {
        Some(Failure::InvalidRequest | Failure::RequestBody) => code_of_body(error),
        Some(Failure::Stream(code)) => code_of_reset(code),
        Some(Failure::Malformed | Failure::OversizedBody { .. }) => tonic::Code::Internal,
        Some(failure) if failure.is_timeout() && !failure.is_connect() => {
            tonic::Code::DeadlineExceeded
        }
        // Some of the request may have been sent: that is a matter of the delivery, not of the code.
        Some(_) => tonic::Code::Unavailable,
        None => code_of_kind(error.kind()),
    }
}

const fn code_of_kind(kind: ErrorKind) -> tonic::Code {
    match kind {
        ErrorKind::Config => tonic::Code::FailedPrecondition,
        ErrorKind::Connect | ErrorKind::Unavailable => tonic::Code::Unavailable,
        ErrorKind::Timeout => tonic::Code::DeadlineExceeded,
        ErrorKind::Throttled => tonic::Code::ResourceExhausted,
        ErrorKind::Authentication => tonic::Code::Unauthenticated,
        ErrorKind::Protocol | ErrorKind::Body => tonic::Code::Internal,
    }
}

/// The request could not be encoded, say: its own body has said why.
fn code_of_body(error: &Error) -> tonic::Code {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(status) = cause.downcast_ref::<Status>() {
            return status.code();
        }
        next = cause.source();
    }
    tonic::Code::Internal
}

/// By the table of grpc/doc/PROTOCOL-HTTP2.md, "Errors".
const fn code_of_reset(code: u32) -> tonic::Code {
    match code {
        0x7 => tonic::Code::Unavailable,
        0x8 => tonic::Code::Cancelled,
        0xb => tonic::Code::ResourceExhausted,
        0xc => tonic::Code::PermissionDenied,
        _ => tonic::Code::Internal,
    }
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
