//! One deadline for the call, and what it does to attempts and waits.

use super::*;
use crate::middleware::Deadline;

#[tokio::test(start_paused = true)]
async fn it_is_fixed_at_the_start_and_every_attempt_is_told_the_same() {
    let upstream = Script::new([status(500).after(secs(5)), status(500)]);
    let _ = pay(&upstream, keyed()).await;
    for seen in upstream.seen() {
        assert_eq!(seen.deadline, Some(secs(90)));
    }
}

#[tokio::test(start_paused = true)]
async fn when_all_attempts_time_out_the_fourth_never_starts() {
    let upstream = Script::new((0..4).map(|_| Step::Hang));
    let start = clock::now();
    let outcome = pay(&upstream, keyed()).await;
    assert_eq!((clock::now() - start, upstream.count()), (secs(90), 3));
    let error = outcome.as_ref().unwrap_err();
    // 30 s, 1 s, 30 s, 2 s: 27 s are left for the third.
    let deadline = Failure::Deadline(Progress::MaybeSent);
    assert_eq!(error.failure(), Some(deadline));
    assert_eq!(outcome.stop(), StopReason::DeadlineExceeded);
    assert_eq!(
        (outcome.attempts(), outcome.delivery()),
        (3, Delivery::Unknown)
    );
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert_eq!(key_in(error.report()), Some("order-1042"));
    // Sending the same key again is how it is settled.
    assert!(error.retry_at().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_tighter_one_that_arrives_holds() {
    let upstream = Script::new([Step::Hang]);
    let start = clock::now();
    let request = with_extension(keyed(), Deadline::at(start + secs(3)));
    let outcome = pay(&upstream, request).await;
    assert_eq!((clock::now() - start, upstream.count()), (secs(3), 1));
    assert_eq!(outcome.stop(), StopReason::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn no_backoff_is_begun_that_it_would_cut() {
    let upstream = Script::new([status(500)]);
    let start = clock::now();
    let request = with_extension(keyed(), Deadline::at(start + millis(900)));
    let outcome = pay(&upstream, request).await;
    assert_eq!(clock::now(), start);
    assert_eq!(outcome.as_ref().unwrap().status(), 500);
    assert_eq!(outcome.stop(), StopReason::DeadlineTooNear);

    let upstream = Script::new([status(500)]);
    let request = with_extension(keyed(), Deadline::at(clock::now() + millis(1_100)));
    assert_eq!(pay(&upstream, request).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn timeouts_count_as_failures_of_the_upstream() {
    let upstream = Script::new((0..5).map(|_| Step::Hang));
    let stack = Stack::new(payments().max_attempts(1), &upstream);
    for _ in 0..5 {
        assert!(stack.send(keyed()).await.unwrap_err().is_timeout());
    }
    let refused = stack.send(keyed()).await;
    assert_eq!(refused.stop(), StopReason::Refused(Refusal::Open));
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_is_not_ready_for_the_retry_does_not_cost_the_report() {
    let upstream = Script::new([status(500)]);
    upstream.block(1, Blocked::Pending);
    let start = clock::now();
    let outcome = pay(&upstream, keyed()).await;
    assert_eq!(clock::now() - start, secs(90));
    let error = outcome.as_ref().unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(key_in(error.report()), Some("order-1042"));
    assert_eq!(
        (outcome.attempts(), outcome.delivery()),
        (1, Delivery::Unknown)
    );
    assert_eq!(error.code(), "payment_outcome_unknown");
    assert_eq!(error.status().unwrap(), 500);
    assert!(error.retry_at().is_some());
}

#[tokio::test(start_paused = true)]
async fn errors_from_outside_the_retries_carry_the_codes_of_payments_too() {
    let passed = || with_extension(keyed(), Deadline::at(clock::now()));
    let upstream = Script::new([]);
    let error = pay(&upstream, passed()).await.unwrap_err();
    assert_eq!(error.code(), "payment_gateway_timeout");
    let plain = call(http::Method::POST, "http://gateway.test/payments", "");
    let error = pay(&upstream, plain).await.unwrap_err();
    assert_eq!(error.code(), "payment_request_invalid");
    let elsewhere = Stack::new(external(), &upstream).send(passed()).await;
    assert_eq!(elsewhere.unwrap_err().code(), "upstream_timeout");
    assert_eq!(upstream.count(), 0);
}
