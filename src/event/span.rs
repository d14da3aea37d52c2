//! The spans, for `tracing`: one around each call, one around each of its attempts.
//!
//! Their fields have the names of the OpenTelemetry conventions for HTTP client spans. There it is the
//! attempt that is the client's span (`otel.kind`); what surrounds it is internal. Both are at INFO: a
//! trace without its client spans is none. Nobody subscribes: then nothing is formatted or allocated.

use std::fmt;

use http::uri::Scheme;
use http::{Request, Response, Uri};
use tracing::field::Empty;
use tracing::{Span, info_span};

use super::{AttemptEnd, method};
use crate::{Error, Report, Upstreams};

/// The span of a call.
pub(crate) fn call<B>(request: &Request<B>) -> Span {
    let uri = request.uri();
    info_span!(
        "call",
        otel.kind = "internal",
        otel.status_code = Empty,
        http.request.method = method::name(request.method()),
        http.request.method_original = method::original(request.method()),
        server.address = uri.host(),
        server.port = port(uri),
        url.full = %Redacted(uri),
        http.response.status_code = Empty,
        error.type = Empty,
        seawall.upstream = Upstreams::name_of(request),
        seawall.attempts = Empty,
        seawall.delivery = Empty,
        seawall.stop_reason = Empty,
    )
}

/// The span of an attempt, which is number `number` of its call.
pub(crate) fn attempt<B>(request: &Request<B>, number: u32) -> Span {
    let uri = request.uri();
    let method = method::name(request.method());
    let resends = number.saturating_sub(1);
    info_span!(
        "attempt",
        otel.kind = "client",
        otel.name = if method == "_OTHER" { "HTTP" } else { method },
        otel.status_code = Empty,
        http.request.method = method,
        http.request.method_original = method::original(request.method()),
        http.request.resend_count = (resends > 0).then_some(resends),
        server.address = uri.host(),
        server.port = port(uri),
        url.full = %Redacted(uri),
        http.response.status_code = Empty,
        error.type = Empty,
    )
}

/// Whether anybody would see the span of an attempt.
pub(crate) fn attempts_are_seen() -> bool {
    tracing::span_enabled!(tracing::Level::INFO)
}

/// How a call or an attempt has ended.
pub(crate) fn ended<C>(span: &Span, result: &Result<Response<C>, Error>) {
    if span.is_disabled() {
        return;
    }
    match result {
        Ok(response) => {
            let status = response.status();
            span.record("http.response.status_code", status.as_u16());
            if let Some(error_type) = AttemptEnd::of(response).error_type() {
                failed(span, error_type);
            }
        }
        Err(error) => {
            if let Some(status) = error.status() {
                span.record("http.response.status_code", status.as_u16());
            }
            failed(span, error.error_type());
        }
    }
}

/// What became of a call as a whole.
pub(crate) fn reported<C>(span: &Span, result: &Result<Response<C>, Error>) {
    if span.is_disabled() {
        return;
    }
    let report = match result {
        Ok(response) => Report::in_extensions(response),
        Err(error) => Some(error.report()),
    };
    if let Some(report) = report {
        span.record("seawall.attempts", report.attempts());
        span.record("seawall.delivery", report.delivery().as_str());
        span.record("seawall.stop_reason", report.stop_reason().as_str());
    }
}

fn failed(span: &Span, error_type: &str) {
    span.record("error.type", error_type);
    span.record("otel.status_code", "ERROR");
}

fn port(uri: &Uri) -> u16 {
    let usual = if uri.scheme() == Some(&Scheme::HTTP) {
        80
    } else {
        443
    };
    uri.port_u16().unwrap_or(usual)
}

/// A URL without its user and its query. The path stays, as the conventions want it: a trace tells of
/// one call, and without the path nobody knows which. Who puts secrets into paths has them in every
/// proxy's log already.
struct Redacted<'a>(&'a Uri);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(uri) = self;
        if let Some(scheme) = uri.scheme_str() {
            write!(f, "{scheme}://")?;
        }
        f.write_str(uri.host().unwrap_or_default())?;
        if let Some(port) = uri.port_u16() {
            write!(f, ":{port}")?;
        }
        f.write_str(uri.path())?;
        match uri.query() {
            Some(_) => f.write_str("?REDACTED"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(uri: &'static str) -> String {
        Redacted(&Uri::from_static(uri)).to_string()
    }

    #[test]
    fn a_url_in_a_span_has_no_user_and_no_query() {
        assert_eq!(
            redacted("https://me:s3cret@gateway.test:8443/v1/payments?card=s3cret"),
            "https://gateway.test:8443/v1/payments?REDACTED"
        );
        assert_eq!(
            redacted("https://gateway.test/v1"),
            "https://gateway.test/v1"
        );
        assert_eq!(redacted("/v1?key=s3cret"), "/v1?REDACTED");
    }

    #[test]
    fn every_form_of_a_url_is_written() {
        for (uri, written) in [
            ("http://me@[::1]:8080", "http://[::1]:8080/"),
            ("https://gateway.test?", "https://gateway.test/?REDACTED"),
            ("https://gateway.test/v1#card", "https://gateway.test/v1"),
            ("me:s3cret@gateway.test:443", "gateway.test:443"),
            ("*", "*"),
        ] {
            assert_eq!(redacted(uri), written);
        }
    }
}
