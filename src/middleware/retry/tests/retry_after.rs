//! What a Retry-After does to the call that got it, and to the others.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_call_that_got_it_waits_and_is_the_probe_never_early() {
    for seed in 0..20 {
        let upstream = Script::new([retry_after(503, 20)]);
        let stack = Stack::seeded(payments(), &upstream, seed);
        let call = stack.start(keyed()).await;
        // Longer than five seconds: any other call fails at once.
        let other = stack.send(put()).await;
        assert_eq!(other.stop(), StopReason::Refused(Refusal::Gate));
        assert_eq!(call.await.unwrap().unwrap().status(), 200);
        let gap = gaps(&upstream)[0];
        assert!((20_000..=22_001).contains(&gap), "{gap}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_caller_that_closed_the_gate_is_first_and_those_who_waited_come_after() {
    let upstream = Script::new([retry_after(503, 3), status(200).after(millis(10))]);
    let stack = Stack::new(payments(), &upstream);
    let first = stack.start(keyed()).await;
    let others: Vec<_> = [stack.start(put()).await, stack.start(put()).await].into();
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    let seen = upstream.seen();
    assert_eq!(seen[1].key.as_deref(), Some("order-1042"));
    for other in others {
        let _ = other.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_not_begun() {
    let upstream = Script::new([retry_after(503, 1_200)]);
    let start = clock::now();
    let outcome = pay(&upstream, keyed()).await;
    assert_eq!(clock::now(), start, "no sleep at all");
    assert_eq!(outcome.as_ref().unwrap().status(), 503);
    assert_eq!(outcome.stop(), StopReason::DeadlineTooNear);
    let again = outcome.comes_again().unwrap();
    assert!(
        again >= secs(1_200) && again <= secs(1_260 + 1_260),
        "{again:?}"
    );
    assert!(outcome.report().retry_at().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_un_keyed_payment_learns_when_to_come_again_too() {
    let upstream = Script::new([retry_after(503, 1_200)]);
    let outcome = Stack::new(external(), &upstream).send(post()).await;
    assert_eq!(outcome.stop(), StopReason::NotIdempotent);
    assert_eq!(outcome.delivery(), Delivery::Rejected);
    assert!(outcome.comes_again().unwrap() >= secs(1_200));
}

#[tokio::test(start_paused = true)]
async fn the_longer_of_backoff_and_retry_after_is_waited() {
    let upstream = Script::new([retry_after(503, 0), retry_after(429, 1), status(500)]);
    let _ = pay(&upstream, keyed()).await;
    let gaps = gaps(&upstream);
    // Zero is no wish of the server, one second is less than the backoff of two.
    assert!(gaps[0] >= 1_000 && gaps[1] >= 2_000, "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_429_is_waited_out_and_stops_only_its_credential() {
    let upstream = Script::new([retry_after(429, 20)]);
    let stack = Stack::new(payments(), &upstream);
    let of = |credential| with_header(keyed(), "authorization", credential);
    let call = stack.start(of("Bearer a")).await;
    let same = stack.send(of("Bearer a")).await;
    assert_eq!(same.stop(), StopReason::Refused(Refusal::RateLimit));
    assert!(stack.send(of("Bearer b")).await.is_ok());
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
    let seen = upstream.seen();
    assert!(seen[2].at >= secs(20) && seen.len() == 3);
}

#[tokio::test(start_paused = true)]
async fn a_hostile_wait_is_no_panic_and_costs_no_more_than_the_cap() {
    let forever = "9".repeat(40);
    for code in [302, 408, 413, 425, 429, 503] {
        for request in [get(), keyed(), post()] {
            let upstream = Script::new([status(code).header("retry-after", &forever)]);
            let outcome = pay(&upstream, request).await;
            let again = outcome.comes_again().unwrap_or_default();
            assert!(again <= secs(2 * 3_660), "{code}: {again:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_circuit_around_it_a_hostile_wait_is_no_panic_either() {
    use tower::ServiceExt;
    use tower_layer::Layer;
    let forever = status(503).header("retry-after", "9".repeat(40));
    let upstream = Script::new([forever, status(200)]);
    let policy = payments().build().unwrap();
    let layer = RetryLayer::new(crate::Upstreams::new(policy));
    let start = clock::now();
    let outcome = layer.layer(upstream).oneshot(get()).await;
    assert_eq!(outcome.unwrap().status(), 503);
    assert_eq!(
        clock::now(),
        start,
        "no wait is begun that the deadline would cut"
    );
}
