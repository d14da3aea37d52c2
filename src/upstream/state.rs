//! One upstream.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

use super::calm::Calm;
use super::concurrency::Concurrency;
use super::refusals::Refusals;
use crate::config::Policy;
use crate::event::{Event, Observers};
use crate::policy::budget::Budget;
use crate::policy::circuit::{
    Admission, Call, Circuit, CircuitSnapshot, Normal, Permit, Traffic, Wait,
};
use crate::policy::{Priority, Reason, Refusal};
use crate::random::Random;

/// One upstream: its circuit with the gate, its budget, its traffic.
///
/// While it is untroubled, a foreground call reads two atomics and writes counters; the mutex guards
/// what happens when something is wrong.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(super) name: Arc<str>,
    /// What is slower than this may count as a failure; in nanoseconds.
    pub(super) slow_call: AtomicU64,
    pub(super) calm: Calm,
    pub(super) traffic: Traffic,
    budget: Budget,
    pub(super) refusals: Refusals,
    concurrency: Arc<Concurrency>,
    /// Whether any upstream was ever limited.
    ever_limited: Arc<AtomicBool>,
    /// Whether another one has its place in the map.
    forgotten: AtomicBool,
    circuit: Mutex<Circuit>,
    pub(super) changed: Arc<Notify>,
    pub(super) random: Arc<Random>,
    observers: Observers,
}

impl Upstream {
    pub(super) fn new(
        name: String,
        policy: &Policy,
        random: Arc<Random>,
        observers: Observers,
        ever_limited: Arc<AtomicBool>,
        now: Instant,
    ) -> Self {
        let circuit = Circuit::new(policy.circuit().clone(), now);
        Self {
            name: name.into(),
            slow_call: AtomicU64::new(nanoseconds(policy.circuit().slow_call)),
            calm: Calm::of(&circuit, now),
            traffic: Traffic::new(now),
            budget: Budget::new(policy.budget(), now),
            refusals: Refusals::default(),
            concurrency: Arc::new(Concurrency::new(policy.max_concurrency())),
            ever_limited,
            forgotten: AtomicBool::new(false),
            circuit: Mutex::new(circuit),
            changed: Arc::default(),
            random,
            observers,
        }
    }

    /// Scheme, host, port and finer name. No path, no query.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Goes by the policy in force from now on, and forgets nothing. It is read while nobody else can
    /// apply one: of two that follow each other at once, the later one stays.
    pub(super) fn follow(&self, in_force: &ArcSwap<Policy>, now: Instant) {
        self.change(|circuit| {
            let policy = in_force.load();
            self.budget.apply(policy.budget());
            let slow_call = nanoseconds(policy.circuit().slow_call);
            self.slow_call.store(slow_call, Ordering::Relaxed);
            self.concurrency.apply(policy.max_concurrency());
            circuit.apply(now, policy.circuit().clone());
        });
        // Whoever waits for a place, or for a token, may have another limit now, or none.
        self.changed.notify_waiters();
    }

    /// A new call has arrived; the same one that comes again with its key is not new.
    pub(crate) fn arrive(&self, now: Instant, call: &Call) {
        if call.priority == Priority::Foreground {
            self.traffic.arrive(now, call.key);
        }
    }

    /// The call with the key of this hash has arrived already.
    pub(crate) fn recognise(&self, key: u64) {
        self.traffic.recognise(key);
    }

    /// The quick way in: nothing is wrong and nobody needs to be asked.
    pub(crate) fn admit_untroubled(&self, now: Instant, call: &Call) -> Option<Permit> {
        let generation = self.calm.generation(now)?;
        if call.priority == Priority::Background {
            return None;
        }
        self.traffic.sent(now);
        Some(Permit::untroubled(generation))
    }

    pub(crate) fn admit(&self, now: Instant, call: &Call) -> Admission {
        let unit = self.random.unit();
        self.change(|circuit| circuit.admit(now, call, unit, &self.traffic))
    }

    /// Asks for a token of the rate by itself.
    pub(crate) fn throttle(&self, now: Instant, call: &Call) -> Admission {
        let unit = self.random.unit();
        self.change(|circuit| circuit.throttle(now, call, unit, &self.traffic))
    }

    /// The calls that may be under way at once; `None`: any number.
    pub(crate) fn concurrency(&self) -> Option<&Arc<Concurrency>> {
        Some(&self.concurrency).filter(|concurrency| concurrency.is_limited())
    }

    /// Whether its rate is limited: by the policy, or by an operator.
    pub(crate) fn limits_rate(&self) -> bool {
        self.calm.limits_rate()
    }

