//! What an answer says to the upstream's circuit, its gates and its rate.

use std::time::Instant;

use http::{Response, StatusCode};

use super::extensions::Identity;
use crate::clock;
use crate::event::AttemptEnd;
use crate::policy::circuit::{Closing, Ending};
use crate::policy::classify;
use crate::policy::rate_limit::{self, Quota};
use crate::policy::retry_after::{self, HeaderText};
use crate::upstream::Upstream;

/// How an attempt has ended that brought this response, and the status by whose rules it goes.
pub(super) fn ended<C>(response: &Response<C>) -> (AttemptEnd, StatusCode) {
    let end = AttemptEnd::of(response);
    (end, end.status().unwrap_or(response.status()))
}

/// The ending of an attempt that brought this response, which goes by this status.
pub(super) fn of<C>(
    response: &Response<C>,
    status: StatusCode,
    upstream: &Upstream,
    identity: &Identity,
    honours_retry_after: bool,
    now: Instant,
) -> Ending {
    let closing = honours_retry_after
        .then(|| closing(response, status, identity))
        .flatten();
    Ending {
        rate_limited: status == StatusCode::TOO_MANY_REQUESTS,
        quota: match closing {
            Some(_) => None,
            None => quota(response, upstream, now),
        },
        closing,
        header: closing.map(|_| HeaderText::of(response.headers())),
        ..Ending::new(classify::health_of(status))
    }
}

/// What it says of the quota that is left, which can only slow what is limited.
pub(super) fn quota<C>(response: &Response<C>, upstream: &Upstream, now: Instant) -> Option<Quota> {
    if upstream.is_untroubled(now) {
        return None;
    }
    rate_limit::parse(response.headers(), clock::wall())
}

/// What a Retry-After closes. Zero, or a date in the past, closes nothing.
fn closing<C>(response: &Response<C>, status: StatusCode, identity: &Identity) -> Option<Closing> {
    let closes = matches!(
        status,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
    );
    if !closes {
        return None;
    }
    let wait = retry_after::parse(response.headers(), clock::wall()).delay()?;
    match status {
        _ if wait.is_zero() => None,
        StatusCode::SERVICE_UNAVAILABLE => Some(Closing::Upstream(wait)),
        _ => Some(Closing::RateKey(identity.rate_key(), wait)),
    }
}
