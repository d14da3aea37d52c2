//! Another policy, under traffic.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use super::Upstream;
use super::registry::{Shared, Upstreams, tell_of};
use crate::clock;
use crate::config::{Change, Policy, PolicyError};
use crate::event::Event;

impl Upstreams {
    /// Puts another policy in force, under traffic: calls that have begun go by the old one to their
    /// end, and no circuit, gate, budget or history starts over. The observers are told what has
    /// changed.
    ///
    /// What was derived from the policy when a client was built stays: its connect timeout, the time
    /// between two frames of a body, the time to renew a credential.
    ///
    /// ```
    /// use seawall::{Policy, Upstreams};
    ///
    /// let upstreams = Upstreams::new(Policy::external());
    /// let calmer = upstreams.policy().to_builder().max_attempts(2).build()?;
    /// upstreams.apply(calmer)?;
    /// assert_eq!(upstreams.policy().max_attempts(), 2);
    ///
    /// let refused = upstreams.apply(Policy::internal()).unwrap_err().to_string();
    /// assert!(refused.contains("preset: external -> internal while calls are made"));
    /// # Ok::<(), seawall::PolicyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`PolicyError`], and nothing has changed, if the provider's profile makes no sense, if the
    /// preset is another, or if keys would go by another header or form, or be honoured or not: the
    /// provider would take a key that was sent for one it has never seen.
    pub fn apply(&self, policy: Policy) -> Result<(), PolicyError> {
        let policy = Arc::new(policy);
        let Some((before, changes)) = self.put_in_force(&policy)? else {
            return Ok(());
        };
        // No turn is held from here on: the observers are told of what follows.
        let now = clock::now();
        let by_key = self.shared.by_key.pin();
        for upstream in by_key.values().chain(self.shared.overflow.get()) {
            upstream.follow(&self.shared.policy, now);
        }
        let observers = &self.shared.common.observers;
        observers.tell(&Event::ConfigurationChanged { changes: &changes });
        if policy.overrides() != before.overrides() {
            tell_of(&policy, None, observers);
        }
        Ok(())
    }

    /// The policy that it follows, and what is another; `None`: nothing is.
    fn put_in_force(&self, policy: &Arc<Policy>) -> Result<Option<Succession>, PolicyError> {
        let _turn = self.shared.take_turn();
        let before = self.policy();
        before.may_become(policy)?;
        let changes = before.changes_to(policy);
        if changes.is_empty() {
            return Ok(None);
        }
        if policy.is_throttled() {
            self.shared.common.limit();
        }
        self.shared.policy.store(Arc::clone(policy));
        self.shared.turns.fetch_add(1, Ordering::Release);
        Ok(Some((before, changes)))
    }

    /// An upstream that was made while another policy was put in force may have been overlooked.
    pub(super) fn catch_up(&self, upstream: &Upstream, made_with: &Arc<Policy>) {
        if !Arc::ptr_eq(&self.policy_now(), made_with) {
            upstream.follow(&self.shared.policy, clock::now());
        }
    }
}

/// The policy before, and what its successor changes.
type Succession = (Arc<Policy>, Vec<Change>);

impl Shared {
    /// Nothing is broken half-way when a turn ends in a panic: the next begins from the policy in force.
    fn take_turn(&self) -> MutexGuard<'_, ()> {
        self.applying.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "reload_tests.rs"]
mod tests;
#[cfg(test)]
#[path = "reload_turn_tests.rs"]
mod turn_tests;