    /// Whether one more call may wait.
    pub(crate) fn has_room(&self, call: &Call) -> bool {
        self.circuit().has_room(call)
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

    /// Whether nothing is wrong, and nothing limited.
    pub(crate) fn is_untroubled(&self, now: Instant) -> bool {
        self.calm.generation(now).is_some()
    }

    /// Tells the observers, without a lock.
    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.observers.tell(event);
    }

    /// Why it would refuse this call now, and for how long.
    pub(crate) fn blocked(&self, now: Instant, call: &Call) -> Option<(Refusal, Duration)> {
        if self.is_untroubled(now) {
            return None;
        }
        self.circuit().blocked(now, call)
    }

    /// When a call that is turned away may come again.
    pub(crate) fn retry_at(&self, now: Instant, call: &Call) -> Instant {
        let unit = self.random.unit();
        self.circuit().retry_at(now, call, unit, &self.traffic)
    }

    pub(crate) fn reserve_probe(&self) -> Option<u64> {
        self.circuit().reserve_probe()
    }

    pub(crate) fn release_probe(&self, reservation: u64) {
        self.circuit().release_probe(reservation);
        self.changed.notify_waiters();
    }

    /// An operator acts; whoever waits asks again. The third argument is a random unit.
    pub(crate) fn operate<T>(&self, act: impl FnOnce(&mut Circuit, &Traffic, f64) -> T) -> T {
        let unit = self.random.unit();
        let outcome = self.change(|circuit| act(circuit, &self.traffic, unit));
        if self.limits_rate() {
            self.ever_limited.store(true, Ordering::Relaxed);
        }
        self.changed.notify_waiters();
        outcome
    }

    /// Why an operator keeps calls away now, if one does.
    pub(crate) fn maintenance_reason(&self) -> Option<Reason> {
        self.circuit().maintenance_reason().cloned()
    }

    /// What is to be seen of its circuit. It waits for whoever changes the circuit, and never holds up
    /// a call of a healthy one.
    pub(crate) fn snapshot(&self, now: Instant) -> CircuitSnapshot {
        self.change(|circuit| circuit.snapshot(now, &self.traffic))
    }

    /// Calls per second it is used to.
    pub(crate) fn normal(&self, now: Instant) -> Normal {
        self.traffic.normal(now)
    }

    /// The median time of successes while it was well.
    pub(crate) fn median_success(&self) -> Option<Duration> {
        self.traffic.median()
    }

    /// Another one has its place in the map.
    pub(super) fn forget(&self) {
        self.forgotten.store(true, Ordering::Release);
    }

    pub(crate) fn is_forgotten(&self) -> bool {
        self.forgotten.load(Ordering::Acquire)
    }

    /// Whether forgetting it loses nothing but its history.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.circuit().is_idle(now)
    }

    /// Resolves at the next change of the circuit after this call.
    pub(crate) fn changed(&self) -> OwnedNotified {
        Arc::clone(&self.changed).notified_owned()
    }

    /// Changes the circuit, and tells those who wait for that, the quick way in, and the log.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Circuit) -> T) -> T {
        self.change_because(change, |_| {})
    }

    /// The same, telling the observers of the cause before they hear what it has changed.
    pub(super) fn change_because<T>(
        &self,
        change: impl FnOnce(&mut Circuit) -> T,
        tell_cause: impl FnOnce(&T),
    ) -> T {
        let mut circuit = self.circuit();
        let (before, was_in) = (circuit.generation(), circuit.state());
        let was_gated = circuit.gate_until().is_some();
        let outcome = change(&mut circuit);
        let (after, is_in) = (circuit.generation(), circuit.state());
        let is_gated = circuit.gate_until().is_some();
        self.calm.follow(&circuit);
        drop(circuit);
        if after != before {
            self.changed.notify_waiters();
        }
        tell_cause(&outcome);
        let upstream = &*self.name;
        if was_gated && !is_gated {
            self.tell(&Event::GateLifted { upstream });
        }
        if is_in != was_in {
            let (from, to) = (was_in, is_in);
            self.tell(&Event::CircuitChanged { upstream, from, to });
        }
        outcome
    }

    /// A circuit has no invariant that a panic elsewhere could break half-way.
    pub(super) fn circuit(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody waits for longer than a few hundred years, which `None` stands for.
pub(super) fn nanoseconds(duration: Option<Duration>) -> u64 {
    let nanoseconds = duration.map(|duration| duration.as_nanos());
    nanoseconds
        .and_then(|nanoseconds| u64::try_from(nanoseconds).ok())
        .unwrap_or(u64::MAX)
}
