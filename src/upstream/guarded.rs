//! The circuit of an upstream, behind its lock.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::config::Policy;
use crate::policy::circuit::Circuit;

/// The circuit, made when there is something to tell it. Until then it is as new: closed, and set by the
/// policy in force. Most upstreams have nothing to tell, and there may be very many.
#[derive(Debug)]
pub(super) struct Guarded(Mutex<Held>);

#[derive(Debug)]
struct Held {
    policy: Arc<Policy>,
    circuit: Option<Box<Circuit>>,
}

/// The circuit, while nobody else has it.
pub(super) struct Locked<'a>(MutexGuard<'a, Held>);

impl Guarded {
    pub(super) fn new(policy: Arc<Policy>) -> Self {
        let circuit = None;
        Self(Mutex::new(Held { policy, circuit }))
    }

    /// The circuit, as if it had been made at the `epoch`.
    pub(super) fn lock(&self, epoch: Instant) -> Locked<'_> {
        let mut held = self.hold();
        if held.circuit.is_none() {
            held.circuit = Some(Box::new(made(&held.policy, epoch)));
        }
        Locked(held)
    }

    /// A look at the circuit, which is not kept if it was never needed. What the look changes is nothing
    /// that time alone would not.
    pub(super) fn look<T>(&self, epoch: Instant, look: impl FnOnce(&mut Circuit) -> T) -> T {
        let mut held = self.hold();
        match &mut held.circuit {
            Some(circuit) => look(circuit),
            None => look(&mut made(&held.policy, epoch)),
        }
    }

    /// Whether there is a circuit that could have anything to say.
    pub(super) fn is_made(&self) -> bool {
        self.hold().circuit.is_some()
    }

    /// The policy by which the circuit will be made, or goes from now on. It is read while nobody else
    /// has the circuit.
    pub(super) fn follow(
        &self,
        (epoch, now): (Instant, Instant),
        policy: impl FnOnce() -> Arc<Policy>,
        tell: impl FnOnce(&Policy, &Circuit),
    ) {
        let mut held = self.hold();
        held.policy = policy();
        let Held { policy, circuit } = &mut *held;
        match circuit {
            Some(circuit) => {
                circuit.apply(now, policy.circuit().clone());
                tell(policy, circuit);
            }
            None => tell(policy, &made(policy, epoch)),
        }
    }

    /// A circuit has no invariant that a panic elsewhere could break half-way.
    fn hold(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn made(policy: &Policy, epoch: Instant) -> Circuit {
    Circuit::new(policy.circuit().clone(), epoch)
}

impl Deref for Locked<'_> {
    type Target = Circuit;

    fn deref(&self) -> &Circuit {
        let circuit = self.0.circuit.as_deref();
        circuit.expect("it was made when it was locked")
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Circuit {
        let circuit = self.0.circuit.as_deref_mut();
        circuit.expect("it was made when it was locked")
    }
}
