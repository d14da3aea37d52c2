//! So many at once, and no more, until the end of the body.

use super::*;
use crate::{Deadline, Priority};

/// A stack with two places, both taken by calls whose bodies are still to be read.
async fn full(
    upstream: &Script,
) -> (
    Upstreams,
    crate::middleware::Resilience<Script>,
    Vec<Response<ThrottledBody<Tracked>>>,
) {
    let (upstreams, service) = whole(at_most(2), upstream);
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(service.clone().oneshot(put()).await.unwrap());
    }
    (upstreams, service, held)
}

#[tokio::test(start_paused = true)]
async fn a_third_call_waits_until_a_body_is_dropped() {
    let upstream = Script::new([]);
    let (_, service, mut held) = full(&upstream).await;
    let third = start(&service, put()).await;
    pass(secs(3)).await;
    assert!(!third.is_finished() && upstream.count() == 2);
    held.pop();
    settle().await;
    assert!(third.is_finished());
    assert!(third.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_does_so_in_the_order_it_came() {
    let upstream = Script::new([]);
    let (upstreams, service, held) = full(&upstream).await;
    let mut calls = Vec::new();
    for number in 0..10 {
        calls.push(start(&service, numbered(number)).await);
    }
    // Wakes everybody, and has changed nothing.
    upstreams.find(&put()).release_probe(0);
    settle().await;
    drop(held);
    for call in calls {
        drop(call.await.unwrap().unwrap());
    }
    let came: Vec<_> = (0..10).map(|number| format!("/{number}")).collect();
    assert_eq!(paths(&upstream, 2), came);
}

#[tokio::test(start_paused = true)]
async fn it_waits_five_seconds_and_no_longer_than_its_deadline() {
    let upstream = Script::new([]);
    let (_, service, _held) = full(&upstream).await;
    let begun = clock::now();
    let error = service.clone().oneshot(put()).await.unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::Throttle));
    assert!(error.retry_after().is_some());
    assert!((5.0..5.01).contains(&since(begun)), "{}", since(begun));
    let begun = clock::now();
    let by = Deadline::at(clock::now() + secs(2));
    let hurried = service.clone().oneshot(with_extension(put(), by)).await;
    assert!(hurried.is_err() && (2.0..2.01).contains(&since(begun)));
    assert_eq!(upstream.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_dropped_leaves_its_place_to_the_next() {
    let upstream = Script::new([]);
    let (_, service, held) = full(&upstream).await;
    let first = start(&service, numbered(1)).await;
    let second = start(&service, numbered(2)).await;
    first.abort();
    settle().await;
    drop(held);
    settle().await;
    assert!(second.is_finished());
    assert_eq!(paths(&upstream, 2), ["/2"]);
}

#[tokio::test(start_paused = true)]
async fn a_bounded_number_waits_for_a_place() {
    let upstream = Script::new([]);
    let (_, service, _held) = full(&upstream).await;
    let mut calls = Vec::new();
    for _ in 0..300 {
        calls.push(tokio::spawn(service.clone().oneshot(put())));
    }
    for _ in 0..400 {
        tokio::task::yield_now().await;
    }
    let refused = calls.iter().filter(|call| call.is_finished()).count();
    assert_eq!(refused, 300 - 256);
}

#[tokio::test(start_paused = true)]
async fn when_the_gate_closes_those_who_wait_for_a_place_are_refused_at_once() {
    let upstream = Script::new([status(200), retry_after(503, 600).after(secs(1))]);
    let (_, service) = whole(at_most(2), &upstream);
    let _held = service.clone().oneshot(put()).await.unwrap();
    let _closes = start(&service, put()).await;
    let waiting = start(&service, put()).await;
    assert!(!waiting.is_finished());
    let begun = clock::now();
    let refused = waiting.await.unwrap();
    assert_eq!(refusal(&refused), Some(Refusal::Gate));
    assert!((1.0..1.01).contains(&since(begun)), "{}", since(begun));
}

#[tokio::test(start_paused = true)]
async fn a_short_gate_is_waited_for_and_the_limit_holds_behind_it() {
    let upstream = Script::new([
        retry_after(429, 2).after(secs(1)),
        status(200).after(secs(1)),
    ]);
    let (_, service) = whole(at_most(1).max_attempts(1), &upstream);
    let closes = service.clone().oneshot(put());
    tokio::spawn(async move { drop(closes.await) });
    settle().await;
    let first = start(&service, put()).await;
    let second = start(&service, put()).await;
    pass(millis(3_900)).await;
    assert_eq!(upstream.in_flight(), 1, "one of the two, after the gate");
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert!(
        first.is_ok() != second.is_ok(),
        "the other found no place in time"
    );
}

#[tokio::test(start_paused = true)]
async fn background_work_leaves_half_of_the_places_and_does_not_wait() {
    let upstream = Script::new([]);
    let (_, service) = whole(at_most(4).declared_peak_per_second(1_000.0), &upstream);
    let background = || with_extension(put(), Priority::Background);
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(service.clone().oneshot(background()).await.unwrap());
        pass(secs(1)).await;
    }
    let third = start(&service, background()).await;
    assert!(third.is_finished());
    assert_eq!(refusal(&third.await.unwrap()), Some(Refusal::Throttle));
    for _ in 0..2 {
        held.push(service.clone().oneshot(put()).await.unwrap());
    }
    assert_eq!(held.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_place_of_a_failed_attempt_is_free_while_its_retry_backs_off() {
    let upstream = Script::new([status(500), status(500), status(200)]);
    let (_, service) = whole(at_most(1).backoff(steady()), &upstream);
    let retried = start(&service, put()).await;
    let begun = clock::now();
    let other = service.clone().oneshot(get()).await.unwrap();
    assert!(since(begun) < 1.1, "it did not wait for the whole call");
    drop(other);
    assert_eq!(retried.await.unwrap().unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_pool_of_one_below_is_no_deadlock() {
    let upstream = Script::new([]);
    let upstreams = Upstreams::new(at_most(1).build().unwrap());
    // It is ready once at a time, and holds that permit until the answer's head.
    let pool = tower::limit::ConcurrencyLimit::new(upstream.clone(), 1);
    let service = ThrottleLayer::new(upstreams).layer(pool);
    let mut calls = Vec::new();
    for _ in 0..20 {
        let call = service.clone().oneshot(put());
        calls.push(tokio::spawn(async move { drop(call.await.unwrap()) }));
    }
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(upstream.count(), 20);
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_its_gate_closed_leaves_its_turn_to_others() {
    let upstream = Script::new([status(200), retry_after(429, 3).after(secs(1))]);
    let (_, service) = whole(at_most(2).max_attempts(1), &upstream);
    let others = |number| with_header(numbered(number), "authorization", "another");
    let held = service.clone().oneshot(others(0)).await.unwrap();
    let _closes = start(&service, numbered(1)).await;
    let gated = start(&service, numbered(2)).await;
    let other = start(&service, others(3)).await;
    pass(millis(1_100)).await;
    drop(held);
    settle().await;
    assert!(other.is_finished() && !gated.is_finished());
    drop(other.await.unwrap().unwrap());
    assert_eq!(gated.await.unwrap().unwrap().status(), 200);
    assert_eq!(paths(&upstream, 2), ["/3", "/2"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_here_has_arrived_all_the_same_and_once() {
    let mut arrived = Vec::new();
    let tight = peak().declared_peak_per_second(0.1);
    for policy in [external(), peak(), at_most(1), tight] {
        let upstream = Script::new([]);
        let (upstreams, service) = whole(policy, &upstream);
        let mut calls = Vec::new();
        for number in 0..600 {
            calls.push(start(&service, numbered(number)).await);
        }
        let normal = upstreams.find(&put()).normal(clock::now());
        arrived.push(normal.rate);
    }
    assert!(arrived[0] > 1.0 && arrived.iter().all(|rate| (rate - arrived[0]).abs() < 1e-9));
}
