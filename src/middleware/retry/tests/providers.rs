//! What a provider's own words change, through the whole stack.

use tower::ServiceExt;
use tower_layer::Layer;

use super::*;
use crate::{FirstSentAt, IdempotencyKey, Provider, RetryLayer, Upstreams, clock};

/// A keyed payment to this provider, answered so.
async fn paid_to(provider: Provider, steps: impl IntoIterator<Item = Step>) -> (usize, Outcome) {
    let upstream = Script::new(steps);
    let outcome = Stack::new(payments().provider(provider), &upstream)
        .send(post())
        .await;
    (upstream.count(), outcome)
}

#[tokio::test(start_paused = true)]
async fn a_replayed_error_is_not_asked_for_again_now_or_later() {
    let replayed = || status(500).header("idempotent-replayed", "true");
    let (attempts, outcome) = paid_to(Provider::stripe(), [replayed()]).await;
    assert_eq!((attempts, outcome.stop()), (1, StopReason::Replayed));
    assert_eq!(outcome.delivery(), Delivery::Unknown);
    assert_eq!(outcome.comes_again(), None, "it would be the same for ever");

    let (attempts, outcome) = paid_to(Provider::generic(), [replayed()]).await;
    assert_eq!((attempts, outcome.delivery()), (2, Delivery::Done));
}

#[tokio::test(start_paused = true)]
async fn a_word_against_a_repeat_stops_the_call_and_the_key_settles_its_doubt_later() {
    let no = status(500).header("stripe-should-retry", "false");
    let (attempts, outcome) = paid_to(Provider::stripe(), [no]).await;
    assert_eq!((attempts, outcome.stop()), (1, StopReason::ServerSaysNo));
    assert_eq!(outcome.delivery(), Delivery::Unknown);
    assert!(outcome.comes_again().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_race_of_two_requests_with_one_key_is_waited_out() {
    let racing = || status(422).header("transient-error", "true");
    let (attempts, outcome) = paid_to(Provider::adyen(), [racing(), status(200)]).await;
    assert_eq!((attempts, outcome.delivery()), (2, Delivery::Done));

    // While it lasts, nobody knows what the first of them comes to.
    let (attempts, outcome) = paid_to(Provider::adyen(), (0..4).map(|_| racing())).await;
    assert_eq!((attempts, outcome.delivery()), (4, Delivery::Unknown));
    assert!(outcome.comes_again().is_some());

    let (attempts, outcome) = paid_to(Provider::adyen(), [status(422)]).await;
    assert_eq!((attempts, outcome.delivery()), (1, Delivery::Rejected));
}

#[tokio::test(start_paused = true)]
async fn a_yes_overrides_neither_attempts_nor_deadline_nor_budget() {
    let yes = |code| status(code).header("stripe-should-retry", "true");
    let (attempts, outcome) = paid_to(Provider::stripe(), (0..9).map(|_| yes(400))).await;
    assert_eq!(
        (attempts, outcome.stop()),
        (4, StopReason::AttemptsExhausted)
    );
    let asks_for_an_hour = yes(400).header("retry-after", 3_600);
    let (attempts, outcome) = paid_to(Provider::stripe(), [asks_for_an_hour]).await;
    assert_eq!(attempts, 2, "a Retry-After means nothing on a 400");
    assert!(outcome.is_ok());

    let limited = yes(429).header("retry-after", 3_600);
    let (attempts, outcome) = paid_to(Provider::stripe(), [limited]).await;
    assert_eq!((attempts, outcome.stop()), (1, StopReason::DeadlineTooNear));

    let upstream = Script::new((0..9).map(|_| yes(400)));
    let poor = payments().provider(Provider::stripe()).budget(0.1, 0);
    let outcome = Stack::new(poor, &upstream).send(post()).await;
    assert_eq!(
        (upstream.count(), outcome.stop()),
        (1, StopReason::BudgetExhausted)
    );
}

#[tokio::test(start_paused = true)]
async fn a_vouched_for_503_was_refused_and_any_other_is_a_doubt() {
    let vouching = Provider {
        vouches_for_503: true,
        ..Provider::generic()
    };
    let down = || (0..4).map(|_| status(503));
    assert_eq!(
        paid_to(vouching, down()).await.1.delivery(),
        Delivery::Rejected
    );
    assert_eq!(
        paid_to(Provider::generic(), down()).await.1.delivery(),
        Delivery::Unknown
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_in_quotes_makes_a_post_repeatable_and_is_reported_without_them() {
    let upstream = Script::new([status(500)]);
    let stack = Stack::new(payments().provider(Provider::ietf()), &upstream);
    let quoted = with_header(post(), "idempotency-key", "\"order-1042\"");
    let outcome = stack.send(quoted).await;
    assert_eq!(upstream.count(), 2);
    assert_eq!(key_in(&outcome.report()), Some("order-1042"));
}

#[tokio::test(start_paused = true)]
async fn the_same_key_keeps_its_slot_whatever_its_form() {
    for provider in [Provider::generic(), Provider::ietf()] {
        let upstream = Script::new([retry_after(503, 600)]);
        let stack = Stack::new(payments().provider(provider.clone()), &upstream);
        let _ = stack.send(get()).await;
        let key = IdempotencyKey::parse("order-1042").unwrap();
        let slot = async || {
            let again = stack.send(with_extension(post(), key.clone())).await;
            again.comes_again().unwrap()
        };
        let first = slot().await;
        let _ = stack.send(post()).await;
        let again = slot().await;
        assert_eq!(first, again, "{}", provider.name);
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_idempotency_layer_the_callers_word_on_a_keys_age_still_counts() {
    let age = Provider::generic().key_life.saturating_sub(secs(32));
    let told = FirstSentAt::new(clock::wall() - age);
    let upstream = Script::new((0..9).map(|_| failure(Failure::Reset)));
    let policy = payments().backoff(steady()).build().unwrap();
    let service = RetryLayer::new(Upstreams::new(policy)).layer(upstream.clone());
    let outcome = service.oneshot(with_extension(keyed(), told)).await;
    assert_eq!(
        (upstream.count(), outcome.stop()),
        (2, StopReason::KeyExpired)
    );
    assert_eq!(outcome.comes_again(), None);
}
