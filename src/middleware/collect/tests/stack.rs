//! A body that breaks is a failed attempt: what the retries and the circuit make of it.

use tower::ServiceExt;
use tower_layer::Layer;

use super::Piece::{Break, Data, Hang, Pause};
use super::*;
use crate::middleware::collect::Collect;
use crate::middleware::{Resilience, ResilienceLayer};
use crate::policy::{Delivery, Failure, Refusal, StopReason};
use crate::{PolicyBuilder, Report, Upstreams};

#[derive(Clone)]
struct Collecting(Resilience<Collect<Script>>);

impl Collecting {
    fn new(policy: PolicyBuilder, upstream: &Script) -> Self {
        let policy = policy.backoff(steady()).build().unwrap();
        let stack = ResilienceLayer::over(Upstreams::with_seed(policy, 7));
        Self(stack.layer(COLLECT.layer(upstream.clone())))
    }

    async fn send(&self, request: Call) -> Collection {
        read_on(self.0.clone().oneshot(request)).await
    }
}

fn broken(code: u16) -> Step {
    status(code).body([Data("pay"), Break])
}

fn report(response: &http::Response<Collected>) -> Report {
    Report::in_extensions(response).unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_keyed_payment_whose_answer_broke_off_is_sent_again_with_its_key() {
    let upstream = Script::new([broken(201), status(201).body([Data("paid")])]);
    let answer = Collecting::new(payments(), &upstream)
        .send(keyed())
        .await
        .unwrap();
    assert_eq!(report(&answer).attempts(), 2);
    assert_eq!(report(&answer).delivery(), Delivery::Done);
    assert_eq!(answer.into_body().into_bytes().unwrap(), "paid");
    let seen = upstream.seen();
    assert_eq!(seen.len(), 2);
    assert!(
        seen.iter()
            .all(|seen| seen.key.as_deref() == Some("order-1042"))
    );
    assert_eq!(seen[0].body, seen[1].body);
    // One whole backoff lies between, and through it no body was held.
    assert!(seen[1].at >= seen[0].at + millis(999));
    assert_eq!(seen[1].open_bodies, 0);
}

#[tokio::test(start_paused = true)]
async fn so_is_a_get_and_a_payment_without_a_key_is_not() {
    let upstream = Script::new([broken(200), broken(200)]);
    let answer = Collecting::new(external(), &upstream).send(get()).await;
    assert_eq!(report(&answer.unwrap()).attempts(), 3);

    let upstream = Script::new([broken(200)]);
    let error = Collecting::new(external(), &upstream)
        .send(post())
        .await
        .unwrap_err();
    assert_eq!(error.failure(), Some(Failure::BrokenBody));
    assert_eq!(error.report().stop_reason(), StopReason::NotIdempotent);
    assert_eq!(
        (error.delivery(), error.retry_at()),
        (Delivery::Unknown, None)
    );
    assert_eq!(error.code(), "upstream_outcome_unknown");
    assert_eq!((error.report().attempts(), upstream.count()), (1, 1));
    let text = error.to_string();
    assert!(
        text.contains("broke off") && text.contains("ask the upstream"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn when_every_answer_breaks_the_error_says_when_to_send_the_key_again() {
    let upstream = Script::new((0..9).map(|_| broken(201)));
    let error = Collecting::new(payments(), &upstream)
        .send(keyed())
        .await
        .unwrap_err();
    assert_eq!((error.report().attempts(), upstream.count()), (4, 4));
    assert_eq!(error.report().stop_reason(), StopReason::AttemptsExhausted);
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert_eq!(error.status().unwrap(), 201);
    assert!(error.retry_at().is_some());
    assert!(
        error.to_string().contains("same idempotency key"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_is_too_long_would_be_again() {
    let long = || status(200).body([Data("0123456789abcdef"), Data("!")]);
    let upstream = Script::new((0..9).map(|_| long()));
    let stack = Collecting::new(external(), &upstream);
    // More than would open the circuit: the upstream is well.
    for calls in 1..=6 {
        let error = stack.send(get()).await.unwrap_err();
        assert_eq!(error.failure(), Some(Failure::OversizedBody { limit: 16 }));
        assert_eq!(error.report().stop_reason(), StopReason::Permanent);
        assert_eq!((error.retry_at(), upstream.count()), (None, calls));
        pass(secs(1)).await;
    }
    assert_eq!(stack.send(post()).await.unwrap_err().refusal(), None);
}

#[tokio::test(start_paused = true)]
async fn bodies_that_break_open_the_circuit_and_whole_ones_do_not() {
    let opened = async |step: fn() -> Step| {
        let upstream = Script::new((0..9).map(|_| step()));
        let stack = Collecting::new(payments(), &upstream);
        for _ in 0..2 {
            let _ = stack.send(keyed()).await;
        }
        stack
            .send(keyed())
            .await
            .err()
            .and_then(|error| error.refusal())
    };
    assert_eq!(opened(|| broken(200)).await, Some(Refusal::Open));
    assert_eq!(opened(|| status(200)).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_closes_the_gate_though_its_body_is_lost() {
    for lost in [vec![Data("down"), Break], vec![Hang], vec![]] {
        let upstream = Script::new([retry_after(503, 600).body(lost)]);
        let stack = Collecting::new(payments(), &upstream);
        let first = stack.send(keyed()).await.unwrap();
        assert_eq!(first.status(), 503);
        assert_eq!(report(&first).stop_reason(), StopReason::DeadlineTooNear);
        assert_eq!(report(&first).delivery(), Delivery::Rejected);
        assert!(report(&first).retry_at().is_some());

        let second = stack.send(get()).await.unwrap_err();
        assert_eq!(second.refusal(), Some(Refusal::Gate));
        assert_eq!(upstream.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_one_though_its_body_is_lost() {
    let upstream = Script::new([broken(402)]);
    let answer = Collecting::new(payments(), &upstream)
        .send(keyed())
        .await
        .unwrap();
    assert_eq!(answer.status(), 402);
    assert_eq!(report(&answer).delivery(), Delivery::Rejected);
    assert_eq!(report(&answer).stop_reason(), StopReason::Permanent);
    assert!(answer.body().error().is_some());
    assert_eq!(upstream.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_a_failed_answer_the_body_is_read_and_gone_before_the_wait() {
    let upstream = Script::new([status(503).body([Data("down"), Pause(millis(500))])]);
    let stack = Collecting::new(payments(), &upstream);
    let call = tokio::spawn(async move { stack.send(keyed()).await });
    settle().await;
    assert_eq!((upstream.count(), upstream.open_bodies()), (1, 1));
    pass(secs(1)).await;
    assert_eq!((upstream.count(), upstream.open_bodies()), (1, 0));
    assert_eq!(report(&call.await.unwrap().unwrap()).attempts(), 2);
}

#[tokio::test(start_paused = true)]
async fn when_the_retry_is_refused_the_error_says_what_was_answered() {
    let upstream = Script::new([broken(201)]);
    let stack = Collecting::new(payments(), &upstream);
    let call = tokio::spawn(async move { stack.send(keyed()).await });
    settle().await;
    upstream.block(1, Blocked::Failing);
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.status().unwrap(), 201);
    assert_eq!((error.delivery(), upstream.count()), (Delivery::Unknown, 1));
}
