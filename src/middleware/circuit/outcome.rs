//! What the end of an attempt says to the circuit.

use std::sync::Arc;
use std::time::Instant;

use http::{Response, StatusCode};

use super::admitted::Admitted;
use super::late::LateStatus;
use crate::event::AttemptEnd;
use crate::middleware::extensions::{CredentialWait, GateClosed, Heard};
use crate::middleware::verdict;
use crate::policy::Health;
use crate::policy::circuit::Ending;
use crate::policy::classify::{self, Outcome};
use crate::{Error, clock};

/// Tells the circuit of a response, or leaves that to whoever reads its status later; and marks the
/// response if it closed a gate, or if a throttle above would tell the same again.
pub(in crate::middleware) fn answered<C>(admitted: &mut Admitted, response: &mut Response<C>) {
    let now = clock::now();
    let (end, status) = verdict::ended(response);
    let is_plain = classify::health_of(status) == Health::Success
        && response.extensions().is_empty()
        && !admitted.throttled;
    if !(is_plain && admitted.succeeded(now, end, status)) {
        weigh(admitted, response, (now, end, status));
    }
}

/// The same of one that may say more.
fn weigh<C>(
    admitted: &mut Admitted,
    response: &mut Response<C>,
    (now, end, status): (Instant, AttemptEnd, StatusCode),
) {
    let Admitted {
        upstream,
        identity,
        honours_retry_after,
        ..
    } = admitted;
    let honours = *honours_retry_after;
    let ending = verdict::of(response, status, upstream, identity, honours, now);
    if let Some(CredentialWait(wait)) = response.extensions_mut().remove() {
        admitted.leave_out(wait);
    }
    // What follows a head is the stream's own time.
    let took = admitted.took(now);
    let ending = Ending { took, ..ending };
    let late = response.extensions_mut().remove::<LateStatus>();
    // Nobody could probe again before the end of a probe's stream.
    match late.filter(|_| !admitted.is_probe()) {
        Some(late) => late.keep(admitted.hand_over(), ending),
        None => admitted.finish(now, &ending, Some(end)),
    }
    if ending.closing.is_some() {
        response.extensions_mut().insert(GateClosed);
    }
    if admitted.throttled {
        let heard = Heard(Arc::clone(&admitted.upstream));
        response.extensions_mut().insert(heard);
    }
}

/// Tells the circuit of an error. One that was made before anything was sent says nothing.
pub(in crate::middleware) fn failed(admitted: &mut Admitted, error: &Error) {
    let sent = error.failure().filter(|_| error.report().attempts() > 0);
    let health = sent.map_or(Health::Neutral, |failure| {
        classify::health(&Outcome::Failure(failure))
    });
    let (now, end) = (clock::now(), sent.map(AttemptEnd::Failure));
    let took = admitted.took(now);
    let ending = Ending {
        took,
        ..Ending::new(health)
    };
    admitted.finish(now, &ending, end);
}
