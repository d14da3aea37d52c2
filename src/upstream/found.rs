//! What an outer layer has found out about a request, passed down with it.

use std::ops::Deref;
use std::sync::Arc;

use arc_swap::Guard;
use http::Request;

use super::registry::Shared;
use super::{Upstream, Upstreams};
use crate::config::Policy;
use crate::policy::budget::Deposit;

/// The upstream of a request, found once and passed down with it, the policy that its call began with,
/// and its first attempt as the budget has counted it, while that may still be taken back. It means
/// nothing to the upstreams of another client.
struct Found {
    among: Arc<Shared>,
    policy: Arc<Policy>,
    upstream: Arc<Upstream>,
    first: Option<Deposit>,
}

impl Clone for Found {
    fn clone(&self) -> Self {
        Self {
            among: Arc::clone(&self.among),
            policy: Arc::clone(&self.policy),
            upstream: Arc::clone(&self.upstream),
            first: self.first.as_ref().map(Deposit::duplicate),
        }
    }
}

/// A policy, for a look at it.
pub(crate) enum SeenPolicy<'a> {
    OfCall(&'a Policy),
    InForce(Guard<Arc<Policy>>),
}

impl Deref for SeenPolicy<'_> {
    type Target = Policy;

    fn deref(&self) -> &Policy {
        match self {
            Self::OfCall(policy) => policy,
            Self::InForce(policy) => policy,
        }
    }
}

impl Upstreams {
    /// The policy that the call of this request began with.
    pub(crate) fn policy_of<B>(&self, request: &Request<B>) -> Arc<Policy> {
        let found = self.found(request);
        found.map_or_else(|| self.policy(), |found| Arc::clone(&found.policy))
    }

    /// The same, for a look at it: nothing is counted, so threads do not meet.
    pub(crate) fn seen_policy_of<'a, B>(&self, request: &'a Request<B>) -> SeenPolicy<'a> {
        match self.found(request) {
            Some(found) => SeenPolicy::OfCall(&found.policy),
            None => SeenPolicy::InForce(self.policy_now()),
        }
    }

    /// The upstream that an outer layer has found for this request, whosever it is.
    pub(crate) fn known_of<B>(request: &Request<B>) -> Option<&Arc<Upstream>> {
        let found = request.extensions().get::<Found>();
        found.map(|found| &found.upstream)
    }

    /// The first attempt that an outer layer has counted for this request.
    pub(crate) fn deposit_of<B>(&self, request: &Request<B>) -> Option<Deposit> {
        let found = self.found(request)?;
        found.first.as_ref().map(Deposit::duplicate)
    }

    /// Leaves what is known with the request, for the layers below.
    pub(crate) fn pass_down<B>(
        &self,
        request: &mut Request<B>,
        policy: Arc<Policy>,
        upstream: Arc<Upstream>,
        first: Option<&Deposit>,
    ) {
        let among = Arc::clone(&self.shared);
        let first = first.map(Deposit::duplicate);
        let found = Found {
            among,
            policy,
            upstream,
            first,
        };
        request.extensions_mut().insert(found);
    }

    /// The upstream that an outer layer of these has found for this request.
    pub(super) fn found_for<'a, B>(&self, request: &'a Request<B>) -> Option<&'a Arc<Upstream>> {
        self.found(request).map(|found| &found.upstream)
    }

    fn found<'a, B>(&self, request: &'a Request<B>) -> Option<&'a Found> {
        let found = request.extensions().get::<Found>();
        found.filter(|found| Arc::ptr_eq(&found.among, &self.shared))
    }
}
