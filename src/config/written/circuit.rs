//! The circuit, its gate and its pace, in a file.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Span;
use crate::config::{Policy, PolicyBuilder};
use crate::policy::circuit::{CircuitSettings, FailureRatio};

/// What is left out is the preset's.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WrittenCircuit {
    pub(crate) enabled: Option<bool>,
    pub(crate) consecutive_failures: Option<u32>,
    pub(crate) within: Option<Span>,
    pub(crate) slow_call: Option<Span>,
    pub(crate) break_duration: Option<Span>,
    pub(crate) break_multiplier: Option<f64>,
    pub(crate) longest_break: Option<Span>,
    pub(crate) ramp: Option<Span>,
    pub(crate) gate_cap: Option<Span>,
    pub(crate) declared_peak_per_second: Option<f64>,
    pub(crate) failure_ratio: Option<WrittenRatio>,
}

/// What is left out is the preset's, or that of `external` where the preset has no such rule.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WrittenRatio {
    pub(crate) ratio: Option<f64>,
    pub(crate) window: Option<Span>,
    pub(crate) minimum: Option<u32>,
}

impl WrittenCircuit {
    pub(super) fn apply(self, builder: PolicyBuilder, preset: &CircuitSettings) -> PolicyBuilder {
        let first = self
            .break_duration
            .map_or(preset.break_duration, Span::into);
        let longest = self.longest_break.map_or(preset.max_break, Span::into);
        let builder = builder
            .break_duration(first, longest)
            .with(
                self.consecutive_failures,
                PolicyBuilder::consecutive_failures,
            )
            .with(self.within, PolicyBuilder::failures_within)
            .with(self.slow_call, PolicyBuilder::slow_call)
            .with(self.break_multiplier, PolicyBuilder::break_multiplier)
            .with(self.ramp, PolicyBuilder::ramp)
            .with(self.gate_cap, PolicyBuilder::gate_cap)
            .with(
                self.declared_peak_per_second,
                PolicyBuilder::declared_peak_per_second,
            );
        let builder = match self.failure_ratio {
            Some(written) => written.apply(builder, preset.failure_ratio),
            None => builder,
        };
        match self.enabled {
            Some(false) => builder.without_circuit(),
            // Every preset has one.
            Some(true) | None => builder,
        }
    }
}

impl WrittenRatio {
    fn apply(self, builder: PolicyBuilder, preset: Option<FailureRatio>) -> PolicyBuilder {
        let preset = preset.or(Policy::external().circuit().failure_ratio);
        let (ratio, window, minimum) = preset.map_or((0.5, Duration::ZERO, 0), |preset| {
            (preset.ratio, preset.window, preset.minimum)
        });
        builder.failure_ratio(
            self.ratio.unwrap_or(ratio),
            self.window.map_or(window, Span::into),
            self.minimum.unwrap_or(minimum),
        )
    }
}

impl From<&CircuitSettings> for WrittenCircuit {
    fn from(circuit: &CircuitSettings) -> Self {
        Self {
            enabled: Some(circuit.trips),
            consecutive_failures: Some(circuit.consecutive),
            within: Some(Span(circuit.within)),
            slow_call: circuit.slow_call.map(Span),
            break_duration: Some(Span(circuit.break_duration)),
            break_multiplier: Some(circuit.break_multiplier),
            longest_break: Some(Span(circuit.max_break)),
            ramp: Some(Span(circuit.ramp)),
            gate_cap: Some(Span(circuit.gate_cap)),
            declared_peak_per_second: circuit.declared_peak,
            failure_ratio: circuit.failure_ratio.map(|rule| WrittenRatio {
                ratio: Some(rule.ratio),
                window: Some(Span(rule.window)),
                minimum: Some(rule.minimum),
            }),
        }
    }
}
