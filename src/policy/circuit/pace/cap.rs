//! The rate that a pace never exceeds.

use std::time::Instant;

use super::{OVER_PEAK, Pace};

impl Pace {
    /// The same pace, never beyond the rate that the provider allows.
    pub(in crate::policy::circuit) fn at_most(self, rate: Option<f64>) -> Self {
        let cap = self.cap.min(rate.unwrap_or(f64::INFINITY));
        Self {
            ramp_from: self.ramp_from.min(cap),
            limit: self.limit.min(cap),
            cap,
            ..self
        }
    }

    /// From now on it never exceeds these. A higher cap is risen to as after any cut.
    pub(in crate::policy::circuit) fn recap(
        &mut self,
        now: Instant,
        declared_peak: Option<f64>,
        rate: Option<f64>,
    ) {
        self.advance(now);
        let peak = declared_peak.map_or(f64::INFINITY, |peak| peak * OVER_PEAK);
        self.cap = peak.min(rate.unwrap_or(f64::INFINITY));
        self.limit = self.limit.min(self.cap);
        self.ramp_from = self.ramp_from.min(self.cap);
        self.fill(now);
    }
}
