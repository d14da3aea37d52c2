//! The bounded map of upstreams.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use arc_swap::{ArcSwap, Guard};
use foldhash::fast::RandomState;
use http::{Request, Uri};
use papaya::{HashMap, HashMapRef, LocalGuard};

use super::at_hand::{AtHand, Room};
use super::common::Common;
use super::forget::Row;
use super::held::{Held, Seat};
use super::key::{Key, KeyRef};
use super::remembering::{Remembering, Remembers};
use super::{Address, SentKeys, Upstream, UpstreamName, UpstreamsBuilder};
use crate::clock;
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
    capacity: usize,
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

/// The map, while somebody looks into it.
type Map<'a> = HashMapRef<'a, Key, Arc<Upstream>, RandomState, LocalGuard<'a>>;

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

    /// Its upstream's name, for people.
    pub(crate) fn name_of<B>(request: &Request<B>) -> String {
        KeyRef::new(request.uri(), request.extensions().get()).to_string()
    }

    /// The upstream of this request: passed down from an outer layer, or looked up.
    pub(crate) fn find<B>(&self, request: &Request<B>) -> Arc<Upstream> {
        Arc::clone(&self.hold(request))
    }

    /// The same, to be held while a call goes on.
    pub(crate) fn hold<B>(&self, request: &Request<B>) -> Held {
        if let Some(found) = self.found_for(request) {
            return Held::Counted(Arc::clone(found));
        }
        let (uri, name) = (request.uri(), request.extensions().get::<UpstreamName>());
        if name.is_some() {
            return Held::Counted(self.look_up(KeyRef::new(uri, name)));
        }
        match self.shared.seats.find(uri, Seat::is_remembered) {
            Ok(seat) => Held::AtHand(seat),
            Err(room) => Held::Counted(self.settle(uri, room)),
        }
    }

    /// The upstream of this URI, if its request says no finer name.
    pub(crate) fn at(&self, uri: &Uri) -> Arc<Upstream> {
        match self.shared.seats.find(uri, Seat::is_remembered) {
            Ok(seat) => Arc::clone(&seat.upstream),
            Err(room) => self.settle(uri, room),
        }
    }

    fn settle(&self, uri: &Uri, room: Option<Room<'_, Seat>>) -> Arc<Upstream> {
        let upstream = self.look_up(KeyRef::new(uri, None));
        // What newcomers share while there is no room is nobody's own.
        if let Some(room) = room
            && !self.is_overflow(&upstream)
        {
            room.keep(Arc::new(Seat::of(uri, &upstream)));
        }
        upstream
    }

    /// The upstream of this name, if it is remembered.
    pub(crate) fn remembered(&self, address: &Address) -> Option<Arc<Upstream>> {
        self.take(|upstreams| upstreams.get(&address.key()).cloned())
    }

    /// The upstream of this name, made if it was never called. `None`: it would share its state with
    /// others.
    pub(crate) fn named(&self, address: &Address) -> Option<Arc<Upstream>> {
        let found = self.look_up(address.key());
        (!self.is_overflow(&found)).then_some(found)
    }

    pub(crate) fn is_overflow(&self, upstream: &Arc<Upstream>) -> bool {
        let overflow = self.shared.overflow.get();
        overflow.is_some_and(|overflow| Arc::ptr_eq(overflow, upstream))
    }

    fn look_up(&self, key: KeyRef<'_>) -> Arc<Upstream> {
        self.take(|upstreams| {
            let known = upstreams.get(&key).map(Arc::clone);
            Some(known.unwrap_or_else(|| self.add(key, upstreams)))
        })
        .expect("what is not remembered is made")
    }

    /// One that was taken from the map, and is not being forgotten meanwhile.
    fn take(&self, take: impl Fn(&Map<'_>) -> Option<Arc<Upstream>>) -> Option<Arc<Upstream>> {
        loop {
            let taken = take(&self.shared.by_key.pin())?;
            // It counts as in use by now: see `forget`.
            fence(Ordering::SeqCst);
            if !taken.is_forgotten() {
                return Some(taken);
            }
            drop(taken);
            self.shared.row.settled();
        }
    }

    fn add(&self, key: KeyRef<'_>, upstreams: &Map<'_>) -> Arc<Upstream> {
        let policy = self.policy();
        if upstreams.len() >= self.shared.capacity && !self.forget_one() {
            let overflow = || Arc::new(self.make(Key::nobodys("overflow"), &policy));
            let overflow = self.shared.overflow.get_or_init(overflow);
            self.catch_up(overflow, &policy);
            return Arc::clone(overflow);
        }
        let key = key.to_owned();
        let made = Arc::new(self.make(key.clone(), &policy));
        let upstream = upstreams.get_or_insert(key, Arc::clone(&made));
        // Another thread may have been first.
        if Arc::ptr_eq(upstream, &made) {
            self.shared.row.join(upstream);
        }
        self.catch_up(upstream, &policy);
        Arc::clone(upstream)
    }

    pub(super) fn make(&self, key: Key, policy: &Arc<Policy>) -> Upstream {
        let common = Arc::clone(&self.shared.common);
        Upstream::new(key, policy, common, clock::now())
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
