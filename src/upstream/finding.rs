//! Which upstream a request goes to; one that was never called is made.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use foldhash::fast::RandomState;
use http::{Request, Uri};
use papaya::{HashMapRef, LocalGuard};

use super::at_hand::Room;
use super::held::{Held, Seat};
use super::key::{Key, KeyRef};
use super::{Address, Upstream, UpstreamName, Upstreams};
use crate::clock;
use crate::config::Policy;

/// The map, while somebody looks into it.
type Map<'a> = HashMapRef<'a, Key, Arc<Upstream>, RandomState, LocalGuard<'a>>;

impl Upstreams {
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

    fn settle(&self, uri: &Uri, room: Room<'_, Seat, impl Fn(&Seat) -> bool>) -> Arc<Upstream> {
        let upstream = self.look_up(KeyRef::new(uri, None));
        // What newcomers share while there is no room is nobody's own.
        if !self.is_overflow(&upstream) {
            room.keep(|| Arc::new(Seat::of(uri, &upstream)));
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
