//! What is known of a call while it lasts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, Method, Request, StatusCode};

use crate::config::Policy;
use crate::middleware::credentials::Sources;
use crate::middleware::extensions::{
    Deadline, FreshConnection, Identity, KeyPast, Resend, guarantee_of, hash,
};
use crate::policy::budget::{Deposit, Grant};
use crate::policy::circuit::Call;
use crate::policy::idempotency::IdempotencyKey;
use crate::policy::{Delivery, Guarantee, StopReason};
use crate::report::{Report, RetryAt};
use crate::upstream::Upstream;
use crate::{Upstreams, clock};

/// What is known of a call while it lasts, and what it holds.
#[derive(Debug)]
pub(in crate::middleware) struct CallLog {
    upstreams: Upstreams,
    /// The policy in force when it began: no change may split a call.
    pub(super) policy: Arc<Policy>,
    pub(super) upstream: Arc<Upstream>,
    pub(super) method: Method,
    key: Option<IdempotencyKey>,
    /// When the provider may have forgotten it; `None` when nothing hangs on it.
    key_expires: Option<Instant>,
    pub(super) guarantee: Guarantee,
    /// Of a call that went express, only once it matters.
    identity: Option<Identity>,
    started: Instant,
    deadline: Instant,
    /// Attempts that were sent, or may have been.
    pub(super) attempts: u32,
    delivery: Option<Delivery>,
    pub(super) repeated_once: bool,
    pub(super) last_delay: Duration,
    waited: Duration,
    /// The response whose retry is waited for, should that be refused.
    pub(super) last_response: Option<(StatusCode, HeaderMap)>,
    first: Option<Deposit>,
    /// The budget's grant for the retry that is waited for or under way.
    pub(super) grant: Option<Grant>,
    /// Whether that retry has been sent, and so has used its grant.
    resent: bool,
    pub(super) reservation: Option<u64>,
}

/// How a call has begun.
pub(in crate::middleware) struct Began {
    pub(in crate::middleware) at: Instant,
    pub(in crate::middleware) policy: Arc<Policy>,
    /// Its first attempt, as it is counted in the budget.
    pub(in crate::middleware) first: Deposit,
    pub(in crate::middleware) upstreams: Upstreams,
    pub(in crate::middleware) upstream: Arc<Upstream>,
}

/// What is known of a call from its request.
pub(in crate::middleware) struct Known {
    pub(in crate::middleware) method: Method,
    pub(in crate::middleware) key: Option<IdempotencyKey>,
    /// What is known of the key, if the call hangs on it.
    pub(in crate::middleware) past: Option<KeyPast>,
    pub(in crate::middleware) guarantee: Guarantee,
    pub(in crate::middleware) deadline: Deadline,
}

impl CallLog {
    /// A call begins: its first attempt is about to be sent.
    pub(super) fn begin<B>(
        request: &Request<B>,
        upstreams: Upstreams,
        upstream: Arc<Upstream>,
        sources: &Sources,
    ) -> Self {
        let now = clock::now();
        let began = Began {
            at: now,
            policy: upstreams.policy(),
            first: upstream.budget().deposit(now),
            upstreams,
            upstream,
        };
        Self::of(request, began, sources)
    }

    /// The same of a call that has begun so.
    fn of<B>(request: &Request<B>, began: Began, sources: &Sources) -> Self {
        let (headers, policy) = (request.headers(), &*began.policy);
        let key = policy.provider().key_in(headers).and_then(Result::ok);
        let guarantee = guarantee_of(request, policy, key.is_some());
        let is_keyed = guarantee == Guarantee::Keyed;
        let deadline = clock::after(began.at, policy.deadline());
        let known = Known {
            method: request.method().clone(),
            key,
            past: is_keyed.then(|| KeyPast::of(request, policy, began.at)),
            guarantee,
            deadline: tighter(deadline, Deadline::of(request)),
        };
        let identity = Identity::of(request, policy.provider(), sources);
        let mut log = Self::with(known, began);
        log.identify(identity);
        log
    }

    /// A call of which this is known, its first attempt under way or over.
    pub(in crate::middleware) fn with(known: Known, began: Began) -> Self {
        // An earlier call with the same key may have been acted on, whatever becomes of this one.
        let in_doubt = known.past.is_some_and(|past| past.in_doubt);
        Self {
            first: Some(began.first),
            upstreams: began.upstreams,
            policy: began.policy,
            upstream: began.upstream,
            method: known.method,
            key: known.key,
            key_expires: known.past.map(|past| past.expires),
            guarantee: known.guarantee,
            identity: None,
            started: began.at,
            deadline: known.deadline.instant(),
            attempts: 0,
            delivery: in_doubt.then_some(Delivery::Unknown),
            repeated_once: false,
            last_delay: Duration::ZERO,
            waited: Duration::ZERO,
            last_response: None,
            grant: None,
            resent: false,
            reservation: None,
        }
    }

    /// Leaves with the request what the layers below need of this.
    pub(in crate::middleware) fn pass_down<B>(&self, request: &mut Request<B>) {
        let (policy, upstream) = (Arc::clone(&self.policy), Arc::clone(&self.upstream));
        self.upstreams
            .pass_down(request, policy, upstream, self.first.as_ref());
    }

