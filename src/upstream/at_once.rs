//! A retry that is let through without being weighed.

use std::time::Instant;

use super::Upstream;
use crate::policy::circuit::{Admission, Call, Circuit, Permit};

impl Upstream {
    /// Lets a foreground call through if every such call passes now. `None`, and nothing has changed: it
    /// has to ask, as it may have to wait.
    pub(crate) fn admit_at_once(&self, now: Instant) -> Option<Permit> {
        let call = Call::default();
        if let Some(permit) = self.admit_untroubled(now, &call) {
            return Some(permit);
        }
        self.change(|circuit: &mut Circuit| {
            if !circuit.lets_pass(now) {
                return None;
            }
            let unit = self.unit();
            match circuit.admit(now, &call, unit, &self.traffic) {
                Admission::Go(permit) => Some(permit),
                Admission::Wait(_) | Admission::Refuse { .. } => None,
            }
        })
    }
}
