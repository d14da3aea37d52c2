//! The rate, in the whole stack: one token for each attempt, and nobody waits in vain.

use super::*;
use crate::{Deadline, Priority};

/// Calls until one has to wait or is refused.
async fn exhaust(service: &crate::middleware::Resilience<Script>) -> usize {
    let mut passed = 0;
    loop {
        let call = start(service, put()).await;
        if !call.is_finished() {
            call.abort();
            settle().await;
            return passed;
        }
        passed += usize::from(call.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn two_layers_take_one_token() {
    let upstream = Script::new([]);
    let (_, service) = whole(peak(), &upstream);
    assert_eq!(exhaust(&service).await, 110);
    assert_eq!(upstream.count(), 110);
}

#[tokio::test(start_paused = true)]
async fn ten_times_the_peak_is_sent_at_the_rate_for_a_minute() {
    let upstream = Script::new([]);
    let (_, service) = whole(peak(), &upstream);
    let mut calls = Vec::new();
    for _ in 0..6_000 {
        calls.push(tokio::spawn(service.clone().oneshot(put())));
        pass(millis(10)).await;
    }
    let sent = upstream.count();
    assert!((768..=770).contains(&sent), "{sent}");
    let (mut done, mut refused) = (0, 0);
    for call in calls {
        match refusal(&call.await.unwrap()) {
            None => done += 1,
            Some(Refusal::Throttle) => refused += 1,
            Some(other) => panic!("{other:?}"),
        }
    }
    // Those who still waited have five seconds.
    assert!((768 + 50..=770 + 55).contains(&done), "{done}");
    assert_eq!(done + refused, 6_000);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_its_token_in_its_turn_and_no_longer_than_five_seconds() {
    let upstream = Script::new([]);
    let (_, service) = whole(peak(), &upstream);
    exhaust(&service).await;
    let (from, begun) = (upstream.count(), clock::now());
    let mut calls = Vec::new();
    for number in 0..60 {
        calls.push(start(&service, numbered(number)).await);
    }
    let refused: Vec<_> = calls.iter().map(JoinHandle::is_finished).collect();
    assert!(refused[55..].iter().all(|refused| *refused));
    for call in calls.drain(..54) {
        assert!(call.await.unwrap().is_ok());
    }
    assert!((4.8..=5.01).contains(&since(begun)), "{}", since(begun));
    let came: Vec<_> = (0..54).map(|number| format!("/{number}")).collect();
    assert_eq!(paths(&upstream, from)[..54], came);
    let error = calls.pop().unwrap().await.unwrap().unwrap_err();
    assert_eq!(error.refusal(), Some(Refusal::Throttle));
    assert_eq!(error.kind(), crate::ErrorKind::Throttled);
    assert!(error.retry_after().is_some(), "with the time to come again");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_is_nearer_than_the_token_is_not_waited_for() {
    let upstream = Script::new([]);
    let (_, service) = whole(peak().declared_peak_per_second(1.0), &upstream);
    exhaust(&service).await;
    let by = |time| with_extension(put(), Deadline::at(clock::now() + time));
    let hurried = start(&service, by(millis(300))).await;
    assert!(hurried.is_finished());
    assert_eq!(refusal(&hurried.await.unwrap()), Some(Refusal::Throttle));
    assert!(start(&service, by(secs(2))).await.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_dropped_gives_back_the_token_that_was_promised() {
    let upstream = Script::new([]);
    let (_, service) = whole(peak(), &upstream);
    exhaust(&service).await;
    for _ in 0..200 {
        start(&service, put()).await.abort();
        settle().await;
    }
    let begun = clock::now();
    assert!(service.clone().oneshot(put()).await.is_ok());
    assert!(since(begun) < 0.1, "{}", since(begun));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_dropped_while_it_waits_earns_no_retry() {
    let upstream = Script::new([]);
    let (upstreams, service) = whole(peak().budget(0.5, 0), &upstream);
    exhaust(&service).await;
    let balance = || upstreams.find(&put()).budget().balance(clock::now());
    let before = balance();
    for _ in 0..20 {
        start(&service, put()).await.abort();
        settle().await;
    }
    assert!((balance() - before).abs() < 1e-9);
}

#[tokio::test(start_paused = true)]
async fn retries_take_tokens_too() {
    let upstream = Script::new((0..30).map(|_| status(429)));
    let policy = external()
        .backoff(steady())
        .budget(0.5, 10)
        .declared_peak_per_second(0.5);
    let (_, service) = whole(policy, &upstream);
    // The bucket holds five and a half, and each call is three attempts.
    let calls = [(); 3].map(|()| tokio::spawn(service.clone().oneshot(put())));
    for call in calls {
        let _ = call.await.unwrap();
    }
    assert!(upstream.count() < 9, "{}", upstream.count());
}

#[tokio::test(start_paused = true)]
async fn when_the_circuit_opens_nobody_waits_on() {
    let upstream = Script::new([]);
    let (upstreams, service) = whole(peak(), &upstream);
    exhaust(&service).await;
    upstream.add([retry_after(503, 600).after(millis(500))]);
    let closes = tokio::spawn(service.clone().oneshot(put()));
    settle().await;
    pass(millis(200)).await;
    let mut waiting = Vec::new();
    for number in 0..40 {
        waiting.push(start(&service, numbered(number)).await);
    }
    assert_eq!(
        upstreams.find(&put()).name().len(),
        "https://gateway.test:443".len()
    );
    pass(millis(600)).await;
    settle().await;
    let refused = waiting.iter().filter(|call| call.is_finished()).count();
    assert_eq!(refused, 40, "all of them, long before their tokens");
    let mut at_the_gate = 0;
    for call in waiting {
        at_the_gate += usize::from(refusal(&call.await.unwrap()) == Some(Refusal::Gate));
    }
    assert!(at_the_gate >= 30, "{at_the_gate}");
    drop(closes);
}

#[tokio::test(start_paused = true)]
async fn when_its_credentials_gate_closes_nobody_waits_on_either() {
    let upstream = Script::new([]);
    let (_, service) = whole(peak(), &upstream);
    exhaust(&service).await;
    upstream.add([retry_after(429, 600).after(millis(500))]);
    let _closes = start(&service, put()).await;
    pass(millis(100)).await;
    let mut waiting = Vec::new();
    for number in 0..40 {
        waiting.push(start(&service, numbered(number)).await);
    }
    let other = with_header(put(), "authorization", "other");
    let other = start(&service, other).await;
    pass(millis(600)).await;
    assert!(waiting.iter().all(JoinHandle::is_finished));
    assert!(!other.is_finished(), "another credential's call waits on");
    assert!(other.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_bounded_number_waits() {
    let upstream = Script::new([]);
    let (_, service) = whole(peak().declared_peak_per_second(1_000.0), &upstream);
    let script = upstream.clone();
    exhaust_fast(&service, &script).await;
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

/// A bucket of eleven thousand, without a task for each call.
async fn exhaust_fast(service: &crate::middleware::Resilience<Script>, upstream: &Script) {
    while upstream.count() < 11_000 {
        service.clone().oneshot(put()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn background_work_takes_half_and_does_not_wait() {
    let upstream = Script::new([]);
    let (_, service) = whole(peak(), &upstream);
    let background = || with_extension(put(), Priority::Background);
    let mut sent = 0;
    for _ in 0..600 {
        let call = start(&service, background()).await;
        assert!(call.is_finished());
        sent += usize::from(call.await.unwrap().is_ok());
        pass(millis(100)).await;
    }
    assert!((290..=315).contains(&sent), "half of ten a second: {sent}");
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_it_has_no_effect() {
    let upstream = Script::new([]);
    let (_, service) = whole(external(), &upstream);
    let begun = clock::now();
    for _ in 0..2_000 {
        let response = service.clone().oneshot(put()).await.unwrap();
        assert!(format!("{:?}", response.body()).contains("holds_place: false"));
    }
    assert_eq!(clock::now(), begun);
}

#[test]
fn a_call_that_has_room_makes_no_timer() {
    let policy = peak().max_concurrency(1);
    let answered = without_timers(async {
        let layer = ThrottleLayer::new(Upstreams::new(policy.build().unwrap()));
        layer.layer(Script::new([])).oneshot(get()).await
    });
    assert_eq!(answered.unwrap().status(), 200);
}
