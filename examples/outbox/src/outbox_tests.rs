//! One payment and a gateway in trouble.

use std::path::Path;
use std::time::{Duration, SystemTime};

use seawall::testing::{self, Fault};

use super::*;
use crate::payment::{Charge, State};
use crate::policy::{Tempo, lease, policy, rules};
use crate::store::Accepted;

const AGES: Duration = Duration::from_secs(30 * 86_400);

/// An outbox of its own, at this gateway.
pub(crate) fn outbox(gateway: &testing::Gateway) -> Outbox {
    let policy = policy(Tempo::Quick).unwrap();
    let gateway = Gateway::new(&gateway.url(), policy).unwrap();
    let store = Store::open(Path::new(":memory:"), lease(&gateway), clock::now()).unwrap();
    let rules = rules(&gateway, Tempo::Quick);
    Outbox::new(store, gateway, rules)
}

/// A payment that was claimed at that time, for the first time.
async fn claimed(outbox: &Outbox, then: SystemTime) -> Claim {
    let charge = Charge::new("17", 1, 1_000, "EUR");
    match outbox.store.accept(charge, then).await.unwrap() {
        Accepted::New(claim) => claim,
        other => panic!("{other:?}"),
    }
}

/// The same payment, taken up again after the caller who claimed it died.
async fn taken_up_again(outbox: &Outbox, died: SystemTime) -> Claim {
    drop(claimed(outbox, died).await);
    let due = outbox.store.claim_due(clock::now()).await.unwrap();
    due.expect("the claim has lapsed")
}

async fn settled(outbox: &Outbox, claim: Claim) -> Payment {
    outbox.settle(claim, Priority::Foreground).await.unwrap()
}

/// Sends the charge behind the outbox's back, as the dead caller did.
async fn charged_by_the_dead(gateway: &testing::Gateway) {
    let other = outbox(gateway);
    let claim = claimed(&other, clock::now()).await;
    assert_eq!(settled(&other, claim).await.state, State::Paid);
}

#[tokio::test]
async fn a_healthy_gateway_is_called_once() {
    let gateway = testing::Gateway::start().await.unwrap();
    let outbox = outbox(&gateway);
    let claim = claimed(&outbox, clock::now()).await;
    let payment = settled(&outbox, claim).await;
    assert_eq!((payment.state, payment.retry_at), (State::Paid, None));
    assert_eq!(gateway.counts().requests, 1);
    let charges = gateway.charges();
    assert_eq!(charges[0].key.as_ref(), Some(&payment.charge.key));
    assert_eq!(charges[0].body, payment.charge.body);
}

#[tokio::test]
async fn a_success_whose_body_is_cut_off_is_sent_again_in_the_call() {
    let gateway = testing::Gateway::start().await.unwrap();
    let outbox = outbox(&gateway);
    gateway.next(Fault::TruncatedBody);
    let claim = claimed(&outbox, clock::now()).await;
    assert_eq!(settled(&outbox, claim).await.state, State::Paid);
    assert_eq!(gateway.counts().requests, 2);
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn a_success_whose_body_is_cut_off_each_time_is_unknown_and_then_paid_once() {
    let gateway = testing::Gateway::start().await.unwrap();
    let outbox = outbox(&gateway);
    gateway.fault(Fault::TruncatedBody, 1.0);
    let claim = claimed(&outbox, clock::now()).await;
    let payment = settled(&outbox, claim).await;
    assert_eq!(payment.state, State::Unknown);
    gateway.calm();

    let due = payment.retry_at.expect("it comes again");
    let claim = outbox.store.claim_due(due).await.unwrap().unwrap();
    assert_eq!(settled(&outbox, claim).await.state, State::Paid);
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn what_a_dead_caller_has_charged_is_found_by_sending_the_key_again() {
    let gateway = testing::Gateway::start().await.unwrap();
    charged_by_the_dead(&gateway).await;
    let outbox = outbox(&gateway);
    let died = clock::now() - Duration::from_secs(3_600);
    let claim = taken_up_again(&outbox, died).await;
    assert_eq!(settled(&outbox, claim).await.state, State::Paid);
    assert_eq!(gateway.counts().replays, 1);
    assert_eq!(gateway.charges().len(), 1);
}

#[tokio::test]
async fn past_the_keys_life_the_gateway_is_asked_and_nothing_is_sent() {
    let gateway = testing::Gateway::start().await.unwrap();
    charged_by_the_dead(&gateway).await;
    let outbox = outbox(&gateway);
    let claim = taken_up_again(&outbox, clock::now() - AGES).await;
    let payment = settled(&outbox, claim).await;
    assert_eq!(payment.state, State::Paid);
    assert_eq!(gateway.counts().replays, 0, "a question, not a charge");
}

#[tokio::test]
async fn a_key_that_may_be_forgotten_is_neither_sent_nor_given_up() {
    let gateway = testing::Gateway::start().await.unwrap();
    let outbox = outbox(&gateway);
    let claim = taken_up_again(&outbox, clock::now() - AGES).await;
    let payment = settled(&outbox, claim).await;
    assert_eq!((payment.state, payment.retry_at), (State::Review, None));
    assert_eq!(payment.code.as_deref(), Some("404"));
    assert!(gateway.charges().is_empty());
}

#[tokio::test]
async fn a_payment_that_was_refused_for_days_is_still_sent() {
    let gateway = testing::Gateway::start().await.unwrap();
    let outbox = outbox(&gateway);
    let days_ago = clock::now() - AGES;
    let claim = claimed(&outbox, days_ago).await;
    let refused = Next::Pending { retry_at: days_ago };
    let code = "payment_gateway_unavailable".to_owned();
    outbox.store.settle(claim, refused, code).await.unwrap();

    let claim = outbox.store.claim_due(clock::now()).await.unwrap();
    let payment = settled(&outbox, claim.expect("it is due")).await;
    assert_eq!(payment.state, State::Paid, "its key was never used");
}

#[tokio::test]
async fn our_own_bad_credential_declines_nobody() {
    let gateway = testing::Gateway::start().await.unwrap();
    let outbox = outbox(&gateway);
    gateway.next(Fault::Unauthorized);
    let claim = claimed(&outbox, clock::now()).await;
    let payment = settled(&outbox, claim).await;
    assert_eq!(payment.state, State::Pending);
    assert_eq!(payment.code.as_deref(), Some("401"));
    assert!(payment.retry_at.is_some());
}
