//! Metrics by way of [`opentelemetry`] (feature `otel`).
//!
#![doc = include_str!("../../docs/metrics.md")]

use std::fmt;
use std::sync::Arc;

use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, UpDownCounter};
use opentelemetry::{KeyValue, global};

pub use super::measure::DURATION_BUCKETS;
use super::measure::{ACTIVE, Count, DURATION, Labels, Level, Measure, Sink, Value};
use super::{Event, Observer};
use crate::upstream::WeakUpstreams;

/// An observer that records metrics with OpenTelemetry.
///
/// Set the meter provider first; the buckets of durations go to it as advice.
///
/// ```
/// use opentelemetry_sdk::metrics::SdkMeterProvider;
/// use seawall::otel::OtelMetrics;
/// use seawall::{Policy, Upstreams};
///
/// opentelemetry::global::set_meter_provider(SdkMeterProvider::builder().build());
/// let upstreams = Upstreams::builder(Policy::external()).observer(OtelMetrics::new()).build();
/// ```
///
/// What stands (budget, circuit, gate, rate) is brought up to date at each change, and every five
/// seconds by a task in the runtime in which the client is built; where there is none, call
/// [`refresh`](Self::refresh).
#[derive(Clone)]
pub struct OtelMetrics(Arc<Measure<Instruments>>);

impl OtelMetrics {
    /// Metrics of the one client that calls these upstreams, on the global meter provider as it is now.
    #[must_use]
    pub fn new() -> Self {
        Self::with_meter(&global::meter("seawall"))
    }

    /// The same on a meter of your own.
    #[must_use]
    pub fn with_meter(meter: &Meter) -> Self {
        Self(Arc::new(Measure::new(Instruments::new(meter), None)))
    }

    /// With an attribute `seawall.client`, on a meter of your own: for a process in which several
    /// clients call one upstream, each with a budget and a circuit of its own. Use a few fixed names.
    #[must_use]
    pub fn named(client: &str, meter: &Meter) -> Self {
        let instruments = Instruments::new(meter);
        Self(Arc::new(Measure::new(instruments, Some(client))))
    }

    /// Brings what stands up to date: for a client that is built outside a runtime.
    pub fn refresh(&self) {
        self.0.refresh();
    }
}

impl Default for OtelMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for OtelMetrics {
    fn observe(&self, event: &Event<'_>) {
        self.0.observe(event);
    }

    fn attached(&self, upstreams: &WeakUpstreams) {
        self.0.attach(upstreams);
    }
}

impl fmt::Debug for OtelMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtelMetrics").finish_non_exhaustive()
    }
}

/// The instruments, in the order of the names. Gauges are set rather than observed: a callback could
/// not be taken back when its client is gone.
#[derive(Debug)]
struct Instruments {
    duration: Histogram<f64>,
    active: UpDownCounter<i64>,
    counts: [Counter<u64>; Count::ALL.len()],
    levels: [Gauge<f64>; Level::ALL.len()],
}

impl Instruments {
    fn new(meter: &Meter) -> Self {
        let duration = meter
            .f64_histogram(DURATION.name)
            .with_unit(DURATION.unit)
            .with_description(DURATION.help)
            .with_boundaries(DURATION_BUCKETS.to_vec());
        let active = meter
            .i64_up_down_counter(ACTIVE.name)
            .with_unit(ACTIVE.unit)
            .with_description(ACTIVE.help);
        let counter = |count: Count| {
            let kind = count.instrument();
            let counter = meter.u64_counter(kind.name).with_unit(kind.unit);
            counter.with_description(kind.help).build()
        };
        let gauge = |level: Level| {
            let shown = level.instrument();
            let gauge = meter.f64_gauge(shown.name).with_unit(shown.unit);
            gauge.with_description(shown.help).build()
        };
        Self {
            duration: duration.build(),
            active: active.build(),
            counts: Count::ALL.map(counter),
            levels: Level::ALL.map(gauge),
        }
    }
}

impl Sink for Instruments {
    /// They were described when they were made.
    fn describe(&self) {}

    fn add(&self, count: Count, by: u64, labels: Labels) {
        self.counts[count as usize].add(by, &attributes(labels));
    }

    fn record_duration(&self, seconds: f64, labels: Labels) {
        self.duration.record(seconds, &attributes(labels));
    }

    fn shift_active(&self, by: i8, labels: Labels) {
        self.active.add(by.into(), &attributes(labels));
    }

    fn set(&self, level: Level, value: f64, labels: Labels) {
        self.levels[level as usize].record(value, &attributes(labels));
    }
}

fn attributes(labels: Labels) -> Vec<KeyValue> {
    let attribute = |(name, value)| match value {
        Value::Name(text) => KeyValue::new(name, text),
        Value::Text(text) => KeyValue::new(name, text),
        Value::Number(number) => KeyValue::new(name, i64::from(number)),
    };
    labels.into_iter().map(attribute).collect()
}
