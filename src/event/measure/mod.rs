//! Figures, whoever records them: what each event adds to them.

mod instrument;
mod labels;
mod levels;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use papaya::HashMap;

pub use self::instrument::DURATION_BUCKETS;
#[cfg(feature = "metrics")]
pub(super) use self::instrument::Instrument;
use self::instrument::label;
pub(super) use self::instrument::{ACTIVE, Count, DURATION, Level};
use self::labels::Place;
pub(super) use self::labels::{Labels, Value};
use self::levels::Levels;
use super::{AttemptEnd, Event};
use crate::policy::classify::{Health, Outcome, health, health_of};
use crate::policy::{Refusal, StopReason};
use crate::upstream::WeakUpstreams;

/// Whoever records the figures.
pub(super) trait Sink: Send + Sync + 'static {
    /// Says what each figure is.
    fn describe(&self);
    fn add(&self, count: Count, by: u64, labels: Labels);
    fn record_duration(&self, seconds: f64, labels: Labels);
    fn shift_active(&self, by: i8, labels: Labels);
    fn set(&self, level: Level, value: f64, labels: Labels);
}

/// Turns events into figures.
#[derive(Debug)]
pub(super) struct Measure<S> {
    sink: S,
    client: Option<Arc<str>>,
    /// The upstreams seen so far.
    places: HashMap<Arc<str>, Arc<Place>>,
    levels: Mutex<Levels>,
}

impl<S: Sink> Measure<S> {
    pub(super) fn new(sink: S, client: Option<&str>) -> Self {
        Self {
            sink,
            client: client.map(Into::into),
            places: HashMap::new(),
            levels: Mutex::default(),
        }
    }

    pub(super) fn observe(&self, event: &Event<'_>) {
        let Some(upstream) = event.upstream() else {
            if let Event::ConfigurationChanged { .. } = event {
                self.refresh();
            }
            return;
        };
        let place = self.place(upstream);
        self.observe_attempt(event, &place);
        match *event {
            Event::RetryScheduled { because, .. } => {
                let labels = place.with(label::REASON, Value::of_end(because));
                self.sink.add(Count::Retries, 1, labels);
                self.refresh_one(upstream);
            }
            Event::RetryRefused { reason, .. } => {
                let labels = place.with(label::REASON, Value::Name(reason.as_str()));
                self.sink.add(Count::RetriesRefused, 1, labels);
            }
            Event::CallRefused { refusal, .. } => {
                let labels = place.with(label::REASON, Value::Name(refusal.as_str()));
                self.sink.add(Count::CallsRefused, 1, labels);
            }
            Event::GateClosed { .. }
            | Event::GateLifted { .. }
            | Event::CircuitChanged { .. }
            | Event::ThrottleSlowed { .. }
            | Event::OperatorActed { .. } => self.refresh_one(upstream),
            _ => {}
        }
    }

    fn observe_attempt(&self, event: &Event<'_>, place: &Place) {
        match *event {
            Event::AttemptStarted { method, .. } => {
                self.sink.shift_active(1, place.requested(method));
            }
            Event::AttemptFinished {
                method, took, end, ..
            } => {
                self.sink.shift_active(-1, place.requested(method));
                let labels = place.ended(method, end);
                self.sink.record_duration(took.as_secs_f64(), labels);
                self.count_attempt(place, health_name(end));
                if let Some(status) = end.status()
                    && REFUSED_CREDENTIALS.contains(&status)
                {
                    let labels = place.with(label::STATUS, Value::of_status(status));
                    self.sink.add(Count::AuthenticationFailures, 1, labels);
                }
            }
            Event::AttemptAbandoned { method, .. } => {
                self.sink.shift_active(-1, place.requested(method));
                self.count_attempt(place, ABANDONED);
            }
            _ => {}
        }
    }

    fn count_attempt(&self, place: &Place, health: &'static str) {
        let labels = place.with(label::HEALTH, Value::Name(health));
        self.sink.add(Count::Attempts, 1, labels);
    }

    /// The upstream of this name. One that is new has its counters at zero before anything is counted:
    /// what appears at one has, for a rate, never risen.
    fn place(&self, upstream: &str) -> Arc<Place> {
        let places = self.places.pin();
        if let Some(place) = places.get(upstream) {
            return Arc::clone(place);
        }
        let place = Arc::new(Place::new(upstream, self.client.as_ref()));
        if places
            .try_insert(upstream.into(), Arc::clone(&place))
            .is_ok()
        {
            self.begin(&place);
            self.refresh_one(upstream);
        }
        place
    }

    fn begin(&self, place: &Place) {
        let begin = |count, name, value| self.sink.add(count, 0, place.with(name, value));
        for health in [SUCCESS, FAILURE, NEUTRAL, ABANDONED] {
            begin(Count::Attempts, label::HEALTH, Value::Name(health));
        }
        for reason in [StopReason::BudgetExhausted, StopReason::AttemptsExhausted] {
            begin(
                Count::RetriesRefused,
                label::REASON,
                Value::Name(reason.as_str()),
            );
        }
        for refusal in REFUSALS {
            begin(
                Count::CallsRefused,
                label::REASON,
                Value::Name(refusal.as_str()),
            );
        }
        for status in REFUSED_CREDENTIALS {
            begin(
                Count::AuthenticationFailures,
                label::STATUS,
                Value::of_status(status),
            );
        }
    }

    fn levels(&self) -> MutexGuard<'_, Levels> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sink> Measure<S> {
    /// Shows the levels of these upstreams from now on, and brings them up to date every few seconds, in
    /// the runtime that this is called in, if it is.
    pub(super) fn attach(self: &Arc<Self>, upstreams: &WeakUpstreams) {
        self.sink.describe();
        self.levels().attach(upstreams.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(levels::keep_fresh(Arc::clone(self), upstreams.clone()));
        }
    }
}

/// What an attempt says about the upstream, as its circuit counts it.
const SUCCESS: &str = "success";
const FAILURE: &str = "failure";
const NEUTRAL: &str = "neutral";
const ABANDONED: &str = "abandoned";

/// All there are: each is a reason for which calls are refused.
const REFUSALS: [Refusal; 8] = [
    Refusal::Gate,
    Refusal::RateLimit,
    Refusal::Open,
    Refusal::Probing,
    Refusal::Pace,
    Refusal::BackgroundShare,
    Refusal::Maintenance,
    Refusal::Throttle,
];

const REFUSED_CREDENTIALS: [StatusCode; 2] = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];

fn health_name(end: AttemptEnd) -> &'static str {
    let health = match end {
        AttemptEnd::Status(status) => health_of(status),
        AttemptEnd::Grpc(code) => health_of(code.equivalent()),
        AttemptEnd::Failure(failure) => health(&Outcome::Failure(failure)),
    };
    match health {
        Health::Success => SUCCESS,
        Health::Failure => FAILURE,
        Health::Neutral => NEUTRAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Its place in the list. Whoever adds a refusal is sent here by the compiler.
    fn place(refusal: Refusal) -> usize {
        match refusal {
            Refusal::Gate => 0,
            Refusal::RateLimit => 1,
            Refusal::Open => 2,
            Refusal::Probing => 3,
            Refusal::Pace => 4,
            Refusal::BackgroundShare => 5,
            Refusal::Maintenance => 6,
            Refusal::Throttle => 7,
        }
    }

    #[test]
    fn every_refusal_is_counted_from_zero() {
        let places = REFUSALS.map(place);
        assert_eq!(places, std::array::from_fn(|index| index));
    }
}
