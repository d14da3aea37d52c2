//! What lets a request go express.

use std::sync::Arc;
use std::time::Instant;

use http::Request;

use super::route::Route;
use crate::body::Replay;
use crate::policy::budget::Deposit;
use crate::policy::circuit::{Call, Permit};
use crate::policy::idempotency::IdempotencyKey;

/// What lets a request go express.
pub(super) struct Pass<B> {
    pub(super) now: Instant,
    pub(super) route: Arc<Route>,
    pub(super) permit: Permit,
    /// As the budget has counted it.
    pub(super) first: Deposit,
    pub(super) key: Option<IdempotencyKey>,
    /// The body of a retry.
    pub(super) body: B,
}

impl<B: Replay> Pass<B> {
    /// `None`, and nothing has changed: some layer has something to say about it. The circuit is asked
    /// last: from then on the call counts.
    pub(super) fn of(
        route: Arc<Route>,
        request: &Request<B>,
        makes_key: bool,
        now: Instant,
    ) -> Option<Self> {
        let body = request.body().replay()?;
        let key = if makes_key { Some(made(&route)?) } else { None };
        let (permit, first) = route.upstream.begin_first(now, &Call::default())?;
        Some(Self {
            now,
            route,
            permit,
            first,
            key,
            body,
        })
    }
}

/// A new key; `None` if the provider would not take it.
fn made(route: &Route) -> Option<IdempotencyKey> {
    let key = route.new_key();
    let provider = route.policy.provider();
    provider.check(&key).is_ok().then_some(key)
}
