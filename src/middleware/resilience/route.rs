//! Where a call goes, and by which policy.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use http::Uri;
use http::uri::Scheme;

use super::layer::Stack;
use crate::lane::{self, Apart, LANES};
use crate::upstream::{Remembers, Upstream};
use crate::{Policy, Upstreams};

/// Where a call goes, and by which policy: all that it shares with others, under one count. Each lane
/// counts for itself, so that threads do not meet.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) stack: Stack,
    pub(super) policy: Arc<Policy>,
    pub(super) upstream: Arc<Upstream>,
    /// The upstream's name, for reports.
    pub(super) name: Arc<str>,
    /// As keys are told of it.
    pub(super) origin: u64,
    is_http: bool,
    /// As it was written; whoever writes it otherwise has another route.
    authority: Box<str>,
}

impl Route {
    fn to(uri: &Uri, policy: &Arc<Policy>, stack: &Stack) -> Self {
        let upstreams = &stack.upstreams;
        let upstream = upstreams.at(uri);
        Self {
            policy: Arc::clone(policy),
            name: Arc::from(&**upstream.name()),
            upstream,
            origin: upstreams.sent_keys().origin_of(uri),
            stack: stack.clone(),
            is_http: is_http(uri),
            authority: authority(uri).into(),
        }
    }

    fn leads_to(&self, uri: &Uri) -> bool {
        authority(uri) == &*self.authority && is_http(uri) == self.is_http
    }

    /// Whether a call that begins now would find the same.
    fn is_current(&self, policy: &Arc<Policy>) -> bool {
        Arc::ptr_eq(&self.policy, policy) && !self.upstream.is_forgotten()
    }
}

/// The routes taken lately: of each lane the one that was taken first, as most clients have no other.
#[derive(Debug, Default)]
pub(super) struct Routes([Apart<ArcSwapOption<Route>>; LANES]);

impl Routes {
    /// No routes yet, to these.
    pub(super) fn of(upstreams: &Upstreams) -> Arc<Self> {
        let routes = Arc::<Self>::default();
        let weak = Arc::downgrade(&routes);
        upstreams.are_remembered_by(weak);
        routes
    }

    /// The route to this URI by this policy, which is in force.
    pub(super) fn to(&self, uri: &Uri, policy: &Arc<Policy>, stack: &Stack) -> Arc<Route> {
        let Apart(lately) = &self.0[lane::mine() % LANES];
        let known = lately.load();
        let known = known.as_ref().filter(|route| route.is_current(policy));
        if let Some(route) = known.filter(|route| route.leads_to(uri)) {
            return Arc::clone(route);
        }
        let route = Arc::new(Route::to(uri, policy, stack));
        // What newcomers share while there is no room is nobody's own; and what tells of a person is
        // kept nowhere.
        let is_own = !stack.upstreams.is_overflow(&route.upstream);
        if known.is_none() && is_own && !route.authority.contains('@') {
            lately.store(Some(Arc::clone(&route)));
        }
        route
    }
}

impl Remembers for Routes {
    fn let_go(&self) {
        for Apart(route) in &self.0 {
            if route.load().is_some() {
                route.store(None);
            }
        }
    }
}

fn authority(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

fn is_http(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTP)
}
