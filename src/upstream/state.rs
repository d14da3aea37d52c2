//! One upstream.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use super::calm::Calm;
use super::common::Common;
use super::concurrency::Concurrency;
use super::guarded::{Guarded, Locked};
use super::key::Key;
use super::refusals::Refusals;
use crate::config::Policy;
use crate::event::Event;
use crate::policy::budget::Budget;
use crate::policy::circuit::{
    Admission, Call, Circuit, CircuitSnapshot, Normal, Permit, Traffic, Wait,
};
use crate::policy::{Reason, Refusal};

/// One upstream: its circuit with the gate, its budget, its traffic.
///
/// While it is untroubled, a foreground call reads two atomics and counts where no other thread does;
/// the mutex guards what happens when something is wrong.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(super) key: Key,
    /// What is slower than this may count as a failure; in nanoseconds.
    pub(super) slow_call: AtomicU64,
    pub(super) calm: Calm,
    pub(super) traffic: Traffic,
    budget: Budget,
    pub(super) refusals: Refusals,
    /// Made with the first limit.
    concurrency: OnceLock<Arc<Concurrency>>,
    /// Whether another one has its place in the map, or is about to have it.
    forgotten: AtomicBool,
    circuit: Guarded,
    /// Made for the first that waits.
    pub(super) changed: OnceLock<Arc<Notify>>,
    pub(super) common: Arc<Common>,
}

impl Upstream {
    pub(super) fn new(key: Key, policy: &Arc<Policy>, common: Arc<Common>, now: Instant) -> Self {
        let circuit = Guarded::new(Arc::clone(policy));
        let upstream = Self {
            key,
            slow_call: AtomicU64::new(nanoseconds(policy.circuit().slow_call)),
            calm: circuit.look(now, |circuit| Calm::of(circuit, now)),
            traffic: Traffic::new(now),
            budget: Budget::new(policy.budget(), now),
            refusals: Refusals::default(),
            concurrency: OnceLock::new(),
            forgotten: AtomicBool::new(false),
            circuit,
            changed: OnceLock::new(),
            common,
        };
        upstream.limit_concurrency(policy);
        upstream
    }

    /// Scheme, host, port and finer name. No path, no query.
    pub(crate) fn name(&self) -> &Arc<str> {
        self.key.name()
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Goes by the policy in force from now on, and forgets nothing. It is read while nobody else can
    /// apply one: of two that follow each other at once, the later one stays.
    pub(super) fn follow(&self, in_force: &ArcSwap<Policy>, now: Instant) {
        let epoch = self.traffic.epoch();
        let in_force = || in_force.load_full();
        self.circuit
            .follow((epoch, now), in_force, |policy, circuit| {
                self.budget.apply(policy.budget());
                let slow_call = nanoseconds(policy.circuit().slow_call);
                self.slow_call.store(slow_call, Ordering::Relaxed);
                self.limit_concurrency(policy);
                self.calm.follow(circuit, epoch);
            });
        // Whoever waits for a place, or for a token, may have another limit now, or none.
        self.notify();
    }

    fn limit_concurrency(&self, policy: &Policy) {
        let most = policy.max_concurrency();
        match self.concurrency.get() {
            Some(concurrency) => concurrency.apply(most),
            None if most.is_some() => {
                let made = || Arc::new(Concurrency::new(most));
                self.concurrency.get_or_init(made);
            }
            None => {}
        }
    }

    /// The call with the key of this hash has arrived already.
    pub(crate) fn recognise(&self, now: Instant, key: u64) {
        self.traffic.recognise(self.traffic.elapsed(now), key);
    }

    pub(crate) fn admit(&self, now: Instant, call: &Call) -> Admission {
        let unit = self.unit();
        self.change(|circuit| circuit.admit(now, call, unit, &self.traffic))
    }

    /// Asks for a token of the rate by itself.
    pub(crate) fn throttle(&self, now: Instant, call: &Call) -> Admission {
        let unit = self.unit();
        self.change(|circuit| circuit.throttle(now, call, unit, &self.traffic))
    }

    /// The calls that may be under way at once; `None`: any number.
    pub(crate) fn concurrency(&self) -> Option<&Arc<Concurrency>> {
        let concurrency = self.concurrency.get();
        concurrency.filter(|concurrency| concurrency.is_limited())
    }

    /// Whether its rate is limited: by the policy, or by an operator.
    pub(crate) fn limits_rate(&self) -> bool {
        self.calm.limits_rate()
    }

    /// Whether one more call may wait.
    pub(crate) fn has_room(&self, call: &Call) -> bool {
        self.look(|circuit| circuit.has_room(call))
    }

    pub(crate) fn claim(&self, now: Instant, wait: &Wait, call: &Call) -> Option<Permit> {
        self.change(|circuit| circuit.claim(now, wait, call, &self.traffic))
    }

    pub(crate) fn still_promises(&self, now: Instant, wait: &Wait, call: &Call) -> bool {
        self.circuit().still_promises(now, wait, call)
    }

    pub(crate) fn enter(&self) {
        self.circuit().enter();
    }

    pub(crate) fn leave(&self) {
        self.circuit().leave();
    }

    pub(crate) fn give_up(&self, now: Instant, wait: &Wait) {
        self.change(|circuit| circuit.give_up(now, wait));
    }

    /// Tells the observers, without a lock.
    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.common.observers.tell(event);
    }

