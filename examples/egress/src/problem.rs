//! A refusal or a failure, as problem details (RFC 9457).

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use seawall::{Delivery, Error, Provider, StopReason};
use serde::Serialize;

use crate::status;
use crate::told::{Told, whole_seconds};

/// What is wrong, and what to do about it. It holds no query, no header's value and no body.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    call: Option<Box<Call>>,
}

/// Of a call that was made, or refused by the client.
#[derive(Clone, Debug)]
struct Call {
    told: Told,
    retry_at: Option<SystemTime>,
    /// Only where whoever sends the same again does no harm.
    retry_after: Option<Duration>,
    /// Of the last answer, if a retry that was to follow it was refused.
    upstream_status: Option<u16>,
}

/// What it would be if the caller sent the same request again as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// The same one: it is idempotent, or has a key of its own that the provider honours.
    Harmless,
    /// Another one: its key was made here, or is worth nothing.
    AsAnother,
}

impl Again {
    /// Of the caller's request, as it came.
    pub(crate) fn of(head: &Parts, provider: &Provider) -> Self {
        let has_key = head.headers.contains_key(&provider.key_header);
        if head.method.is_idempotent() || (has_key && provider.honours_keys_on(&head.method)) {
            Self::Harmless
        } else {
            Self::AsAnother
        }
    }

    /// Whether a `Retry-After` may be said after this delivery: a program that comes again by itself
    /// sees that header, and none of what would warn it.
    pub(crate) fn is_invited(self, delivery: Delivery) -> bool {
        self == Self::Harmless || delivery != Delivery::Unknown
    }
}

impl Problem {
    /// Something that this side does not do. The detail says what to do instead.
    pub(crate) fn here(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            call: None,
        }
    }

    /// A call without an answer.
    pub(crate) fn of(error: &Error, provider: &Provider, again: Again) -> Self {
        let status = status::of(error);
        // A 503 is leave to come again, and says when.
        let soon = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(Duration::ZERO);
        let retry_after = error.retry_after().or(soon);
        Self {
            status,
            code: error.code(),
            detail: error.to_string().into(),
            call: Some(Box::new(Call {
                told: Told::of(error.report(), provider),
                retry_at: error.retry_at(),
                retry_after: retry_after.filter(|_| again.is_invited(error.delivery())),
                upstream_status: error.status().map(|status| status.as_u16()),
            })),
        }
    }

    /// The same, of a call that was made.
    pub(crate) fn after(mut self, told: Told) -> Self {
        self.call = Some(Call::without_return(told).into());
        self
    }

    #[cfg(test)]
    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(test)]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The answer on the proxy's port: it tells of the call, even if there was none.
    pub(crate) fn into_answer(mut self) -> Response<Bytes> {
        let call = self.call.get_or_insert_with(|| {
            Call::without_return(Told::nothing_sent(StopReason::Permanent)).into()
        });
        let (told, retry_after) = (call.told.clone(), call.retry_after);
        let mut response = self.into_response();
        told.put_on(response.headers_mut());
        if let Some(wait) = retry_after {
            let seconds = whole_seconds(wait).into();
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }

    /// The plain answer.
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(self.json());
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }

    fn json(&self) -> Bytes {
        let call = self.call.as_ref();
        let key = call.and_then(|call| call.told.key.as_ref());
        let details = Details {
            kind: format!("urn:seawall:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Refused"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            delivery: call.map(|call| call.told.delivery.as_str()),
            attempts: call.map(|call| call.told.attempts),
            stop_reason: call.map(|call| call.told.stop_reason.as_str()),
            retry_at: call
                .and_then(|call| call.retry_at)
                .map(|at| humantime::format_rfc3339_millis(at).to_string()),
            idempotency_key: key.and_then(|key| key.to_str().ok()),
            upstream_status: call.and_then(|call| call.upstream_status),
        };
        serde_json::to_vec(&details)
            .expect("texts and numbers can be written as JSON")
            .into()
    }
}

impl Call {
    const fn without_return(told: Told) -> Self {
        Self {
            told,
            retry_at: None,
            retry_after: None,
            upstream_status: None,
        }
    }
}

/// The document, in the order of RFC 9457 section 3.1, and then what is ours.
#[derive(Serialize)]
struct Details<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream_status: Option<u16>,
}
