//! How an attempt that was sent has ended.

use http::{Response, StatusCode};

use crate::policy::Failure;
use crate::policy::grpc::{self, Code};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptEnd {
    /// A response head came back.
    Status(StatusCode),
    /// A response head came back, and gRPC says in it that the call failed. Its HTTP status is 200.
    Grpc(Code),
    /// The transport failed.
    Failure(Failure),
}

impl AttemptEnd {
    pub(crate) fn of<C>(response: &Response<C>) -> Self {
        let status = response.status();
        grpc::error_of(status, response.headers()).map_or(Self::Status(status), Self::Grpc)
    }

    /// The status by whose rules the answer goes: its own, or what [means the
    /// same](Code::equivalent) as that of gRPC. `None`: there was no answer.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Status(status) => Some(*status),
            Self::Grpc(code) => Some(code.equivalent()),
            Self::Failure(_) => None,
        }
    }

    /// The status that HTTP has; it is 200 for all of gRPC.
    #[cfg_attr(
        not(any(feature = "metrics", feature = "otel")),
        allow(dead_code, reason = "only figures are labelled with it")
    )]
    pub(super) const fn http_status(self) -> Option<StatusCode> {
        match self {
            Self::Status(status) => Some(status),
            Self::Grpc(_) => Some(StatusCode::OK),
            Self::Failure(_) => None,
        }
    }

    /// The stable name: the status code, the code of gRPC or the failure.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Status(status) => status.as_str(),
            Self::Grpc(code) => code.as_str(),
            Self::Failure(failure) => failure.as_str(),
        }
    }

    /// The stable name of the trouble: the status code, the code of gRPC or the failure. `None`: there was none, the
    /// status is below 400.
    #[must_use]
    pub fn error_type(&self) -> Option<&str> {
        match self {
            Self::Status(status) if status.as_u16() < 400 => None,
            Self::Status(_) | Self::Grpc(_) | Self::Failure(_) => Some(self.as_str()),
        }
    }
}
