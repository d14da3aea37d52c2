//! A first attempt that no layer has anything to say about.

use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request};

use super::ResilienceLayer;
use crate::body::{Replay, SendGate};
use crate::event::span;
use crate::middleware::Deadline;
use crate::middleware::attempt_timeout::Limit;
use crate::middleware::circuit::Admitted;
use crate::middleware::extensions::hash;
use crate::middleware::idempotency::KeyInUse;
use crate::middleware::require_https::is_exposed;
use crate::middleware::retry::{Began, Kept};
use crate::policy::circuit::{Call, Permit};
use crate::policy::idempotency::{Asked, Choice, IdempotencyKey, choose};
use crate::upstream::Upstream;
use crate::{Policy, clock};

/// What is known of a call while its first attempt goes express.
pub(super) struct Express<B> {
    pub(super) layer: ResilienceLayer,
    pub(super) began: Began,
    pub(super) deadline: Deadline,
    pub(super) kept: Kept<B>,
    pub(super) key: Option<IdempotencyKey>,
    /// If the provider makes anything of the key.
    pub(super) key_in_use: Option<KeyInUse>,
    pub(super) admitted: Admitted,
    pub(super) limit: Limit,
    /// Only where a transport of this crate may take it.
    pub(super) gate: Option<SendGate>,
}

/// What lets a request go express.
struct Pass<B> {
    now: Instant,
    policy: Arc<Policy>,
    upstream: Arc<Upstream>,
    permit: Permit,
    key: Option<IdempotencyKey>,
    body: B,
}

impl<B> Express<B> {
    /// When the attempt must have ended.
    pub(super) const fn ends(&self) -> Instant {
        self.limit.at()
    }
}

impl<B: Replay> Express<B> {
    /// Makes the request ready to be sent. `None`, and nothing is changed: some layer has something to
    /// say about it.
    pub(super) fn prepare(layer: &ResilienceLayer, request: &mut Request<B>) -> Option<Self> {
        let pass = Pass::of(layer, request)?;
        Some(Self::begin(layer, request, pass))
    }

    /// The call is under way.
    fn begin(layer: &ResilienceLayer, request: &mut Request<B>, pass: Pass<B>) -> Self {
        let Pass {
            now,
            policy,
            upstream,
            permit,
            key,
            body,
        } = pass;
        let (upstreams, provider) = (layer.upstreams(), policy.provider());
        let first = upstream.budget().deposit(now);
        let call = Call {
            key: key.as_ref().map(hash),
            ..Call::default()
        };
        upstream.arrive(now, &call);
        let key_in_use = key.as_ref().and_then(|key| {
            let value = provider.key_form.write(key);
            request.headers_mut().insert(&provider.key_header, value);
            KeyInUse::made(key, upstreams, &policy, request, now)
        });
        let kept = Kept::with(body, request);
        let deadline = Deadline::at(clock::after(now, policy.deadline()));
        let limit = Limit::of(now, policy.attempt_timeout(), Some(deadline));
        let gate = B::TELLS_ITS_TRANSPORT.then(SendGate::new);
        if let Some(gate) = &gate {
            request.extensions_mut().insert(gate.clone());
            request.extensions_mut().insert(deadline);
            limit.pass_down(request);
        }
        let admitted = Admitted::untroubled(
            (Arc::clone(&upstream), permit),
            now,
            request.method().clone(),
            layer.credentials().alarms_after(),
            policy.honours_retry_after(),
        );
        let began = Began {
            at: now,
            policy,
            first,
            upstreams: upstreams.clone(),
            upstream,
        };
        Self {
            layer: layer.clone(),
            began,
            deadline,
            kept,
            key,
            key_in_use,
            admitted,
            limit,
            gate,
        }
    }
}

impl<B: Replay> Pass<B> {
    /// The circuit is asked last: from then on the call counts.
    fn of(layer: &ResilienceLayer, request: &Request<B>) -> Option<Self> {
        let upstreams = layer.upstreams();
        if span::attempts_are_seen() || upstreams.may_be_limited() || is_signed(layer, request) {
            return None;
        }
        let policy = upstreams.policy();
        if !is_plain(request, &policy) {
            return None;
        }
        let (now, upstream) = (clock::now(), upstreams.find(request));
        // Else the layers ask for the body and the key again, and neither is there twice for nothing.
        if !upstream.is_untroubled(now) {
            return None;
        }
        let body = request.body().replay()?;
        let key = match choose(&asked(request, &policy)) {
            Ok(Choice::Generate) => Some(made(layer, &policy)?),
            Ok(Choice::Nothing) => None,
            Ok(Choice::Keep(_) | Choice::Write(_)) | Err(_) => return None,
        };
        let permit = upstream.admit_untroubled(now, &Call::default())?;
        Some(Self {
            now,
            policy,
            upstream,
            permit,
            key,
            body,
        })
    }
}

/// Whether a source has the credential of this request.
fn is_signed<B>(layer: &ResilienceLayer, request: &Request<B>) -> bool {
    let sources = layer.credentials().sources();
    sources.covering(request.uri()).is_some()
}

/// Whether the request may cross the network as it is, brings neither a key nor wishes of the caller's,
/// and is no tunnel.
fn is_plain<B>(request: &Request<B>, policy: &Policy) -> bool {
    let may_cross = !policy.requires_https() || !is_exposed(request.uri());
    let key_header = &policy.provider().key_header;
    may_cross
        && request.extensions().is_empty()
        && !request.headers().contains_key(key_header)
        && *request.method() != Method::CONNECT
}

/// What a plain request asks for by way of a key.
fn asked<'a, B>(request: &'a Request<B>, policy: &Policy) -> Asked<'a> {
    Asked {
        method: request.method(),
        header: None,
        given: None,
        injects: policy.injects_key_into(request.method()),
        sent_before: false,
    }
}

/// A new key; `None` if the provider would not take it.
fn made(layer: &ResilienceLayer, policy: &Policy) -> Option<IdempotencyKey> {
    let random = layer.upstreams().random();
    let key = IdempotencyKey::from_random_bytes(random.key_bytes());
    policy.provider().check(&key).is_ok().then_some(key)
}