    /// Why it would refuse this call now, and for how long.
    pub(crate) fn blocked(&self, now: Instant, call: &Call) -> Option<(Refusal, Duration)> {
        if self.is_untroubled(now) {
            return None;
        }
        self.look(|circuit| circuit.blocked(now, call))
    }

    /// When a call that is turned away may come again.
    pub(crate) fn retry_at(&self, now: Instant, call: &Call) -> Instant {
        let unit = self.unit();
        self.circuit().retry_at(now, call, unit, &self.traffic)
    }

    pub(crate) fn reserve_probe(&self) -> Option<u64> {
        self.circuit().reserve_probe()
    }

    pub(crate) fn release_probe(&self, reservation: u64) {
        self.circuit().release_probe(reservation);
        self.notify();
    }

    /// An operator acts; whoever waits asks again. The third argument is a random unit.
    pub(crate) fn operate<T>(&self, act: impl FnOnce(&mut Circuit, &Traffic, f64) -> T) -> T {
        let unit = self.unit();
        let outcome = self.change(|circuit| act(circuit, &self.traffic, unit));
        if self.limits_rate() {
            self.common.limit();
        }
        self.notify();
        outcome
    }

    /// Why an operator keeps calls away now, if one does.
    pub(crate) fn maintenance_reason(&self) -> Option<Reason> {
        self.look(|circuit| circuit.maintenance_reason().cloned())
    }

    /// What is to be seen of its circuit. It waits for whoever changes the circuit, and never holds up
    /// a call of a healthy one.
    pub(crate) fn snapshot(&self, now: Instant) -> CircuitSnapshot {
        let snapshot = |circuit: &mut Circuit| circuit.snapshot(now, &self.traffic);
        if self.circuit.is_made() {
            self.change(snapshot)
        } else {
            self.look(snapshot)
        }
    }

    /// Calls per second it is used to.
    pub(crate) fn normal(&self, now: Instant) -> Normal {
        self.traffic.normal(now)
    }

    /// The median time of successes while it was well.
    pub(crate) fn median_success(&self) -> Option<Duration> {
        self.traffic.median()
    }

    /// Whether another one has its place in the map, or is about to have it.
    pub(super) fn mark_as_forgotten(&self, is_forgotten: bool) {
        self.forgotten.store(is_forgotten, Ordering::Release);
    }

    pub(crate) fn is_forgotten(&self) -> bool {
        self.forgotten.load(Ordering::Acquire)
    }

    /// Whether forgetting it loses nothing but its history.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.look(|circuit| circuit.is_idle(now))
    }

    pub(super) fn circuit(&self) -> Locked<'_> {
        self.circuit.lock(self.traffic.epoch())
    }

    /// A look that leaves no circuit behind where none was needed so far.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut Circuit) -> T) -> T {
        self.circuit.look(self.traffic.epoch(), look)
    }

    /// A number in [0, 1), drawn for one decision.
    pub(super) fn unit(&self) -> f64 {
        self.common.random.unit()
    }
}

/// Nobody waits for longer than a few hundred years, which `None` stands for.
pub(super) fn nanoseconds(duration: Option<Duration>) -> u64 {
    let Some(duration) = duration else {
        return u64::MAX;
    };
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(duration.subsec_nanos().into())
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