    pub(super) fn unit(&self) -> f64 {
        self.upstreams.random().unit()
    }

    /// The call as the circuit sees it. Whose it is matters while a credential's gate is closed.
    pub(super) fn as_seen(&self) -> Call {
        let identity = self.identity.as_ref();
        let identity = identity.filter(|_| self.upstream.gates_keys());
        Call {
            key: self.key.as_ref().map(hash),
            rate_key: identity.map_or(0, Identity::rate_key),
            ..Call::default()
        }
    }

    /// Whose call it is.
    pub(in crate::middleware) fn identify(&mut self, identity: Identity) {
        self.identity = Some(identity);
    }

    /// Whose call it is, as far as somebody has said.
    pub(in crate::middleware) fn identity(&self) -> Identity {
        self.identity.clone().unwrap_or(Identity::NOBODY)
    }

    pub(in crate::middleware) const fn method(&self) -> &Method {
        &self.method
    }

    pub(super) fn is_payment(&self) -> bool {
        self.policy.is_for_payments()
    }

    /// Whether the next attempt could be followed by another.
    pub(in crate::middleware) fn may_retry(&self) -> bool {
        self.attempts + 1 < self.policy.max_attempts() && self.guarantee != Guarantee::Tunnel
    }

    /// Time until the provider may forget the key.
    pub(super) fn key_life_left(&self, now: Instant) -> Option<Duration> {
        let expires = self.key_expires?;
        Some(expires.saturating_duration_since(now))
    }

    pub(super) fn time_left(&self, now: Instant) -> Duration {
        self.deadline.saturating_duration_since(now)
    }

    pub(super) fn is_too_late(&self, now: Instant) -> bool {
        self.deadline <= now
    }

    /// An attempt has ended with this delivery.
    pub(super) fn attempted(&mut self, delivery: Delivery) {
        self.attempts += 1;
        self.first = None;
        self.grant = None;
        self.delivery = Some(
            self.delivery
                .map_or(delivery, |so_far| so_far.join(delivery)),
        );
    }

    /// A retry is decided: what it holds until it is sent.
    pub(super) fn will_retry(&mut self, delay: Duration, grant: Option<Grant>) {
        self.last_delay = delay;
        self.waited += delay;
        self.grant = grant;
        self.resent = false;
    }

    /// The number of the attempt that is sent next.
    pub(in crate::middleware) const fn next_number(&self) -> u32 {
        self.attempts.saturating_add(1)
    }

    /// The retry is sent, and the layers below see to what it holds.
    pub(super) fn resend<B>(&mut self, request: &mut Request<B>) {
        request.extensions_mut().insert(Resend {
            number: self.next_number(),
            reservation: self.reservation,
            grant: self.grant.as_ref().map(Grant::duplicate),
        });
        self.resent(request);
    }

    /// The retry is sent.
    pub(in crate::middleware) fn resent<B>(&mut self, request: &mut Request<B>) {
        self.resent = true;
        let misdirected = self.last_response.as_ref().map(|(status, _)| *status);
        if misdirected == Some(StatusCode::MISDIRECTED_REQUEST) {
            request.extensions_mut().insert(FreshConnection);
        }
    }

    /// An attempt was refused here, so that it counts for nothing.
    pub(super) fn refused(&mut self) {
        if let Some(deposit) = self.first.take() {
            self.upstream.budget().undo(deposit);
        }
        self.give_back();
    }

    pub(super) fn joined_delivery(&self) -> Delivery {
        self.delivery.unwrap_or(Delivery::NotSent)
    }

    pub(super) fn report(&self, stop_reason: StopReason, retry_after: Option<Duration>) -> Report {
        Report {
            upstream: Arc::clone(self.upstream.name()),
            attempts: self.attempts,
            elapsed: clock::now().saturating_duration_since(self.started),
            waited: self.waited,
            stop_reason,
            delivery: self.joined_delivery(),
            idempotency_key: self.key.clone(),
            guarantee: self.guarantee,
            key_expires: self.key_expires,
            retry: retry_after.map(|after| RetryAt {
                wall: clock::wall_after(after),
                after,
            }),
        }
    }

    fn give_back(&mut self) {
        if let Some(grant) = self.grant.take() {
            self.upstream.budget().give_back(grant);
        }
    }
}

impl Drop for CallLog {
    /// A call that is dropped while it backs off holds a grant that was not used, and maybe the
    /// reservation for the probe. One that is dropped before the circuit is seen to there.
    fn drop(&mut self) {
        if !self.resent {
            self.give_back();
        }
        if let Some(reservation) = self.reservation.take() {
            self.upstream.release_probe(reservation);
        }
    }
}

/// Without a deadline layer around it, the policy's deadline holds here: no wait outlasts it.
fn tighter(ours: Instant, arrived: Option<Deadline>) -> Deadline {
    let ours = Deadline::at(ours);
    arrived.map_or(ours, |arrived| ours.min(arrived))
}
