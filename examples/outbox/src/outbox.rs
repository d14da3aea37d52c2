//! One claimed payment: from the claim, over the gateway, to what is stored. The checkout and the
//! worker both go through here.

use std::sync::Arc;

use seawall::Priority;
use tokio::sync::Notify;

use crate::clock;
use crate::gateway::Gateway;
use crate::payment::Payment;
use crate::settle::{Next, Rules, Step};
use crate::store::{Claim, Store, StoreError};

/// What the checkout and the worker share.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(crate) store: Store,
    gateway: Gateway,
    rules: Rules,
    /// Something may be due earlier than the worker believes.
    pub(crate) changed: Arc<Notify>,
}

impl Outbox {
    pub(crate) fn new(store: Store, gateway: Gateway, rules: Rules) -> Self {
        Self {
            store,
            gateway,
            rules,
            changed: Arc::default(),
        }
    }

    /// Calls the gateway about a payment, and stores what became of it.
    ///
    /// Whoever drops this future half-way leaves a claim behind that lapses in its time, so spawn
    /// it: a browser that goes away must not take a call with it.
    pub(crate) async fn settle(
        &self,
        claim: Claim,
        priority: Priority,
    ) -> Result<Payment, StoreError> {
        let (next, code) = self.call(&claim, priority).await;
        let payment = self.store.settle(claim, next, code).await?;
        tracing::info!(
            payment = payment.charge.business_id,
            state = payment.state.as_str(),
            code = payment.code,
            claims = payment.claims,
            "called the gateway"
        );
        self.changed.notify_one();
        Ok(payment)
    }

    async fn call(&self, claim: &Claim, priority: Priority) -> (Next, String) {
        let (charge, first_sent_at) = (&claim.payment.charge, claim.first_sent_at);
        if self.rules.first_step(first_sent_at, clock::now()) == Step::Ask {
            return self.ask(claim, priority).await;
        }
        let sent_before = claim.doubt.then_some(first_sent_at);
        let (end, code) = self.gateway.send(charge, sent_before, priority).await;
        match self.rules.after_send(claim.doubt, &end, clock::now()) {
            Some(next) => (next, code),
            None => self.ask(claim, priority).await,
        }
    }

    async fn ask(&self, claim: &Claim, priority: Priority) -> (Next, String) {
        let (end, code) = self.gateway.ask(&claim.payment.charge, priority).await;
        let now = clock::now();
        let key_is_alive = self.rules.key_is_alive(claim.first_sent_at, now);
        (self.rules.after_ask(key_is_alive, &end, now), code)
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
pub(crate) mod tests;
