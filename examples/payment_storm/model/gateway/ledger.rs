//! What the gateway has charged.

use http::HeaderValue;
use std::collections::HashSet;

/// Charges by payment, and the idempotency keys that have been charged already.
///
/// The payment's id is the merchant's reference: it lets the model see a double charge. The gateway
/// itself, like a real one, tells two charges of one payment apart by nothing but the key.
#[derive(Debug)]
pub(crate) struct Ledger {
    charged_keys: HashSet<HeaderValue>,
    charges: Vec<u32>,
}

impl Ledger {
    pub(crate) fn new(payments: usize) -> Self {
        Self {
            charged_keys: HashSet::new(),
            charges: vec![0; payments],
        }
    }

    /// Charges a payment, unless its key was charged before. Without a key each request is a charge.
    pub(crate) fn charge(&mut self, payment: usize, key: Option<HeaderValue>) {
        let replayed = key.is_some_and(|key| !self.charged_keys.insert(key));
        if !replayed && let Some(charges) = self.charges.get_mut(payment) {
            *charges += 1;
        }
    }

    /// Charges of each payment, by its id.
    pub(crate) fn into_charges(self) -> Vec<u32> {
        self.charges
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use http::HeaderValue;

    #[test]
    fn a_key_is_charged_once_and_no_key_each_time() {
        let mut ledger = Ledger::new(3);
        for _ in 0..2 {
            ledger.charge(0, Some(HeaderValue::from_static("a")));
            ledger.charge(1, None);
        }
        ledger.charge(2, Some(HeaderValue::from_static("c")));
        assert_eq!(ledger.into_charges(), [1, 2, 1]);
    }
}
