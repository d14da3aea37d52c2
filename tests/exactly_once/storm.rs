//! Everything that the gateway can do to a payment, mixed.

use std::time::Duration;

use seawall::testing::{Fault, Gateway};

use crate::Protocol;

#[derive(Clone)]
pub(crate) struct Storm(Gateway);

impl Storm {
    pub(crate) fn new(protocol: Protocol, gateway: Gateway) -> Self {
        for fault in Fault::ALL {
            gateway.fault(fault, chance(protocol, fault));
        }
        Self(gateway)
    }

    /// Nothing is carried out, for longer than it takes a circuit to trip.
    pub(crate) fn outage(&self) {
        self.0.maintenance(Duration::from_millis(1_500), None);
    }

    /// The weather changes with the number of payments. What is done at one number is undone at
    /// another, or ends by itself.
    pub(crate) fn turn(&self, payment: usize) {
        let gateway = &self.0;
        let moment = Duration::from_millis(20);
        match payment % 2_000 {
            // Longer than an attempt may take: its repeat finds the payment still in progress.
            200 => gateway.latency(20 * moment),
            210 => gateway.latency(Duration::ZERO),
            // Of two payments at the same time one finds the queue full, however slow the machine.
            500 => {
                gateway.queue_limit(Some(1));
                gateway.latency(moment);
            }
            520 => {
                gateway.queue_limit(None);
                gateway.latency(Duration::ZERO);
            }
            800 => gateway.maintenance(moment, None),
            1_000 => gateway.refuse(3 * moment),
            1_200 => gateway.maintenance(moment, Some(Duration::ZERO)),
            1_400 => gateway.rate_limit(Some(1)),
            1_416 => gateway.rate_limit(None),
            _ => {}
        }
    }
}

/// One in seven requests meets a fault. On HTTP/2 some of them end a connection with everything
/// that is on it, and are rarer.
fn chance(protocol: Protocol, fault: Fault) -> f64 {
    let breaks_connection = matches!(
        fault,
        Fault::ResetBeforeRead
            | Fault::ResetAfterRead
            | Fault::CommitThenDrop
            | Fault::HalfHead
            | Fault::Garbage
    );
    match (protocol, fault) {
        (Protocol::Http2, _) if breaks_connection => 0.003,
        _ => 0.01,
    }
}

/// The proof is one of every fault only if each was met.
pub(crate) fn assert_all_met(gateway: &Gateway) {
    let counts = gateway.counts();
    for fault in Fault::ALL {
        assert!(counts.met(fault) > 0, "{fault:?}: {counts:?}");
    }
    assert!(counts.in_maintenance > 0, "{counts:?}");
    assert!(counts.queue_full > 0, "{counts:?}");
    assert!(counts.rate_limited > 0, "{counts:?}");
    assert!(counts.conflicts > 0, "{counts:?}");
    assert!(counts.replays > 0, "{counts:?}");
    assert_eq!(counts.mismatches, 0, "a key never changes its payment");
}
