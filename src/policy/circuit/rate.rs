//! The rate that an operator allows.

use std::time::Instant;

use super::Circuit;

impl Circuit {
    /// Calls per second that an operator holds the upstream to; `None`: as many as come.
    #[must_use]
    pub fn rate_limit(&self) -> Option<f64> {
        self.operators_rate
    }

    /// An operator's own limit, in calls per second, in force at once on whatever is paced; `None`
    /// lifts it. It comes on top of the policy's limits, so it can slow and never hurry.
    pub fn set_rate(&mut self, now: Instant, rate: Option<f64>) {
        self.operators_rate = rate.map(|rate| rate.max(f64::MIN_POSITIVE));
        let (peak, rate) = (self.settings.declared_peak, self.rate_cap());
        if let Some(pace) = self.limiting_pace() {
            pace.recap(now, peak, rate);
        }
    }

    /// What caps every pace, beside the declared peak.
    pub(super) fn rate_cap(&self) -> Option<f64> {
        let rates = [self.settings.provider_rate, self.operators_rate];
        rates.into_iter().flatten().reduce(f64::min)
    }
}
