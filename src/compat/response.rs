//! A response of the old kind.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::{Answer, Error, Report};

/// A response with its whole body, whatever its status.
pub struct Response {
    answer: Answer,
    body: Bytes,
}

impl Response {
    /// Only of an answer whose body was read to its end.
    pub(super) fn of(answer: Answer) -> Result<Self, Error> {
        let body = answer.bytes()?;
        Ok(Self { answer, body })
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.status()
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status().is_success()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.answer.headers()
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body, as UTF-8.
    ///
    /// # Errors
    ///
    /// A [`Body`](crate::ErrorKind::Body) error if it is not UTF-8.
    pub fn text(&self) -> Result<String, Error> {
        self.answer.text()
    }

    /// The body, as JSON.
    ///
    /// # Errors
    ///
    /// A [`Body`](crate::ErrorKind::Body) error if it is not the JSON of a `T`.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        self.answer.json()
    }

    /// What happened to the call: attempts, waits, delivery, why it was not sent again, and when it may
    /// be.
    #[must_use]
    pub fn report(&self) -> &Report {
        self.answer.report()
    }
}

impl fmt::Debug for Response {
    /// Status and report; no header, no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("report", self.report())
            .finish_non_exhaustive()
    }
}
