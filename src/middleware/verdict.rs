//! What an answer says to the upstream's circuit, its gates and its rate.

use http::{Response, StatusCode};

use super::extensions::Identity;
use crate::clock;
use crate::policy::circuit::{Closing, Ending};
use crate::policy::retry_after::{self, HeaderText};
use crate::policy::{classify, rate_limit};
use crate::upstream::Upstream;

/// The ending of an attempt that brought this response.
pub(super) fn of<C>(
    response: &Response<C>,
    upstream: &Upstream,
    identity: &Identity,
    honours_retry_after: bool,
) -> Ending {
    let status = response.status();
    let closing = honours_retry_after
        .then(|| closing(response, identity))
        .flatten();
    // A quota can only slow what is limited.
    let quota = if closing.is_some() || upstream.is_untroubled(clock::now()) {
        None
    } else {
        rate_limit::parse(response.headers(), clock::wall())
    };
    Ending {
        rate_limited: status == StatusCode::TOO_MANY_REQUESTS,
        closing,
        header: closing.map(|_| HeaderText::of(response.headers())),
        quota,
        ..Ending::new(classify::health_of(status))
    }
}

/// What a Retry-After closes. Zero, or a date in the past, closes nothing.
fn closing<C>(response: &Response<C>, identity: &Identity) -> Option<Closing> {
    let status = response.status();
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
