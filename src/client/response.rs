//! A response.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response as HttpResponse, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::error::Cause;
use crate::policy::StopReason;
use crate::{BoxError, Error, Report};

/// A response head, its report, and a body that is still to be read.
///
/// Done is answered, not paid: look at the status, read the body.
pub struct Response {
    inner: HttpResponse<Incoming>,
    report: Report,
    payments: bool,
}

impl Response {
    pub(super) fn new(mut inner: HttpResponse<Incoming>, payments: bool) -> Self {
        let report = inner
            .extensions_mut()
            .remove::<Report>()
            .expect("the client's stack has a retry layer, which reports on every response");
        Self {
            inner,
            report,
            payments,
        }
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
        &self.report
    }

    /// Turns a status of 400 or above into an [`Error`] of its kind.
    ///
    /// # Errors
    ///
    /// [`Authentication`](crate::ErrorKind::Authentication) for 401 and 403,
    /// [`Throttled`](crate::ErrorKind::Throttled) for 429,
    /// [`Unavailable`](crate::ErrorKind::Unavailable) for 5xx, else
    /// [`Protocol`](crate::ErrorKind::Protocol).
    pub fn error_for_status(self) -> Result<Self, Error> {
        let status = self.status();
        if status.as_u16() < 400 {
            return Ok(self);
        }
        let headers = self.inner.into_parts().0.headers;
        let error = Error::new(
            Cause::Status(status),
            self.report.stop_reason(),
            self.report.delivery(),
        );
        Err(error
            .with_report(self.report, self.payments)
            .with_last_response(Some((status, headers))))
    }

    /// The whole body, however long it is and takes: the call's deadline ends at the head. Put a
    /// timeout around it where the server is not to be trusted with that.
    ///
    /// # Errors
    ///
    /// A [`Body`](crate::ErrorKind::Body) error if it breaks off. The call was answered all the
    /// same: it is not repeated.
    pub async fn bytes(self) -> Result<Bytes, Error> {
        let Self {
            inner,
            report,
            payments,
        } = self;
        match inner.into_body().collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) => Err(broken(
                report,
                payments,
                "the response body broke off",
                error,
            )),
        }
    }

    /// The whole body, as UTF-8.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), or if it is not UTF-8.
    pub async fn text(self) -> Result<String, Error> {
        let (report, payments) = (self.report.clone(), self.payments);
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into()).map_err(|error| {
            broken(
                report,
                payments,
                "the response body is not UTF-8",
                error.utf8_error(),
            )
        })
    }

    /// The whole body, as JSON.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), or if it is not the JSON of a `T`.
    #[cfg(feature = "json")]
    pub async fn json<T: serde::de::DeserializeOwned>(self) -> Result<T, Error> {
        let (report, payments) = (self.report.clone(), self.payments);
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| {
            broken(
                report,
                payments,
                "the response body is not the JSON that was asked for",
                error,
            )
        })
    }

    /// The plain HTTP response, its [`Report`] in the extensions and its body unread.
    #[must_use]
    pub fn into_http(
        self,
    ) -> HttpResponse<impl http_body::Body<Data = Bytes, Error = BoxError> + Send + 'static> {
        let mut response = self.inner;
        response.extensions_mut().insert(self.report);
        response.map(|body| body.map_err(Into::into))
    }
}

/// The head has reached the caller, so the call is committed: it is an error, never a retry.
fn broken(
    mut report: Report,
    payments: bool,
    problem: &'static str,
    source: impl Into<BoxError>,
) -> Error {
    report.stop_reason = StopReason::Committed;
    Error::new(
        Cause::Body(problem),
        StopReason::Committed,
        report.delivery(),
    )
    .with_report(report, payments)
    .with_source(source)
}

impl fmt::Debug for Response {
    /// Status and report; no header, no body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}
