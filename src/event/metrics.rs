//! Metrics for whichever recorder is installed for the [`metrics`](::metrics) facade (feature
//! `metrics`).
//!
#![doc = include_str!("../../docs/metrics.md")]

use std::fmt;
use std::sync::Arc;

use ::metrics::{
    Key, Label, Metadata, SharedString, Unit, describe_counter, describe_gauge, describe_histogram,
    with_recorder,
};

pub use super::measure::DURATION_BUCKETS;
use super::measure::{ACTIVE, Count, DURATION, Instrument, Labels, Level, Measure, Sink, Value};
use super::{Event, Observer};
use crate::upstream::WeakUpstreams;

/// An observer that records metrics with the `metrics` facade.
///
/// Install the recorder first, tell it of the [`DURATION_BUCKETS`], and give this to the client:
///
/// ```
/// use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
/// use seawall::metrics::{DURATION_BUCKETS, Metrics};
/// use seawall::{Policy, Upstreams};
///
/// let duration = Matcher::Full("http.client.request.duration".to_owned());
/// let prometheus = PrometheusBuilder::new()
///     .set_buckets_for_metric(duration, &DURATION_BUCKETS)?
///     .install_recorder()?;
/// let upstreams = Upstreams::builder(Policy::external()).observer(Metrics::new()).build();
/// // For whoever asks for `/metrics`:
/// println!("{}", prometheus.render());
/// # Ok::<(), metrics_exporter_prometheus::BuildError>(())
/// ```
///
/// Counters are counted at each event. What stands (budget, circuit, gate, rate) is brought up to date
/// at each change, and every five seconds by a task in the runtime in which the client is built; where
/// there is none, call [`refresh`](Self::refresh).
#[derive(Clone)]
pub struct Metrics(Arc<Measure<Facade>>);

impl Metrics {
    /// Metrics of the one client that calls these upstreams.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Measure::new(Facade, None)))
    }

    /// Metrics with a label `seawall.client`: for a process in which several clients call one upstream,
    /// each with a budget and a circuit of its own. Use a few fixed names.
    #[must_use]
    pub fn named(client: &str) -> Self {
        Self(Arc::new(Measure::new(Facade, Some(client))))
    }

    /// Brings what stands up to date: for a client that is built outside a runtime.
    pub fn refresh(&self) {
        self.0.refresh();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Metrics {
    fn observe(&self, event: &Event<'_>) {
        self.0.observe(event);
    }

    fn attached(&self, upstreams: &WeakUpstreams) {
        self.0.attach(upstreams);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Whichever recorder is installed at the moment. Its handles are not kept: one that was registered
/// before the recorder came would record nothing for ever.
#[derive(Debug)]
struct Facade;

static METADATA: Metadata<'static> =
    Metadata::new("seawall", ::metrics::Level::INFO, Some("seawall"));

impl Sink for Facade {
    fn describe(&self) {
        describe_histogram!(DURATION.name, Unit::Seconds, DURATION.help);
        describe_gauge!(ACTIVE.name, ACTIVE.help);
        for instrument in Count::ALL.map(Count::instrument) {
            describe_counter!(instrument.name, instrument.help);
        }
        for instrument in Level::ALL.map(Level::instrument) {
            match instrument.unit {
                "s" => describe_gauge!(instrument.name, Unit::Seconds, instrument.help),
                _ => describe_gauge!(instrument.name, instrument.help),
            }
        }
    }

    fn add(&self, count: Count, by: u64, labels: Labels) {
        let key = key(count.instrument(), labels);
        with_recorder(|recorder| recorder.register_counter(&key, &METADATA)).increment(by);
    }

    fn record_duration(&self, seconds: f64, labels: Labels) {
        let key = key(DURATION, labels);
        with_recorder(|recorder| recorder.register_histogram(&key, &METADATA)).record(seconds);
    }

    fn shift_active(&self, by: i8, labels: Labels) {
        let key = key(ACTIVE, labels);
        let gauge = with_recorder(|recorder| recorder.register_gauge(&key, &METADATA));
        gauge.increment(f64::from(by));
    }

    fn set(&self, level: Level, value: f64, labels: Labels) {
        let key = key(level.instrument(), labels);
        with_recorder(|recorder| recorder.register_gauge(&key, &METADATA)).set(value);
    }
}

fn key(instrument: Instrument, labels: Labels) -> Key {
    let label = |(name, value)| Label::new(name, text(value));
    Key::from_parts(
        instrument.name,
        labels.into_iter().map(label).collect::<Vec<_>>(),
    )
}

fn text(value: Value) -> SharedString {
    match value {
        Value::Name(name) => name.into(),
        Value::Text(text) => text.into(),
        Value::Number(number) => number.to_string().into(),
    }
}
