//! Where a call goes, and by which policy.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Uri};

use super::layer::Stack;
use crate::Policy;
use crate::middleware::extensions::{Identity, life_left};
use crate::middleware::require_https::is_exposed;
use crate::policy::idempotency::IdempotencyKey;
use crate::upstream::{AtHand, Destination, Leads, Upstream};

/// Where a call goes, and by which policy: all that it shares with others, under one count. Each lane
/// counts for itself, so that threads do not meet.
pub(super) struct Route {
    pub(super) stack: Stack,
    pub(super) policy: Arc<Policy>,
    turn: usize,
    pub(super) upstream: Arc<Upstream>,
    /// The upstream's name, for reports.
    pub(super) name: Arc<str>,
    /// As keys are told of it.
    pub(super) origin: u64,
    /// How long a key may be sent after it was made.
    pub(super) made_key_life: Duration,
    destination: Destination,
}

impl Route {
    fn to(uri: &Uri, (turn, policy): (usize, Arc<Policy>), stack: &Stack) -> Self {
        let upstreams = &stack.upstreams;
        let upstream = upstreams.at(uri);
        Self {
            turn,
            name: Arc::from(&**upstream.name()),
            upstream,
            origin: upstreams.sent_keys().origin_of(uri),
            made_key_life: life_left(None, &policy),
            policy,
            stack: stack.clone(),
            destination: Destination::of(uri),
        }
    }

    /// Who makes this request, as its upstream counts it.
    pub(super) fn identity_of<B>(&self, request: &Request<B>) -> Identity {
        let sources = self.stack.credentials.sources();
        Identity::of(request, self.policy.provider(), sources)
    }

    /// A key for one more call.
    pub(super) fn new_key(&self) -> IdempotencyKey {
        let random = self.stack.upstreams.random();
        IdempotencyKey::from_random_bytes(random.key_bytes())
    }

    /// Whether a call that begins now would find the same.
    fn is_current(&self, turn: usize) -> bool {
        self.turn == turn && !self.upstream.is_forgotten()
    }
}

impl Leads for Route {
    fn destination(&self) -> &Destination {
        &self.destination
    }
}

/// The routes that are taken most.
#[derive(Debug, Default)]
pub(super) struct Routes(AtHand<Route>);

impl Routes {
    /// The route of this request, by the policy in force. `None`: by that policy some layer has something
    /// to say about it.
    pub(super) fn to<B>(&self, request: &Request<B>, stack: &Stack) -> Option<Arc<Route>> {
        let uri = request.uri();
        let has_key = |policy: &Policy| policy.provider().has_key_in(request.headers());
        let turn = stack.upstreams.turn();
        let room = match self.0.find(uri, |route| route.is_current(turn)) {
            Ok(route) => return (!has_key(&route.policy)).then_some(route),
            Err(room) => room,
        };
        let policy = stack.upstreams.policy();
        // No upstream is made for what may never come there.
        if !may_cross(uri, &policy) || has_key(&policy) {
            return None;
        }
        let route = Arc::new(Route::to(uri, (turn, policy), stack));
        // What newcomers share while there is no room is nobody's own.
        if !stack.upstreams.is_overflow(&route.upstream) {
            room.keep(|| Arc::clone(&route));
        }
        Some(route)
    }

    /// Another upstream needs the place of one of them.
    pub(super) fn let_go(&self) {
        self.0.clear();
    }
}

/// Whether it may cross the network as it is. Of one route all may, or none.
fn may_cross(uri: &Uri, policy: &Policy) -> bool {
    !is_exposed(uri) || !policy.requires_https()
}
