//! How a request gets on without the layers.

use http::{Method, Request};

use super::ResilienceLayer;
use super::layer::Stack;
use super::pass::Pass;
use super::refused::refused;
use crate::body::Replay;
use crate::event::span;
use crate::policy::idempotency::{Asked, Choice, choose};
use crate::{Error, Policy, clock};

/// How a request gets on without the layers.
pub(super) enum Way<B> {
    Express(Pass<B>),
    /// An open circuit or a closed gate turns it away.
    Refused(Error),
}

impl<B: Replay> Way<B> {
    /// `None`, and nothing has changed: some layer has something to say about it.
    pub(super) fn of(layer: &ResilienceLayer, request: &Request<B>) -> Option<Self> {
        let stack = layer.stack();
        if !is_plain(stack, request) {
            return None;
        }
        let route = layer.routes().to(request, stack)?;
        let makes_key = match choose(&asked(request, &route.policy)) {
            Ok(Choice::Generate) => true,
            Ok(Choice::Nothing) => false,
            Ok(Choice::Keep(_) | Choice::Write(_)) | Err(_) => return None,
        };
        let now = clock::now();
        if route.upstream.is_untroubled(now) {
            Pass::of(route, request, makes_key, now).map(Self::Express)
        } else {
            refused(&route, request, makes_key, now).map(Self::Refused)
        }
    }
}

/// Whether nobody sees spans, nothing may be limited, no source has the credential of this request, and it
/// says nothing of its own and is no tunnel.
fn is_plain<B>(stack: &Stack, request: &Request<B>) -> bool {
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
