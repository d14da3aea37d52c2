//! An answer: a response with its whole body.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response as HttpResponse, StatusCode, Version};

use super::origin::Origin;
use crate::middleware::throttle::ThrottledBody;
use crate::{Collected, Error, Report, Upstreams};

/// A response that was read whole inside the call.
///
/// The body of a success (2xx) is whole. That of any other answer may have broken off: the status, the
/// headers and the report hold all the same, and only [`bytes`](Self::bytes), [`text`](Self::text)
/// and [`json`](Self::json) are errors.
///
/// Done is answered, not paid: look at the status, read the body.
///
/// ```no_run
/// use seawall::{Client, Policy, Provider};
///
/// # async fn pay() -> Result<(), seawall::Error> {
/// let client = Client::builder(Policy::external_payments(Provider::generic())).build()?;
/// let answer = client.post("https://gateway.example/payments").body("{}").collect().await?;
/// println!("{} after {}: {}", answer.status(), answer.report(), answer.text()?);
/// # Ok(())
/// # }
/// ```
pub struct Answer {
    inner: HttpResponse<Collected>,
    origin: Origin,
}

impl Answer {
    pub(super) fn new(
        mut inner: HttpResponse<ThrottledBody<Collected>>,
        upstreams: Upstreams,
    ) -> Self {
        let origin = Origin::of(&mut inner, upstreams);
        // Read to its end: it is no longer under way.
        let inner = inner.map(ThrottledBody::into_inner);
        Self { inner, origin }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// The HTTP version it came by.
    #[must_use]
    pub fn version(&self) -> Version {
        self.inner.version()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// What happened to the call: attempts, waits, delivery, the reason for which it ended, and
    /// when it may be made again.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.origin.report
    }

    /// Turns a status of 400 or above into an [`Error`] of its kind.
    ///
    /// # Errors
    ///
    /// As [`Response::error_for_status`](crate::Response::error_for_status).
    pub fn error_for_status(self) -> Result<Self, Error> {
        let status = self.status();
        if status.as_u16() < 400 {
            return Ok(self);
        }
        let headers = self.inner.into_parts().0.headers;
        Err(self.origin.status(status, headers))
    }

    /// The whole body. Nothing is copied.
    ///
    /// # Errors
    ///
    /// A [`Body`](crate::ErrorKind::Body) error if, after any status but a success, it broke off or
    /// exceeded the limit; its source is a [`BodyError`](crate::BodyError).
    pub fn bytes(&self) -> Result<Bytes, Error> {
        let body = self.inner.body().clone();
        body.into_bytes().map_err(|error| {
            let last = Some((self.status(), self.headers().clone()));
            self.origin.unread(error).with_last_response(last)
        })
    }

    /// The whole body, as UTF-8.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), or if it is not UTF-8.
    pub fn text(&self) -> Result<String, Error> {
        let bytes = self.bytes()?;
        let text = std::str::from_utf8(&bytes).map_err(|error| self.origin.not_text(error))?;
        Ok(text.to_owned())
    }

    /// The whole body, as JSON.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), or if it is not the JSON of a `T`.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.bytes()?).map_err(|error| self.origin.not_json(&error))
    }

    /// The plain HTTP response, its [`Report`] in the extensions.
    #[must_use]
    pub fn into_http(self) -> HttpResponse<Collected> {
        let mut response = self.inner;
        response.extensions_mut().insert(self.origin.report);
        response
    }
}

impl fmt::Debug for Answer {
    /// Status and report; no header, no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status())
            .field("report", self.report())
            .finish_non_exhaustive()
    }
}
