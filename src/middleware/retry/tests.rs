//! Retries, alone and in the whole stack, against a scripted upstream.

mod alone;
mod budget;
mod cancelled;
mod deadline;
mod delivery;
mod grpc;
mod keys;
mod once;
mod privacy;
mod providers;
mod retry_after;
mod streams;

use super::RetryLayer;
use crate::middleware::testing::*;
use crate::policy::{Delivery, Failure, Progress, Refusal, StopReason};
use crate::{Policy, Provider, clock};

/// Sends one request through the whole stack for payments.
async fn pay(upstream: &Script, request: Call) -> Outcome {
    Stack::new(payments().backoff(steady()), upstream)
        .send(request)
        .await
}

fn gaps(upstream: &Script) -> Vec<u128> {
    let seen = upstream.seen();
    seen.windows(2)
        .map(|pair| pair[1].at.saturating_sub(pair[0].at).as_millis())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_first_answer_is_not_repeated_and_carries_its_report() {
    for code in [200, 204, 303, 307, 400, 401, 404, 422, 501, 505, 507, 511] {
        let upstream = Script::new([status(code)]);
        let answer = pay(&upstream, keyed()).await;
        assert_eq!(answer.as_ref().unwrap().status(), code);
        assert_eq!((answer.attempts(), upstream.count()), (1, 1), "{code}");
        let reason = if code < 400 {
            StopReason::Answered
        } else {
            StopReason::Permanent
        };
        assert_eq!(answer.stop(), reason, "{code}");
        assert_eq!(answer.report().waited(), secs(0));
        assert_eq!(key_in(&answer.report()), Some("order-1042"));
        assert_eq!(answer.report().upstream(), "https://gateway.test:443");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_sent_again_after_the_backoff_until_one_is_answered() {
    let upstream = Script::new([
        status(500),
        failure(Failure::Reset),
        status(502).after(secs(1)),
    ]);
    let answer = pay(&upstream, keyed()).await;
    assert_eq!(answer.as_ref().unwrap().status(), 200);
    // Timers of tokio round up to the next millisecond; nothing is early.
    let gaps = gaps(&upstream);
    assert!((1_000..=1_002).contains(&gaps[0]), "{gaps:?}");
    assert!((2_000..=2_002).contains(&gaps[1]), "{gaps:?}");
    assert!((5_000..=5_002).contains(&gaps[2]), "{gaps:?}");
    let report = answer.report();
    assert_eq!(
        (report.attempts(), report.stop_reason()),
        (4, StopReason::Answered)
    );
    assert!(report.waited() >= millis(6_999) && report.waited() < millis(7_001));
    assert!(report.elapsed() >= secs(8) && report.elapsed() < millis(8_010));
}

#[tokio::test(start_paused = true)]
async fn when_every_attempt_was_made_the_last_answer_comes_back_and_says_so() {
    let upstream = Script::new((0..9).map(|_| status(503)));
    let answer = pay(&upstream, keyed()).await;
    assert_eq!(answer.as_ref().unwrap().status(), 503);
    assert_eq!((answer.attempts(), upstream.count()), (4, 4));
    assert_eq!(answer.stop(), StopReason::AttemptsExhausted);
    // A jittered backoff cap from now.
    let again = answer.comes_again().unwrap();
    assert!(again >= secs(30) && again <= secs(60), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn so_does_the_last_error() {
    let upstream = Script::new((0..9).map(|_| failure(Failure::Refused)));
    let error = pay(&upstream, post()).await;
    assert_eq!(
        error.as_ref().unwrap_err().failure(),
        Some(Failure::Refused)
    );
    assert_eq!((error.attempts(), upstream.count()), (4, 4));
    assert_eq!(error.stop(), StopReason::AttemptsExhausted);
    assert_eq!(error.delivery(), Delivery::NotSent);
    let error = error.unwrap_err();
    assert!(error.is_connect() && error.retry_at().is_some());
    assert_eq!(error.code(), "payment_gateway_unreachable");
}

#[tokio::test(start_paused = true)]
async fn a_policy_of_one_attempt_never_repeats() {
    let upstream = Script::new([status(503)]);
    let once = Stack::new(payments().max_attempts(1), &upstream);
    let answer = once.send(keyed()).await;
    assert_eq!(
        (answer.stop(), upstream.count()),
        (StopReason::AttemptsExhausted, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_failed_answer_is_dropped_before_the_wait() {
    let upstream = Script::new([status(503), status(503)]);
    let answer = pay(&upstream, keyed()).await.unwrap();
    let open: Vec<_> = upstream
        .seen()
        .iter()
        .map(|seen| seen.open_bodies)
        .collect();
    assert_eq!(open, [0, 0, 0]);
    // While this one is held, it is seen: the count does count.
    pay(&upstream, get()).await.unwrap();
    assert_eq!(upstream.seen()[3].open_bodies, 1);
    drop(answer);
}

#[tokio::test(start_paused = true)]
async fn during_the_wait_no_body_is_held() {
    let upstream = Script::new([status(503)]);
    let stack = Stack::new(payments().backoff(steady()), &upstream);
    let call = stack.start(keyed()).await;
    pass(millis(500)).await;
    assert_eq!((upstream.count(), upstream.open_bodies()), (1, 0));
    call.abort();
}

#[tokio::test(start_paused = true)]
async fn one_lost_call_cannot_open_the_circuit_but_what_opens_it_stops_the_retries() {
    let upstream = Script::new((0..9).map(|_| status(500)));
    let stack = Stack::new(payments().backoff(steady()), &upstream);
    assert_eq!(stack.send(keyed()).await.attempts(), 4);
    let second = stack.send(keyed()).await;
    // The fifth failure opened it; the answer is the server's own.
    assert_eq!(second.as_ref().unwrap().status(), 500);
    assert_eq!(second.stop(), StopReason::Refused(Refusal::Open));
    assert_eq!((second.attempts(), upstream.count()), (1, 5));
    assert!(second.comes_again().unwrap() >= secs(20));

    let other = with_header(post(), "idempotency-key", "order-1043");
    let third = stack.send(other).await;
    let error = third.as_ref().unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::Open));
    assert_eq!(error.code(), "payment_gateway_unavailable");
    assert_eq!(key_in(error.report()), Some("order-1043"));
    assert_eq!((third.attempts(), upstream.count()), (0, 5));
    // Of the first payment nobody knows what became of it.
    let again = stack.send(keyed()).await.unwrap_err();
    assert_eq!(again.refusal(), Some(Refusal::Open));
    assert_eq!(again.code(), "payment_outcome_unknown");
}
