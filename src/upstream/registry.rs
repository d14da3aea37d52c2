//! The bounded map of upstreams.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use arc_swap::{ArcSwap, Guard};
use foldhash::fast::RandomState;
use papaya::HashMap;

use super::at_hand::AtHand;
use super::common::Common;
use super::forget::Row;
use super::held::Seat;
use super::key::Key;
use super::remembering::{Remembering, Remembers};
use super::{SentKeys, Upstream, UpstreamsBuilder};
use crate::config::{Policy, PolicyError};
use crate::control::Control;
use crate::event::{Event, Observers};
use crate::random::Random;

/// Upstreams remembered, unless somebody says otherwise: half a megabyte of them while they are idle. A
/// service that reaches more hosts than this is a crawler, or a proxy that knows how many there are.
pub(super) const CAPACITY: usize = 1_024;

/// The upstreams of one client: a policy, and the state of every upstream called under it.
///
/// Clones share everything. Give the same `Upstreams` to a [`RetryLayer`](crate::RetryLayer) and a
/// [`CircuitLayer`](crate::CircuitLayer), and both speak of the same circuits and budgets.
///
/// An upstream is made on its first use. At most 1,024 are remembered, or
/// [as many as you say](UpstreamsBuilder::capacity): beyond that the quietest of some idle ones is
/// forgotten; one that is open, gated or in use never is. When none is found that can be forgotten,
/// newcomers share one state.
///
/// ```
/// use seawall::{Policy, Upstreams};
///
/// let upstreams = Upstreams::new(Policy::external());
/// assert_eq!(upstreams.policy().max_attempts(), 3);
/// ```
#[derive(Clone, Debug)]
pub struct Upstreams {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) policy: ArcSwap<Policy>,
    /// How often another policy has taken its place.
    pub(super) turns: AtomicUsize,
    pub(super) capacity: usize,
    /// Hashed quickly, and seeded: whoever chooses host names does not choose their places.
    pub(super) by_key: HashMap<Key, Arc<Upstream>, RandomState>,
    pub(super) row: Row,
    pub(super) seats: AtHand<Seat>,
    pub(super) overflow: OnceLock<Arc<Upstream>>,
    pub(super) remembering: Remembering,
    /// Whether a circuit is asked for them.
    guarded: AtomicBool,
    /// Held while a policy takes another's place: what has changed is found out against what was there.
    pub(super) applying: Mutex<()>,
    sent_keys: SentKeys,
    pub(super) common: Arc<Common>,
}

impl Upstreams {
    /// No upstreams yet. Each override that the policy carries is logged at WARN.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::builder(policy).build()
    }

    /// No upstreams yet, with somebody who is told of every event, or with a seed.
    pub fn builder(policy: Policy) -> UpstreamsBuilder {
        UpstreamsBuilder::new(policy)
    }

    /// The same, but every chance (jitter, generated keys) comes from this seed: for simulations
    /// and tests.
    #[must_use]
    pub fn with_seed(policy: Policy, seed: u64) -> Self {
        Self::builder(policy).seed(seed).build()
    }

    pub(super) fn with(
        policy: Policy,
        random: Random,
        capacity: usize,
        observers: Observers,
    ) -> Self {
        let (policy, refused) = policy.with_harmless_provider();
        tell_of(&policy, refused.as_ref(), &observers);
        let common = Common::new(random, observers);
        if policy.is_throttled() {
            common.limit();
        }
        let shared = Shared {
            policy: ArcSwap::from_pointee(policy),
            turns: AtomicUsize::new(0),
            capacity,
            by_key: HashMap::with_hasher(RandomState::default()),
            row: Row::default(),
            seats: AtHand::default(),
            overflow: OnceLock::new(),
            remembering: Remembering::default(),
            guarded: AtomicBool::new(false),
            applying: Mutex::new(()),
            sent_keys: SentKeys::new(),
            common: Arc::new(common),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The policy in force. A call goes by the one that was in force when it began.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.shared.policy.load_full()
    }

    /// The same, for a look at it: nothing is counted, so threads do not meet.
    pub(crate) fn policy_now(&self) -> Guard<Arc<Policy>> {
        self.shared.policy.load()
    }

    /// How often another policy was put in force: whoever keeps one asks this to know whether it still
    /// is. Whoever will keep one asks first, and takes it then.
    pub(crate) fn turn(&self) -> usize {
        self.shared.turns.load(Ordering::Acquire)
    }

    /// The handle for whoever operates them.
    #[must_use]
    pub fn control(&self) -> Control {
        Control::new(self.clone())
    }

    /// Looks at all that are remembered. None is held meanwhile: it would pass for one in use.
    pub(crate) fn visit(&self, visit: impl FnMut(&Arc<Upstream>)) {
        let upstreams = self.shared.by_key.pin();
        let overflow = self.shared.overflow.get();
        upstreams.values().chain(overflow).for_each(visit);
    }

    /// What newcomers share, if there were any for whom there was no room.
    pub(crate) fn overflow(&self) -> Option<&Upstream> {
        self.shared.overflow.get().map(|overflow| &**overflow)
    }

    /// Whether one of them may be limited: then the throttle has to look at each.
    pub(crate) fn may_be_limited(&self) -> bool {
        self.shared.common.were_limited()
    }

    /// A circuit is asked for them from now on.
    pub(crate) fn guard(&self) {
        self.shared.guarded.store(true, Ordering::Relaxed);
    }

    /// Whether a circuit is asked for them.
    pub(crate) fn are_guarded(&self) -> bool {
        self.shared.guarded.load(Ordering::Relaxed)
    }

    /// Whoever keeps some of them at hand is asked to let go before one is forgotten.
    pub(crate) fn are_remembered_by(&self, whom: Weak<dyn Remembers>) {
        self.shared.remembering.add(whom);
    }

    /// Tells the observers of what concerns all of them.
    #[cfg(feature = "watch")]
    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.shared.common.observers.tell(event);
    }

    pub(crate) fn random(&self) -> &Arc<Random> {
        &self.shared.common.random
    }

    /// The idempotency keys that were sent to any of them.
    pub(crate) fn sent_keys(&self) -> &SentKeys {
        &self.shared.sent_keys
    }
}

/// What somebody should know about a policy that is put to use.
pub(super) fn tell_of(policy: &Policy, refused: Option<&PolicyError>, observers: &Observers) {
    let preset = policy.preset();
    for overridden in policy.overrides() {
        observers.tell(&Event::OverrideInForce { preset, overridden });
    }
    if let Some(why) = refused {
        let provider = &policy.provider().name;
        observers.tell(&Event::ProfileIgnored { provider, why });
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
