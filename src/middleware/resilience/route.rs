//! Where a call goes, and by which policy.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use http::uri::Scheme;
use http::{Request, Uri};

use super::layer::Stack;
use crate::Policy;
use crate::lane::{self, Apart, LANES};
use crate::middleware::extensions::{Identity, life_left};
use crate::middleware::require_https::is_exposed;
use crate::policy::idempotency::IdempotencyKey;
use crate::upstream::Upstream;

/// Where a call goes, and by which policy: all that it shares with others, under one count. Each lane
/// counts for itself, so that threads do not meet.
#[derive(Debug)]
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
    is_http: bool,
    /// As it was written; whoever writes it otherwise has another route.
    authority: Box<str>,
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
            is_http: is_http(uri),
            authority: authority(uri).into(),
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

    fn leads_to(&self, uri: &Uri) -> bool {
        authority(uri) == &*self.authority && is_http(uri) == self.is_http
    }

    /// Whether a call that begins now would find the same.
    fn is_current(&self, turn: usize) -> bool {
        self.turn == turn && !self.upstream.is_forgotten()
    }
}

/// The routes taken lately: of each lane the one that was taken first, as most clients have no other.
#[derive(Debug, Default)]
pub(super) struct Routes([Apart<ArcSwapOption<Route>>; LANES]);

impl Routes {
    /// The route of this request, by the policy in force. `None`: by that policy some layer has something
    /// to say about it.
    pub(super) fn to<B>(&self, request: &Request<B>, stack: &Stack) -> Option<Arc<Route>> {
        let uri = request.uri();
        let has_key = |policy: &Policy| policy.provider().has_key_in(request.headers());
        let Apart(lately) = &self.0[lane::mine() % LANES];
        let turn = stack.upstreams.turn();
        let loaded = lately.load();
        let known = loaded.as_ref().filter(|route| route.is_current(turn));
        if let Some(route) = known.filter(|route| route.leads_to(uri)) {
            return (!has_key(&route.policy)).then(|| Arc::clone(route));
        }
        let is_taken = known.is_some();
        // Held any longer, its upstream would pass for one in use when another needs the place.
        drop(loaded);
        let policy = stack.upstreams.policy();
        // No upstream is made for what may never come there.
        if !may_cross(uri, &policy) || has_key(&policy) {
            return None;
        }
        let route = Arc::new(Route::to(uri, (turn, policy), stack));
        // What newcomers share while there is no room is nobody's own; and what tells of a person is
        // kept nowhere.
        let is_own = !stack.upstreams.is_overflow(&route.upstream);
        if !is_taken && is_own && !route.authority.contains('@') {
            lately.store(Some(Arc::clone(&route)));
        }
        Some(route)
    }

    /// Another upstream needs the place of one of them.
    pub(super) fn let_go(&self) {
        for Apart(route) in &self.0 {
            if route.load().is_some() {
                route.store(None);
            }
        }
    }
}

/// Whether it may cross the network as it is. Of one route all may, or none.
fn may_cross(uri: &Uri, policy: &Policy) -> bool {
    !is_exposed(uri) || !policy.requires_https()
}

fn authority(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

fn is_http(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTP)
}
