//! A call that an open circuit or a closed gate turns away before any layer has anything to do.

use std::time::Instant;

use http::Request;

use super::route::Route;
use crate::middleware::admission::refusal;
use crate::middleware::extensions::{hash, life_left};
use crate::policy::circuit::Call;
use crate::policy::idempotency::IdempotencyKey;
use crate::policy::{Guarantee, PATIENCE};
use crate::{Error, Policy, clock};

/// The refusal of such a call, as all of the layers would tell it. `None`, and nothing has changed:
/// some layer has something to say about it, or it would wait.
pub(super) fn refused<B>(
    route: &Route,
    request: &Request<B>,
    makes_key: bool,
    now: Instant,
) -> Option<Error> {
    let Route {
        policy, upstream, ..
    } = route;
    let mut call = Call {
        patience: PATIENCE.min(policy.deadline()),
        ..Call::default()
    };
    if upstream.gates_keys() {
        call.rate_key = route.identity_of(request).rate_key();
    }
    let mut key = None;
    let turned_away = upstream.turn_away(now, &call, || {
        // Made in its turn: the same seed makes the same key, whichever way the call goes.
        key = makes_key.then(|| route.new_key());
        let key = key.as_ref().map(hash);
        upstream.arrive(now, &Call { key, ..call });
        key
    })?;
    let error = refusal(upstream, now, turned_away);
    Some(reported(error, request, policy, key, now))
}

/// With what the retry layer says of a call that was never sent.
fn reported<B>(
    error: Error,
    request: &Request<B>,
    policy: &Policy,
    key: Option<IdempotencyKey>,
    now: Instant,
) -> Error {
    let guarantee = policy.guarantee_with(request.method(), key.is_some());
    let life = (guarantee == Guarantee::Keyed).then(|| life_left(None, policy));
    error
        .for_payments(policy.is_for_payments())
        .amend(|report| {
            report.guarantee = guarantee;
            report.idempotency_key = key;
            report.key_expires = life.map(|life| clock::after(now, life));
            // By then the provider may have forgotten the key.
            report.retry = report
                .retry
                .filter(|retry| life.is_none_or(|life| retry.after < life));
        })
}
