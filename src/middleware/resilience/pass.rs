//! What lets a request go express.

use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request};

use super::ResilienceLayer;
use super::layer::Stack;
use super::route::Route;
use crate::body::Replay;
use crate::event::span;
use crate::middleware::require_https::is_exposed;
use crate::policy::budget::Deposit;
use crate::policy::circuit::{Call, Permit};
use crate::policy::idempotency::{Asked, Choice, IdempotencyKey, choose};
use crate::{Policy, clock};

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
    pub(super) fn of(layer: &ResilienceLayer, request: &Request<B>) -> Option<Self> {
        let stack = layer.stack();
        if !is_plain(stack, request) {
            return None;
        }
        let lets_pass = |policy: &Policy| may_cross(request, policy) && !has_key(request, policy);
        let route = layer.routes().to(request.uri(), stack, lets_pass)?;
        let now = clock::now();
        // Else the layers ask for the body and the key again, and neither is there twice for nothing.
        if !route.upstream.is_untroubled(now) {
            return None;
        }
        let body = request.body().replay()?;
        let key = match choose(&asked(request, &route.policy)) {
            Ok(Choice::Generate) => Some(made(stack, &route.policy)?),
            Ok(Choice::Nothing) => None,
            Ok(Choice::Keep(_) | Choice::Write(_)) | Err(_) => return None,
        };
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

/// Whether nobody sees spans, nothing may be limited, no source has the credential of this request, and it
/// says nothing of its own and is no tunnel.
pub(super) fn is_plain<B>(stack: &Stack, request: &Request<B>) -> bool {
    !span::attempts_are_seen()
        && !stack.upstreams.may_be_limited()
        && !is_signed(stack, request)
        && request.extensions().is_empty()
        && *request.method() != Method::CONNECT
}

/// Whether a source has the credential of this request.
fn is_signed<B>(stack: &Stack, request: &Request<B>) -> bool {
    let sources = stack.credentials.sources();
    sources.covering(request.uri()).is_some()
}

/// Whether it may cross the network as it is.
pub(super) fn may_cross<B>(request: &Request<B>, policy: &Policy) -> bool {
    !is_exposed(request.uri()) || !policy.requires_https()
}

/// Whether it brings a key.
pub(super) fn has_key<B>(request: &Request<B>, policy: &Policy) -> bool {
    let key_header = &policy.provider().key_header;
    request.headers().contains_key(key_header)
}

/// What a plain request asks for by way of a key.
pub(super) fn asked<'a, B>(request: &'a Request<B>, policy: &Policy) -> Asked<'a> {
    Asked {
        method: request.method(),
        header: None,
        given: None,
        injects: policy.injects_key_into(request.method()),
        sent_before: false,
    }
}

/// A new key; `None` if the provider would not take it.
fn made(stack: &Stack, policy: &Policy) -> Option<IdempotencyKey> {
    let random = stack.upstreams.random();
    let key = IdempotencyKey::from_random_bytes(random.key_bytes());
    policy.provider().check(&key).is_ok().then_some(key)
}
