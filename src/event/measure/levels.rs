//! What is shown as it stands: budget, circuit, gate, rate.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::instrument::{Level, label};
use super::labels::{Place, Value};
use super::{Measure, Sink};
use crate::clock;
use crate::policy::circuit::CircuitState;
use crate::upstream::{Reading, WeakUpstreams};

/// Short beside the quarter of a minute at which figures are usually collected.
const FRESH_FOR: Duration = Duration::from_secs(5);

/// The states, and their names in a label.
const STATES: [(CircuitState, &str); 4] = [
    (CircuitState::Closed, "closed"),
    (CircuitState::Open, "open"),
    (CircuitState::HalfOpen, "half_open"),
    (CircuitState::Paced, "paced"),
];

/// Whose levels are shown. While it is locked they are read and shown in one go, so that nobody shows
/// what somebody else has read before.
#[derive(Debug, Default)]
pub(super) struct Levels {
    attached: Vec<WeakUpstreams>,
    shown: HashSet<Arc<str>>,
}

impl Levels {
    pub(super) fn attach(&mut self, upstreams: WeakUpstreams) {
        self.attached.push(upstreams);
    }

    /// All upstreams there are. Where two clients have one of the same name, the worse counts.
    fn read(&mut self, name: Option<&str>) -> HashMap<Arc<str>, Reading> {
        let now = clock::now();
        let mut readings: HashMap<_, Reading> = HashMap::new();
        self.attached.retain(|upstreams| {
            let Some(upstreams) = upstreams.upgrade() else {
                return false;
            };
            upstreams.visit(|upstream| {
                if name.is_none_or(|name| **upstream.name() == *name) {
                    let reading = upstream.reading(now);
                    readings
                        .entry(Arc::clone(upstream.name()))
                        .and_modify(|worst| *worst = worst.worse(reading))
                        .or_insert(reading);
                }
            });
            true
        });
        readings
    }
}

impl<S: Sink> Measure<S> {
    /// Brings all levels up to date, and takes back those of upstreams that are no more.
    pub(in crate::event) fn refresh(&self) {
        let mut levels = self.levels();
        let readings = levels.read(None);
        for gone in levels.shown.extract_if(|name| !readings.contains_key(name)) {
            self.take_back(&Place::new(&gone, self.client.as_ref()));
            self.places.pin().remove(&gone);
        }
        for (name, reading) in readings {
            self.show(&Place::new(&name, self.client.as_ref()), &reading);
            levels.shown.insert(name);
        }
    }

    /// Brings those of one upstream up to date.
    pub(super) fn refresh_one(&self, name: &str) {
        let mut levels = self.levels();
        for (name, reading) in levels.read(Some(name)) {
            self.show(&Place::new(&name, self.client.as_ref()), &reading);
            levels.shown.insert(name);
        }
    }

    fn show(&self, place: &Place, reading: &Reading) {
        self.show_state(place, Some(reading.state));
        let set = |level, value| self.sink.set(level, value, place.alone());
        set(Level::BudgetBalance, reading.retries_left);
        set(Level::GateRemaining, reading.gate_left.as_secs_f64());
        set(Level::ThrottleRate, reading.rate.unwrap_or(UNLIMITED));
    }

    fn take_back(&self, place: &Place) {
        self.show_state(place, None);
        let set = |level, value| self.sink.set(level, value, place.alone());
        set(Level::BudgetBalance, 0.0);
        set(Level::GateRemaining, 0.0);
        set(Level::ThrottleRate, UNLIMITED);
    }

    /// One at 1, and all the others at 0.
    fn show_state(&self, place: &Place, current: Option<CircuitState>) {
        for (state, name) in STATES {
            let value = f64::from(u8::from(current == Some(state)));
            let labels = place.with(label::STATE, Value::Name(name));
            self.sink.set(Level::CircuitState, value, labels);
        }
    }
}

/// What stands for a rate that nothing limits. Infinity would be truer, but not every backend takes it.
const UNLIMITED: f64 = -1.0;

/// Brings the levels up to date for as long as the upstreams are there.
pub(super) async fn keep_fresh<S: Sink>(measure: Arc<Measure<S>>, upstreams: WeakUpstreams) {
    let mut next = clock::now();
    loop {
        measure.refresh();
        if upstreams.upgrade().is_none() {
            return;
        }
        next = clock::after(next, FRESH_FOR).max(clock::now());
        clock::sleep_until(next).await;
    }
}
