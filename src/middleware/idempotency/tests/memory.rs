//! What is remembered of the keys that were sent, through the whole stack.

use std::time::SystemTime;

use super::*;
use crate::middleware::FirstSentAt;
use crate::policy::idempotency::KeyRefusal;
use crate::policy::{Delivery, Failure, StopReason};
use crate::{Error, PolicyBuilder, clock};

const DAY: u64 = 24 * 3_600;

fn one_attempt() -> PolicyBuilder {
    payments().to_builder().max_attempts(1)
}

fn with_key(key: &str, body: &'static str) -> Call {
    let key = IdempotencyKey::parse(key).unwrap();
    with_extension(call(Method::POST, URL, body), key)
}

fn refusal(error: &Error) -> Option<&KeyRefusal> {
    error.key_refusal()
}

#[tokio::test(start_paused = true)]
async fn the_same_key_with_another_body_is_refused_before_anything_is_sent() {
    let upstream = Script::new([]);
    let stack = Stack::new(one_attempt(), &upstream);
    stack.send(with_key("order-17", "ten")).await.unwrap();
    let error = stack
        .send(with_key("order-17", "eleven"))
        .await
        .unwrap_err();
    assert_eq!(refusal(&error), Some(&KeyRefusal::OtherRequest));
    assert_eq!((upstream.count(), error.delivery()), (1, Delivery::NotSent));
    assert_eq!(key_in(error.report()), Some("order-17"));

    stack.send(with_key("order-17", "ten")).await.unwrap();
    stack.send(with_key("order-18", "eleven")).await.unwrap();
    assert_eq!(upstream.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_never_sent_is_free_for_another_body() {
    let upstream = Script::new([failure(Failure::Refused), failure(Failure::Reset)]);
    let stack = Stack::new(one_attempt(), &upstream);
    let unsent = stack.send(with_key("order-17", "ten")).await;
    assert_eq!(unsent.delivery(), Delivery::NotSent);
    let unknown = stack.send(with_key("order-17", "eleven")).await;
    assert_eq!(unknown.delivery(), Delivery::Unknown);
    let error = stack.send(with_key("order-17", "ten")).await.unwrap_err();
    assert_eq!(refusal(&error), Some(&KeyRefusal::OtherRequest));
}

#[tokio::test(start_paused = true)]
async fn a_generated_key_whose_call_was_done_is_remembered_with_its_body() {
    let upstream = Script::new([]);
    let stack = Stack::new(one_attempt(), &upstream);
    let done = stack.send(call(Method::POST, URL, "ten")).await.report();
    let key = key_in(&done).unwrap();
    let error = stack.send(with_key(key, "eleven")).await.unwrap_err();
    assert_eq!(refusal(&error), Some(&KeyRefusal::OtherRequest));
    assert_eq!(upstream.count(), 1);
    stack.send(with_key(key, "ten")).await.unwrap();
    assert_eq!(upstream.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_generated_key_whose_call_was_not_done_is_remembered() {
    let upstream = Script::new([failure(Failure::Reset)]);
    let stack = Stack::new(one_attempt(), &upstream);
    let unknown = stack.send(call(Method::POST, URL, "ten")).await.report();
    let key = key_in(&unknown).unwrap();
    let error = stack.send(with_key(key, "eleven")).await.unwrap_err();
    assert_eq!(refusal(&error), Some(&KeyRefusal::OtherRequest));
    assert!(stack.send(with_key(key, "ten")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_may_have_been_sent() {
    let upstream = Script::new([Step::Hang]);
    let stack = Stack::new(one_attempt(), &upstream);
    let call = stack.start(with_key("order-17", "ten")).await;
    call.abort();
    settle().await;
    let error = stack
        .send(with_key("order-17", "eleven"))
        .await
        .unwrap_err();
    assert_eq!(refusal(&error), Some(&KeyRefusal::OtherRequest));
}

#[tokio::test(start_paused = true)]
async fn no_later_call_says_that_nothing_was_done_after_one_that_was_dropped() {
    let upstream = Script::new([Step::Hang, failure(Failure::Refused), status(401)]);
    let stack = Stack::new(one_attempt(), &upstream);
    let call = stack.start(with_key("order-17", "ten")).await;
    call.abort();
    settle().await;
    for _ in 0..2 {
        let later = stack.send(with_key("order-17", "ten")).await;
        assert_eq!(later.delivery(), Delivery::Unknown);
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_is_never_sent_to_another_origin() {
    let upstream = Script::new([failure(Failure::Reset)]);
    let stack = Stack::new(one_attempt(), &upstream);
    let _ = stack.send(with_key("order-17", "ten")).await;
    let mut elsewhere = with_key("order-17", "ten");
    *elsewhere.uri_mut() = "https://other.example/payments".parse().unwrap();
    let error = stack.send(elsewhere).await.unwrap_err();
    assert_eq!(refusal(&error), Some(&KeyRefusal::OtherOrigin));
    assert_eq!(upstream.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn past_the_keys_life_nothing_is_sent_and_the_outcome_is_unknown() {
    let upstream = Script::new([failure(Failure::Reset)]);
    let stack = Stack::new(one_attempt(), &upstream);
    let first = stack.send(with_key("order-17", "ten")).await;
    assert!(first.report().retry_at().is_some());
    pass(secs(DAY)).await;
    let error = stack.send(with_key("order-17", "ten")).await.unwrap_err();
    assert_eq!(refusal(&error), Some(&KeyRefusal::Expired));
    assert_eq!((upstream.count(), error.delivery()), (1, Delivery::Unknown));
    assert_eq!(error.report().stop_reason(), StopReason::KeyExpired);
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert_eq!(error.retry_at(), None, "ask the provider");
    assert!(error.to_string().contains("ask the provider"));
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_the_caller_says_when_the_key_was_first_sent() {
    let ago = |age| FirstSentAt::new(clock::wall() - secs(age));
    let sent = async |at: FirstSentAt| {
        let upstream = Script::new([]);
        let stack = Stack::new(one_attempt(), &upstream);
        let request = with_extension(with_key("order-17", "ten"), at);
        stack
            .send(request)
            .await
            .map_err(|error| error.key_refusal().cloned())
    };
    assert!(sent(ago(DAY - 60)).await.is_ok());
    // An attempt takes up to 30 s, and must arrive within the key's life.
    for age in [DAY - 29, DAY + 60] {
        let refused = sent(ago(age)).await.unwrap_err();
        assert_eq!(refused, Some(KeyRefusal::Expired), "{age}");
    }
    assert!(
        sent(FirstSentAt::new(SystemTime::UNIX_EPOCH))
            .await
            .is_err()
    );
    // A clock that was set back is no reason to refuse.
    assert!(
        sent(FirstSentAt::new(clock::wall() + secs(3_600)))
            .await
            .is_ok()
    );
}

/// Its key has this much of its life left, less the 30 s that an attempt may take.
fn with_life_left(seconds: u64, request: Call) -> Call {
    let age = secs(DAY - 30 - seconds);
    with_extension(request, FirstSentAt::new(clock::wall() - age))
}

#[tokio::test(start_paused = true)]
async fn no_retry_and_no_moment_to_come_again_lies_past_the_keys_life() {
    let upstream = Script::new([failure(Failure::Reset), failure(Failure::Reset)]);
    let policy = payments().to_builder().backoff(steady()).budget(0.5, 10);
    let outcome = Stack::new(policy, &upstream)
        .send(with_life_left(2, with_key("order-17", "ten")))
        .await;
    // One second of backoff lies within the two that are left, two seconds do not.
    assert_eq!(
        (upstream.count(), outcome.stop()),
        (2, StopReason::KeyExpired)
    );
    assert_eq!(outcome.delivery(), Delivery::Unknown);
    assert_eq!(outcome.comes_again(), None, "it would come too late");
}

#[tokio::test(start_paused = true)]
async fn no_gate_is_waited_for_past_the_keys_life() {
    let upstream = Script::new([retry_after(503, 4)]);
    let stack = Stack::new(one_attempt(), &upstream);
    let _ = stack.send(with_key("other", "ten")).await;
    let late = stack.send(with_life_left(2, with_key("a", "ten"))).await;
    assert_eq!((upstream.count(), late.comes_again()), (1, None));
    // With time enough it is waited for.
    let _ = stack.send(with_life_left(60, with_key("b", "ten"))).await;
    assert_eq!(upstream.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_sent_before_and_is_missing_is_not_made_anew() {
    for policy in [
        one_attempt(),
        Policy::external()
            .to_builder()
            .provider(Provider::generic()),
    ] {
        let upstream = Script::new([]);
        let stack = Stack::new(policy, &upstream);
        let error = stack.send(with_life_left(60, post())).await.unwrap_err();
        assert_eq!(refusal(&error), Some(&KeyRefusal::Missing));
        assert_eq!(upstream.count(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_did_nothing_does_not_settle_the_doubt_of_an_earlier_one() {
    for later in [failure(Failure::Refused), status(401), status(422)] {
        let upstream = Script::new([failure(Failure::Reset), later]);
        let stack = Stack::new(one_attempt(), &upstream);
        let first = stack.send(with_key("order-17", "ten")).await;
        assert_eq!(first.delivery(), Delivery::Unknown);
        let second = stack.send(with_key("order-17", "ten")).await;
        assert_eq!(second.delivery(), Delivery::Unknown);
        assert!(second.comes_again().is_some());
        let third = stack.send(with_key("order-17", "ten")).await;
        assert_eq!(third.delivery(), Delivery::Done, "an answer does");
    }
    // Another key has no such doubt.
    let upstream = Script::new([failure(Failure::Reset), status(422)]);
    let stack = Stack::new(one_attempt(), &upstream);
    let _ = stack.send(with_key("order-17", "ten")).await;
    let other = stack.send(with_key("order-18", "ten")).await;
    assert_eq!(other.delivery(), Delivery::Rejected);
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_process_sent_may_have_been_done_whatever_becomes_of_this_call() {
    let upstream = Script::new([failure(Failure::Refused)]);
    let stack = Stack::new(one_attempt(), &upstream);
    let told = with_life_left(600, with_key("order-17", "ten"));
    let error = stack.send(told).await.unwrap_err();
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert!(error.to_string().contains("may have been done"), "{error}");
    // And what was said once is remembered.
    pass(secs(700)).await;
    let late = stack.send(with_key("order-17", "ten")).await.unwrap_err();
    assert_eq!(refusal(&late), Some(&KeyRefusal::Expired));
    let other = stack.send(with_key("order-17", "eleven")).await;
    assert_eq!(
        other.as_ref().err().and_then(refusal),
        Some(&KeyRefusal::OtherRequest)
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_is_not_forgotten_while_another_call_with_it_is_under_way() {
    let upstream = Script::new([
        failure(Failure::Refused).after(secs(20)),
        failure(Failure::Reset).after(secs(1)),
    ]);
    let stack = Stack::new(one_attempt(), &upstream);
    let first = stack.start(with_key("order-17", "ten")).await;
    let second = stack.send(with_key("order-17", "ten")).await;
    assert_eq!(second.delivery(), Delivery::Unknown);
    assert_eq!(first.await.unwrap().delivery(), Delivery::NotSent);
    pass(secs(DAY)).await;
    let late = stack.send(with_key("order-17", "ten")).await.unwrap_err();
    assert_eq!(refusal(&late), Some(&KeyRefusal::Expired));
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_was_only_ever_refused_does_not_age() {
    let upstream = Script::new([retry_after(503, 60), failure(Failure::Refused)]);
    let stack = Stack::new(one_attempt(), &upstream);
    let rejected = stack.send(with_key("order-17", "ten")).await;
    assert_eq!(rejected.delivery(), Delivery::Rejected);
    pass(secs(DAY)).await;
    let unsent = stack.send(with_key("order-17", "ten")).await;
    assert_eq!(unsent.delivery(), Delivery::NotSent);
    pass(secs(DAY)).await;
    let paid = stack.send(with_key("order-17", "ten")).await;
    assert_eq!(paid.delivery(), Delivery::Done);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_promises_nothing_is_held_to_nothing() {
    let upstream = Script::new([]);
    let policy = Policy::external_payments(Provider::none()).to_builder();
    let stack = Stack::new(policy, &upstream);
    stack.send(with_key("order-17", "ten")).await.unwrap();
    stack.send(with_key("order-17", "eleven")).await.unwrap();
    assert_eq!(upstream.count(), 2);
}
