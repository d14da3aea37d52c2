//! How an attempt that was sent has ended.

use http::StatusCode;

use crate::policy::Failure;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptEnd {
    /// A response head came back.
    Status(StatusCode),
    /// The transport failed.
    Failure(Failure),
}

impl AttemptEnd {
    /// The stable name: the status code or the failure.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Status(status) => status.as_str(),
            Self::Failure(failure) => failure.as_str(),
        }
    }

    /// The stable name of the trouble: the status code or the failure. `None`: there was none, the
    /// status is below 400.
    #[must_use]
    pub fn error_type(&self) -> Option<&str> {
        match self {
            Self::Status(status) if status.as_u16() < 400 => None,
            Self::Status(_) | Self::Failure(_) => Some(self.as_str()),
        }
    }
}
