//! A first attempt that no layer has anything to say about.

use std::time::Instant;

use http::Request;

use super::pass::Pass;
use super::under_way::UnderWay;
use crate::body::{Replay, SendGate};
use crate::clock;
use crate::middleware::Deadline;
use crate::middleware::attempt_timeout::Limit;
use crate::middleware::retry::Kept;
use crate::policy::budget::Deposit;
use crate::policy::idempotency::IdempotencyKey;

/// What is known of a call while its first attempt goes express.
pub(super) struct Express<B> {
    pub(super) under_way: UnderWay,
    /// As it is counted in the budget.
    pub(super) first: Deposit,
    pub(super) kept: Kept<B>,
    /// It was made for this call.
    pub(super) key: Option<IdempotencyKey>,
    /// Only where a transport of this crate may take it.
    pub(super) gate: Option<SendGate>,
}

impl<B: Replay> Express<B> {
    /// The call is under way: the request is made ready to be sent.
    pub(super) fn begin(request: &mut Request<B>, pass: Pass<B>) -> Self {
        let Pass {
            now,
            route,
            permit,
            first,
            key,
            body,
        } = pass;
        let provider = route.policy.provider();
        if let Some(key) = &key {
            let value = provider.key_form.write(key);
            request.headers_mut().insert(&provider.key_header, value);
        }
        let kept = Kept::with(body, request);
        let under_way = UnderWay::begin(route, now, request.method().clone(), permit);
        let mut express = Self {
            under_way,
            first,
            kept,
            key,
            gate: None,
        };
        if B::TELLS_ITS_TRANSPORT {
            let (limit, deadline) = (express.limit(), express.deadline());
            express.gate = Some(limit.pass_down(request, Some(deadline)));
        }
        express
    }
}

impl<B> Express<B> {
    /// When the call must have ended.
    pub(super) fn deadline(&self) -> Deadline {
        let UnderWay { since, route, .. } = &self.under_way;
        Deadline::at(clock::after(*since, route.policy.deadline()))
    }

    /// What ends the attempt.
    pub(super) fn limit(&self) -> Limit {
        let UnderWay { since, route, .. } = &self.under_way;
        Limit::of(
            *since,
            route.policy.attempt_timeout(),
            Some(self.deadline()),
        )
    }

    /// When the attempt must have ended.
    pub(super) fn ends(&self) -> Instant {
        self.limit().at()
    }
}
