//! A call that is turned away without being weighed.

use std::time::Instant;

use super::Upstream;
use crate::policy::circuit::{Call, Circuit};
use crate::policy::{Reason, Refusal};

/// Why a call was turned away, and when it may come again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TurnedAway {
    pub(crate) by: Refusal,
    pub(crate) retry_at: Instant,
    /// The words of the operator who keeps calls away.
    pub(crate) because: Option<Reason>,
}

impl Upstream {
    /// Turns the call away if an open circuit or a closed gate does so without weighing it: one lock, and
    /// nobody listens for a change. Only then does it arrive: `arrives` sees to that, under the lock,
    /// and answers by which key the call is known.
    pub(crate) fn turn_away(
        &self,
        now: Instant,
        call: &Call,
        arrives: impl FnOnce() -> Option<u64>,
    ) -> Option<TurnedAway> {
        if self.is_untroubled(now) {
            return None;
        }
        self.change(|circuit: &mut Circuit| {
            let by = circuit.keeps_away(now, call, &self.traffic)?;
            let call = Call {
                key: arrives(),
                ..*call
            };
            let unit = self.unit();
            Some(TurnedAway {
                by,
                retry_at: circuit.retry_at(now, &call, unit, &self.traffic),
                because: match by {
                    Refusal::Maintenance => circuit.maintenance_reason().cloned(),
                    _ => None,
                },
            })
        })
    }

    /// Whether it matters to whom its rate limits count a call.
    pub(crate) fn gates_keys(&self) -> bool {
        self.calm.gates_keys()
    }
}
