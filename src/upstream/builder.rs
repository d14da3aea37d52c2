//! Upstreams in the making.

use std::sync::Arc;

use super::Upstreams;
use super::registry::CAPACITY;
use crate::config::Policy;
use crate::event::{Observer, Observers};
use crate::random::Random;

/// Upstreams in the making.
///
/// ```
/// use seawall::{Policy, Upstreams};
///
/// let upstreams = Upstreams::builder(Policy::external()).seed(7).build();
/// assert_eq!(upstreams.policy().max_attempts(), 3);
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct UpstreamsBuilder {
    policy: Policy,
    seed: Option<u64>,
    capacity: usize,
    observers: Vec<Arc<dyn Observer>>,
}

impl UpstreamsBuilder {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            policy,
            seed: None,
            capacity: CAPACITY,
            observers: Vec::new(),
        }
    }

    #[cfg_attr(not(feature = "client"), allow(dead_code, reason = "the client asks"))]
    pub(crate) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Takes every chance (jitter, generated keys) from this seed: for simulations and tests.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// At most so many upstreams are remembered: 1,024 by default, about half a kilobyte each while they
    /// are idle. A service knows the gateways it calls; a proxy, or whoever delivers to its customers'
    /// hosts, may reach more. At least one is.
    ///
    /// Beyond that the quietest of some idle ones is forgotten, with its history of rates and times, and
    /// begins anew when it is called again. One that is open, gated or in use is never forgotten; while
    /// none is found that can be, newcomers share one circuit, gate and budget.
    ///
    /// ```
    /// use seawall::{Policy, Upstreams};
    ///
    /// let upstreams = Upstreams::builder(Policy::external()).capacity(100_000).build();
    /// ```
    pub fn capacity(mut self, upstreams: usize) -> Self {
        self.capacity = upstreams.max(1);
        self
    }

    /// One more who is told of every event. The log is told anyway.
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// No upstreams yet. Each override that the policy carries is told to the observers, and logged at
    /// WARN.
    #[must_use]
    pub fn build(self) -> Upstreams {
        let observers: Observers = self.observers.into_iter().collect();
        let random = self.seed.map_or_else(Random::from_system, Random::seeded);
        let upstreams = Upstreams::with(self.policy, random, self.capacity, observers.clone());
        observers.attach(&upstreams.downgrade());
        upstreams
    }
}

impl std::fmt::Debug for UpstreamsBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpstreamsBuilder")
            .field("policy", &self.policy)
            .field("seed", &self.seed)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
