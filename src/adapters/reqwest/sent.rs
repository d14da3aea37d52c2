//! What became of a request that reqwest was given.

use std::error::Error;
use std::fmt;
use std::io;

use http::{Response, StatusCode};
use hyper_util::client::legacy;
use reqwest::Url;

use super::convert::http_response;
use super::plain::Habits;
use crate::event::foreign;
use crate::on_hyper::classify::{self, Goaway, find, tls_failure};
use crate::policy::{Failure, Progress};
use crate::{Delivery, TransportError};

/// What is kept of a request, to judge what comes of it.
pub(super) enum Sent {
    /// It was sent once, or changes nothing: what comes back is what became of it.
    Plainly,
    /// The client may have made other requests of it.
    Perhaps { url: Url },
}

impl Sent {
    pub(super) fn of(request: &reqwest::Request, habits: Habits) -> Self {
        match habits {
            Habits::Unknown if !request.method().is_safe() => Self::Perhaps {
                url: request.url().clone(),
            },
            Habits::None | Habits::Unknown => Self::Plainly,
        }
    }

    /// The answer, unless it may be that to another request.
    ///
    /// A refusal by the page that a payment was led to says nothing about the payment.
    pub(super) fn answered(
        &self,
        response: reqwest::Response,
    ) -> Result<Response<reqwest::Body>, TransportError> {
        if let Self::Perhaps { url } = self
            && response.url() != url
        {
            foreign::redirected(url.origin().ascii_serialization());
            let status = response.status();
            if !status.is_success() {
                return Err(TransportError::new(Failure::Other, Redirected(status)));
            }
        }
        Ok(http_response(response))
    }

    /// How the request ended, as far as the error proves it.
    pub(super) fn failure(&self, error: &reqwest::Error, goaway: Goaway) -> Failure {
        let failure = failure(error, goaway);
        match self {
            // What did not leave may be the second request: the first was redirected, or refused.
            Self::Perhaps { .. } if failure.delivery() == Delivery::NotSent => Failure::Other,
            Self::Plainly | Self::Perhaps { .. } => failure,
        }
    }
}

/// Only the pool's error right below reqwest's own proves anything: deeper down it may be that of
/// another call, which a body has brought along.
fn failure(error: &reqwest::Error, goaway: Goaway) -> Failure {
    if error.is_builder() {
        return Failure::InvalidRequest;
    }
    match error.source().and_then(<dyn Error>::downcast_ref) {
        Some(pool) => classify::failure(pool, goaway, |pool| connecting(error, pool)),
        // reqwest's own time limit.
        None if error.is_request() && error.is_timeout() => {
            Failure::AttemptTimeout(Progress::MaybeSent)
        }
        None => Failure::Other,
    }
}

/// What kept a connection from coming about, where a type tells; reqwest's own are private, but it
/// answers for them.
fn connecting(error: &reqwest::Error, pool: &legacy::Error) -> Failure {
    if !pool.is_connect() {
        return Failure::Unsent;
    }
    if error.is_dns() {
        return Failure::Dns;
    }
    if error.is_timeout() {
        return Failure::ConnectTimeout;
    }
    if find::<rustls::Error>(pool).is_some() {
        return tls_failure(pool);
    }
    match find::<io::Error>(pool).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Failure::Refused,
        _ => Failure::Connect,
    }
}

/// The client has followed a redirect, and what it was led to has answered with this.
#[derive(Debug)]
pub(super) struct Redirected(StatusCode);

impl fmt::Display for Redirected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the reqwest client has followed a redirect, and {} came from there, which says nothing \
             about the request: build the client with `ReqwestService::build` or \
             `ResilienceMiddleware::client`, which follow none",
            self.0
        )
    }
}

impl Error for Redirected {}
