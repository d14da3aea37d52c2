//! A response.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Response as HttpResponse, StatusCode, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::origin::Origin;
use crate::middleware::throttle::ThrottledBody;
use crate::response_body::{Announced, Limits, ReadTimeout};
use crate::{BoxError, Error, Report, Upstreams};

/// A response head, its report, and a body that is still to be read.
///
/// Done is answered, not paid: look at the status, read the body. The call is committed by its head:
/// a body that breaks is an error, never a retry. To have it read inside the call, where it may be
/// repeated, use [`RequestBuilder::collect`](crate::RequestBuilder::collect).
pub struct Response {
    inner: HttpResponse<ThrottledBody<Incoming>>,
    origin: Origin,
    limits: Limits,
    announced: Announced,
}

impl Response {
    pub(super) fn new(
        mut inner: HttpResponse<ThrottledBody<Incoming>>,
        upstreams: Upstreams,
        limits: Limits,
        announced: Announced,
    ) -> Self {
        let origin = Origin::of(&mut inner, upstreams);
        Self {
            inner,
            origin,
            limits,
            announced,
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
        &self.origin.report
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
        Err(self.origin.status(status, headers))
    }

    /// The whole body, within the client's
    /// [`response_body_limit`](crate::ClientBuilder::response_body_limit) and
    /// [`read_timeout`](crate::ClientBuilder::read_timeout): the call's deadline ends at the head.
    ///
    /// # Errors
    ///
    /// A [`Body`](crate::ErrorKind::Body) error if it breaks off, stalls or exceeds the limit; its
    /// source is a [`BodyError`](crate::BodyError). The call was answered all the same, so it is not
    /// repeated, and what it did is [`Unknown`](crate::Delivery::Unknown) to whoever could not read
    /// the answer. Where the same request can harmlessly be sent again, the error says
    /// [when](Error::retry_at).
    pub async fn bytes(self) -> Result<Bytes, Error> {
        let (head, body) = self.inner.into_parts();
        let announced = self.announced.by(head.status);
        let body = self.limits.collect(body, announced).await;
        body.into_bytes().map_err(|error| {
            let last = Some((head.status, head.headers));
            self.origin.unread(error).with_last_response(last)
        })
    }

    /// The whole body, as UTF-8.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), or if it is not UTF-8.
    pub async fn text(self) -> Result<String, Error> {
        let origin = self.origin.clone();
        let bytes = self.bytes().await?;
        String::from_utf8(bytes.into()).map_err(|error| origin.not_text(error.utf8_error()))
    }

    /// The whole body, as JSON.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes), or if it is not the JSON of a `T`.
    #[cfg(feature = "json")]
    pub async fn json<T: serde::de::DeserializeOwned>(self) -> Result<T, Error> {
        let origin = self.origin.clone();
        let bytes = self.bytes().await?;
        serde_json::from_slice(&bytes).map_err(|error| origin.not_json(&error))
    }

    /// The plain HTTP response, its [`Report`] in the extensions and its body unread.
    ///
    /// The body is not limited in size; each of its frames is waited for as long as the client's
    /// [`read_timeout`](crate::ClientBuilder::read_timeout) says. Its error is an [`Error`] of kind
    /// [`Body`](crate::ErrorKind::Body), as that of [`bytes`](Self::bytes).
    #[must_use]
    pub fn into_http(
        self,
    ) -> HttpResponse<
        impl http_body::Body<Data = Bytes, Error = BoxError> + Send + Sync + Unpin + 'static,
    > {
        let (origin, timeout) = (self.origin, self.limits.read_timeout);
        let mut response = self.inner;
        response.extensions_mut().insert(origin.report.clone());
        response.map(|body| {
            // Its timer may not move; whoever reads frame by frame should not have to know.
            let body = Box::pin(ReadTimeout::new(body, timeout));
            body.map_err(move |error| origin.unread(error).into())
        })
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
