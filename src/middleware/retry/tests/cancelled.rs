//! What a call holds comes back when it is dropped.

use super::*;
use crate::{Backoff, Jitter};

#[tokio::test(start_paused = true)]
async fn the_reservation_of_the_probe_comes_back() {
    let upstream = Script::new([retry_after(503, 20)]);
    let stack = Stack::new(payments(), &upstream);
    let closer = stack.start(keyed()).await;
    closer.abort();
    pass(millis(22_100)).await;
    // Nobody is waited for.
    let start = clock::now();
    assert_eq!(stack.send(put()).await.unwrap().status(), 200);
    assert_eq!(clock::now(), start);
}

#[tokio::test(start_paused = true)]
async fn while_it_is_held_the_probe_is_left_to_it() {
    // Its own backoff outlasts the gate by less than a second.
    let backoff = Backoff::new(millis(1_500), 1.0, secs(60), Jitter::Proportional(1e-6)).unwrap();
    let upstream = Script::new([retry_after(503, 1)]);
    let stack = Stack::new(payments().backoff(backoff), &upstream);
    let closer = stack.start(keyed()).await;
    let other = stack.start(put()).await;
    pass(millis(1_300)).await;
    assert_eq!(upstream.count(), 1, "the gate is open, and somebody waits");
    assert!(closer.await.unwrap().is_ok());
    assert_eq!(upstream.seen()[1].key.as_deref(), Some("order-1042"));
    let _ = other.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dropped_probe_does_not_wedge_the_stack() {
    let upstream = Script::new([retry_after(503, 20), Step::Hang]);
    let stack = Stack::new(payments(), &upstream);
    let closer = stack.start(keyed()).await;
    pass(secs(23)).await;
    assert_eq!((upstream.count(), upstream.in_flight()), (2, 1));
    closer.abort();
    settle().await;
    assert_eq!(upstream.in_flight(), 0);
    pass(secs(1)).await;
    assert_eq!(stack.send(put()).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_under_way_is_dropped_with_its_call() {
    let upstream = Script::new([Step::Hang]);
    let stack = Stack::new(payments(), &upstream);
    let call = stack.start(keyed()).await;
    assert_eq!(upstream.in_flight(), 1);
    call.abort();
    settle().await;
    assert_eq!(upstream.in_flight(), 0);
}
