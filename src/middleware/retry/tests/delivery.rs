//! What the server may have done, over all attempts.

use super::*;
use crate::{Error, ErrorKind};

/// The delivery of a keyed payment that goes through these steps.
async fn after(steps: impl IntoIterator<Item = Step>) -> (Delivery, Outcome) {
    let upstream = Script::new(steps);
    let outcome = pay(&upstream, keyed()).await;
    (outcome.delivery(), outcome)
}

#[tokio::test(start_paused = true)]
async fn a_final_answer_settles_every_doubt() {
    let (delivery, _) = after([failure(Failure::Reset), status(503), status(200)]).await;
    assert_eq!(delivery, Delivery::Done);
}

#[tokio::test(start_paused = true)]
async fn a_doubt_outlives_a_rejection_and_a_refused_connection() {
    let (delivery, outcome) = after([failure(Failure::Reset), status(422)]).await;
    assert_eq!(delivery, Delivery::Unknown);
    assert_eq!(outcome.unwrap().status(), 422);

    let refused = (0..3).map(|_| failure(Failure::Refused));
    let (delivery, outcome) = after([Step::Hang].into_iter().chain(refused)).await;
    assert_eq!(delivery, Delivery::Unknown);
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_unknown()),
        (ErrorKind::Connect, true)
    );
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert!(error.to_string().contains("may have been done"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_doubt_of_a_keyed_payment_says_when_to_ask_again_even_if_a_retry_was_rejected() {
    for code in [401, 422] {
        let (delivery, outcome) = after([failure(Failure::Reset), status(code)]).await;
        assert_eq!(delivery, Delivery::Unknown);
        assert_eq!(outcome.stop(), StopReason::Permanent);
        assert!(outcome.comes_again().is_some(), "{code}");
    }
    // Without the doubt a repeat would end the same way.
    let (_, outcome) = after([status(401)]).await;
    assert_eq!(outcome.comes_again(), None);
}

#[tokio::test(start_paused = true)]
async fn without_a_doubt_it_was_rejected_or_not_sent() {
    let (delivery, _) = after([failure(Failure::Refused), status(422)]).await;
    assert_eq!(delivery, Delivery::Rejected);
    let (delivery, _) = after((0..4).map(|_| failure(Failure::Dns))).await;
    assert_eq!(delivery, Delivery::NotSent);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_its_wait_keeps_the_doubt_and_the_last_answer() {
    let upstream = Script::new([
        failure(Failure::Reset),
        status(500).header("x-request-id", "req-7"),
    ]);
    let stack = Stack::new(payments().backoff(steady()), &upstream);
    let call = stack.start(keyed()).await;
    pass(millis(1_500)).await;
    assert_eq!(upstream.count(), 2);
    // While it waits, another call's answer closes the gate.
    upstream.add([retry_after(503, 600)]);
    let _ = stack
        .send(with_header(post(), "idempotency-key", "other"))
        .await;

    let outcome = call.await.unwrap();
    let error: &Error = outcome.as_ref().unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::Gate));
    assert_eq!(error.status().unwrap(), 500);
    assert_eq!(error.headers().unwrap()["x-request-id"], "req-7");
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert_eq!(outcome.stop(), StopReason::Refused(Refusal::Gate));
    assert_eq!(outcome.attempts(), 2);
    assert!(outcome.comes_again().unwrap() >= secs(590));
    assert_eq!(upstream.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_before_its_wait_is_the_answer_itself() {
    let upstream = Script::new([retry_after(503, 600).header("x-request-id", "req-7")]);
    let outcome = pay(&upstream, keyed()).await;
    let answer = outcome.as_ref().unwrap();
    assert_eq!((answer.status().as_u16(), outcome.attempts()), (503, 1));
    assert_eq!(answer.headers()["x-request-id"], "req-7");
    assert_eq!(outcome.delivery(), Delivery::Rejected);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_breaks_before_a_retry_does_not_hide_the_answer_before() {
    let upstream = Script::new([status(500)]);
    upstream.block(1, Blocked::Failing);
    let outcome = pay(&upstream, keyed()).await;
    let error = outcome.as_ref().unwrap_err();
    assert_eq!(error.status().unwrap(), 500);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!((outcome.attempts(), upstream.count()), (1, 1));
    assert_eq!(key_in(error.report()), Some("order-1042"));
}

#[tokio::test(start_paused = true)]
async fn done_is_never_called_again_whatever_the_headers_say() {
    let (delivery, outcome) = after([status(200).header("x-envoy-overloaded", "true")]).await;
    assert_eq!(delivery, Delivery::Done);
    assert_eq!(outcome.stop(), StopReason::Answered);
    assert_eq!(outcome.comes_again(), None);
}

#[tokio::test(start_paused = true)]
async fn what_an_inner_stack_does_not_know_the_outer_one_does_not_know_better() {
    use tower::ServiceExt;
    use tower_layer::Layer;
    // Inside: reset, then refused for good. Outside there is nothing but retries.
    let upstream = Script::new([
        failure(Failure::Reset),
        failure(Failure::Refused),
        failure(Failure::Refused),
        failure(Failure::Refused),
    ]);
    let layer = || {
        let policy = payments().backoff(steady()).build().unwrap();
        RetryLayer::new(crate::Upstreams::new(policy))
    };
    let outcome = layer()
        .layer(layer().layer(upstream.clone()))
        .oneshot(keyed())
        .await;
    assert_eq!(upstream.count(), 5, "the outer layer repeats what is keyed");
    assert_eq!(outcome.delivery(), Delivery::Done);
    let refused = (0..16).map(|_| failure(Failure::Refused));
    let upstream = Script::new(std::iter::once(failure(Failure::Reset)).chain(refused));
    let outcome = layer()
        .layer(layer().layer(upstream))
        .oneshot(keyed())
        .await;
    assert_eq!(outcome.delivery(), Delivery::Unknown);
}

/// Payments inside, with a key of their own; outside someone who retries un-keyed requests.
async fn nested(steps: impl IntoIterator<Item = Step>) -> (Vec<Seen>, Outcome) {
    use tower::ServiceExt;
    use tower_layer::Layer;
    let upstream = Script::new(steps);
    let inner = payments().backoff(steady()).build().unwrap();
    let inner = crate::ResilienceLayer::new(inner).layer(upstream.clone());
    let outer = RetryLayer::new(crate::Upstreams::new(Policy::external()));
    let outcome = read_on(outer.layer(inner).oneshot(post())).await;
    (upstream.seen(), outcome)
}

#[tokio::test(start_paused = true)]
async fn a_doubt_inside_is_not_repeated_outside_under_another_key() {
    let refused = || failure(Failure::Refused);
    let (seen, outcome) = nested([failure(Failure::Reset), refused(), refused(), refused()]).await;
    assert!(
        seen.iter().all(|one| one.key == seen[0].key),
        "one payment, one key"
    );
    assert_eq!((seen.len(), outcome.delivery()), (4, Delivery::Unknown));
    let (seen, outcome) = nested([failure(Failure::Reset), status(400)]).await;
    assert_eq!((seen.len(), outcome.delivery()), (2, Delivery::Unknown));
    let (seen, outcome) = nested([failure(Failure::Reset), status(421), status(421)]).await;
    assert!(
        seen.iter().all(|one| one.key == seen[0].key),
        "one payment, one key"
    );
    assert_eq!(outcome.delivery(), Delivery::Unknown);
    // What is settled inside is settled.
    let (_, outcome) = nested([failure(Failure::Reset), status(200)]).await;
    assert_eq!(outcome.delivery(), Delivery::Done);
}
