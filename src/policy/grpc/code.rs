//! The status of a gRPC answer, and what it means here.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// Made once: it is looked for in every answer.
static STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Why a gRPC call failed, as its server says. `OK` is none of these.
///
/// The names and numbers are those of the gRPC status codes (grpc/doc/statuscodes.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "the specification of gRPC says what each means"
)]
pub enum Code {
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

/// The failure that a response head speaks of, if it is an answer of gRPC: HTTP status 200, a
/// `grpc-status` other than 0, a `content-type` that begins with `application/grpc`.
///
/// A status of HTTP other than 200 speaks for itself. A number that gRPC does not know is
/// [`Unknown`](Code::Unknown), as its specification wants it, and so are lines that differ.
///
/// ```
/// use http::{HeaderMap, HeaderValue, StatusCode};
/// use seawall::policy::grpc::{Code, error_of};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("grpc-status", HeaderValue::from_static("14"));
/// assert_eq!(error_of(StatusCode::OK, &headers), None, "it is no answer of gRPC");
///
/// headers.insert("content-type", HeaderValue::from_static("application/grpc"));
/// assert_eq!(error_of(StatusCode::OK, &headers), Some(Code::Unavailable));
/// ```
#[must_use]
pub fn error_of(status: StatusCode, headers: &HeaderMap) -> Option<Code> {
    // The one question that an answer of HTTP is asked.
    if status != StatusCode::OK || !is_grpc(headers) {
        return None;
    }
    stated(headers)?.err()
}

/// What the fields of a head, or of trailers, say of the call. `None`: nothing.
pub(crate) fn stated(fields: &HeaderMap) -> Option<Result<(), Code>> {
    let mut lines = fields.get_all(&STATUS).iter();
    let first = Code::parse(lines.next()?.as_bytes());
    let differ = lines.any(|line| Code::parse(line.as_bytes()) != first);
    let code = if differ { Some(Code::Unknown) } else { first };
    Some(code.map_or(Ok(()), Err))
}

/// Whether the `content-type` is one of gRPC.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let prefix = b"application/grpc";
    kind.and_then(|kind| kind.get(..prefix.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

impl Code {
    /// `None`: OK.
    fn parse(number: &[u8]) -> Option<Self> {
        Some(match number {
            b"0" => return None,
            b"1" => Self::Cancelled,
            b"3" => Self::InvalidArgument,
            b"4" => Self::DeadlineExceeded,
            b"5" => Self::NotFound,
            b"6" => Self::AlreadyExists,
            b"7" => Self::PermissionDenied,
            b"8" => Self::ResourceExhausted,
            b"9" => Self::FailedPrecondition,
            b"10" => Self::Aborted,
            b"11" => Self::OutOfRange,
            b"12" => Self::Unimplemented,
            b"13" => Self::Internal,
            b"14" => Self::Unavailable,
            b"15" => Self::DataLoss,
            b"16" => Self::Unauthenticated,
            _ => Self::Unknown,
        })
    }

    /// The HTTP status by whose rules such an answer goes: what was delivered, whether it may be
    /// repeated, what it says of the upstream and of the credential.
    ///
    /// That is the mapping of `google.rpc.Code`, but for three codes whose HTTP status would say
    /// what nobody knows:
    ///
    /// | code | goes as | and not as | because |
    /// |---|---|---|---|
    /// | `CANCELLED` | 504 | 499 | the caller has not cancelled, it listens: servers answer so when their time for the call is up, and may have done it |
    /// | `UNIMPLEMENTED` | 404 | 501 | a method that is not there has done nothing, and the server is well |
    /// | `DATA_LOSS` | 507 | 500 | it is not to be recovered, so a repeat would end the same way |
    ///
    /// `ABORTED` and `ALREADY_EXISTS` are 409: never repeated, for that is for the caller to do, and
    /// from further up; but with an idempotency key that the provider honours, when the first attempt may
    /// be what is in the way.
    ///
    /// ```
    /// use http::StatusCode;
    /// use seawall::policy::grpc::Code;
    ///
    /// assert_eq!(Code::Unavailable.equivalent(), StatusCode::SERVICE_UNAVAILABLE);
    /// assert_eq!(Code::NotFound.equivalent(), StatusCode::NOT_FOUND);
    /// ```
    #[must_use]
    pub const fn equivalent(self) -> StatusCode {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition | Self::OutOfRange => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::NotFound | Self::Unimplemented => StatusCode::NOT_FOUND,
            Self::Aborted | Self::AlreadyExists => StatusCode::CONFLICT,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            // A server that fails may have acted before.
            Self::Unknown | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded | Self::Cancelled => StatusCode::GATEWAY_TIMEOUT,
            Self::DataLoss => StatusCode::INSUFFICIENT_STORAGE,
        }
    }

    /// The number that gRPC gives it.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The name that gRPC gives it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
#[path = "code_tests.rs"]
mod tests;
