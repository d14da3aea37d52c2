//! What the end of an attempt says to the circuit.

use http::{Response, StatusCode};

use super::admission::Admitted;
use crate::event::AttemptEnd;
use crate::middleware::extensions::{CredentialWait, GateClosed};
use crate::policy::circuit::{Closing, Ending};
use crate::policy::classify::{self, Health, Outcome};
use crate::policy::retry_after::{self, HeaderText};
use crate::{Error, clock};

/// Tells the circuit of a response, and marks the response if it closed a gate.
pub(super) fn answered<C>(admitted: &mut Admitted, response: &mut Response<C>) {
    let status = response.status();
    let closing = closing(admitted, response);
    let rate_limited = status == StatusCode::TOO_MANY_REQUESTS;
    let ending = Ending {
        rate_limited,
        closing,
        header: closing.map(|_| HeaderText::of(response.headers())),
        ..Ending::new(classify::health_of(status))
    };
    if let Some(CredentialWait(wait)) = response.extensions_mut().remove() {
        admitted.leave_out(wait);
    }
    admitted.finish(&ending, Some(AttemptEnd::Status(status)));
    if closing.is_some() {
        response.extensions_mut().insert(GateClosed);
    }
}

/// Tells the circuit of an error. One that was made before anything was sent says nothing.
pub(super) fn failed(admitted: &mut Admitted, error: &Error) {
    let sent = error.failure().filter(|_| error.report().attempts() > 0);
    let health = sent.map_or(Health::Neutral, |failure| {
        classify::health(&Outcome::Failure(failure))
    });
    admitted.finish(&Ending::new(health), sent.map(AttemptEnd::Failure));
}

/// What a Retry-After closes. Zero, or a date in the past, closes nothing.
fn closing<C>(admitted: &Admitted, response: &Response<C>) -> Option<Closing> {
    let status = response.status();
    let closes = matches!(
        status,
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
    );
    if !closes || !admitted.honours_retry_after {
        return None;
    }
    let wait = retry_after::parse(response.headers(), clock::wall()).delay()?;
    match status {
        _ if wait.is_zero() => None,
        StatusCode::SERVICE_UNAVAILABLE => Some(Closing::Upstream(wait)),
        _ => Some(Closing::RateKey(admitted.identity.rate_key(), wait)),
    }
}
