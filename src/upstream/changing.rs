//! What changes an upstream's circuit, and who is told of it.

use std::sync::Arc;

use tokio::sync::futures::OwnedNotified;

use super::Upstream;
use crate::event::Event;
use crate::policy::circuit::Circuit;

impl Upstream {
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
        self.calm.follow(&circuit, self.traffic.epoch());
        drop(circuit);
        if after != before {
            self.notify();
        }
        tell_cause(&outcome);
        let upstream = &**self.name();
        if was_gated && !is_gated {
            self.tell(&Event::GateLifted { upstream });
        }
        if is_in != was_in {
            let (from, to) = (was_in, is_in);
            self.tell(&Event::CircuitChanged { upstream, from, to });
        }
        outcome
    }

    /// Resolves at the next change of the circuit after this call.
    pub(crate) fn changed(&self) -> OwnedNotified {
        let changed = self.changed.get_or_init(Arc::default);
        Arc::clone(changed).notified_owned()
    }

    /// Tells those who wait for a change. Nobody does who has not listened yet.
    pub(super) fn notify(&self) {
        if let Some(changed) = self.changed.get() {
            changed.notify_waiters();
        }
    }
}
