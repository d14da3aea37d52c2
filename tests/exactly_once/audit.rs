//! What the shop was told, held against what the gateway has charged.

use std::collections::HashMap;
use std::fmt;

use seawall::testing::{Charge, Gateway};

use crate::shop::{Payment, Told};

pub(crate) struct Audit {
    told: Vec<Payment>,
    charges: HashMap<String, usize>,
    faults: String,
}

impl Audit {
    pub(crate) fn new(told: Vec<Payment>, gateway: &Gateway) -> Self {
        let mut charges = HashMap::new();
        for charge in gateway.charges() {
            *charges.entry(reference(&charge)).or_default() += 1;
        }
        let counts = gateway.counts();
        let faults = format!("{} requests, met {:?}", counts.requests, counts.faults);
        Self {
            told,
            charges,
            faults,
        }
    }

    /// Nothing that was reported as not done is in the ledger, nothing that was reported as paid is
    /// missing there.
    pub(crate) fn assert_every_report_true(&self) {
        for payment in &self.told {
            let charges = self.charges_of(payment);
            match payment.told {
                Told::Paid => assert_eq!(charges, 1, "{payment:?}"),
                Told::NotSent | Told::Rejected => assert_eq!(charges, 0, "{payment:?}"),
                Told::Unknown => {}
            }
        }
    }

    /// Payments that the client itself refused to send, or to send again.
    pub(crate) fn refused_here(&self) -> usize {
        self.told
            .iter()
            .filter(|payment| payment.refused_here)
            .count()
    }

    pub(crate) fn assert_all_paid(&self) {
        let paid = |payment: &Payment| payment.told == Told::Paid;
        assert!(self.told.iter().all(paid), "{self}");
        self.assert_every_report_true();
    }

    pub(crate) fn assert_nobody_charged_twice(&self) {
        let twice = |payment: &&Payment| self.charges_of(payment) > 1;
        let twice: Vec<_> = self.told.iter().filter(twice).collect();
        assert!(twice.is_empty(), "{twice:?}");
        // Nor is there a charge that nobody sent.
        assert_eq!(self.charged_twice(), 0);
    }

    /// Payments that were charged more than once.
    pub(crate) fn charged_twice(&self) -> usize {
        self.charges
            .values()
            .filter(|charges| **charges > 1)
            .count()
    }

    /// Payments in doubt.
    pub(crate) fn unknown(&self) -> Vec<Payment> {
        let told = self.told.iter();
        told.filter(|payment| payment.told == Told::Unknown)
            .cloned()
            .collect()
    }

    /// The same payments, held against the ledger of a later audit.
    pub(crate) fn with_charges_of(self, later: Self) -> Self {
        Self {
            told: self.told,
            ..later
        }
    }

    fn charges_of(&self, payment: &Payment) -> usize {
        self.charges
            .get(&payment.reference)
            .copied()
            .unwrap_or_default()
    }
}

/// The shop's own name for what was charged.
fn reference(charge: &Charge) -> String {
    let body = String::from_utf8_lossy(&charge.body);
    let reference = body.split('"').nth(3).expect("a payment's body");
    reference.to_owned()
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |told| {
            self.told
                .iter()
                .filter(|payment| payment.told == told)
                .count()
        };
        let doubts = self.unknown();
        let charged = doubts.iter().filter(|doubt| self.charges_of(doubt) > 0);
        write!(
            f,
            "{} paid, {} not sent ({} refused here), {} rejected, {} unknown of which {} were charged; \
             {} charged twice; {}",
            count(Told::Paid),
            count(Told::NotSent),
            self.refused_here(),
            count(Told::Rejected),
            doubts.len(),
            charged.count(),
            self.charged_twice(),
            self.faults,
        )
    }
}
