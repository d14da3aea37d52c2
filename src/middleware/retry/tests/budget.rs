//! The budget: shared by every clone, and nothing is lost of it.

use super::*;

/// A floor of two retries a minute, and nothing else.
fn two() -> crate::PolicyBuilder {
    payments().budget(0.01, 2).backoff(steady())
}

#[tokio::test(start_paused = true)]
async fn clones_share_it_and_the_answer_it_ends_is_the_servers_own() {
    let upstream = Script::new((0..9).map(|_| status(502)));
    let stack = Stack::new(two(), &upstream);
    let outcome = stack.clone().send(keyed()).await;
    assert_eq!(outcome.as_ref().unwrap().status(), 502);
    assert_eq!(
        (outcome.attempts(), outcome.stop()),
        (3, StopReason::BudgetExhausted)
    );
    assert!(outcome.comes_again().is_some());

    let outcome = stack.clone().send(get()).await;
    assert_eq!(
        (outcome.attempts(), outcome.stop()),
        (1, StopReason::BudgetExhausted)
    );
    assert_eq!(upstream.count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_minute_later_there_is_some_again() {
    let upstream = Script::new([502, 502, 502, 502, 502].map(status));
    let stack = Stack::new(two(), &upstream);
    assert_eq!(stack.send(keyed()).await.attempts(), 3);
    // No fifth failure in a row, please.
    upstream.clear();
    assert!(stack.send(get()).await.is_ok());
    pass(secs(62)).await;
    upstream.add([status(502)]);
    let outcome = stack.send(get()).await;
    assert_eq!(
        (outcome.attempts(), outcome.stop()),
        (2, StopReason::Answered)
    );
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_was_refused_gives_its_grant_back() {
    let upstream = Script::new([status(500)]);
    let stack = Stack::new(two(), &upstream);
    let call = stack.start(keyed()).await;
    upstream.add([retry_after(503, 300)]);
    assert_eq!(stack.send(purge()).await.unwrap().status(), 503);
    let outcome = call.await.unwrap();
    assert_eq!(outcome.stop(), StopReason::Refused(Refusal::Gate));
    assert_eq!(grants_left(&stack), 2);
}

/// Nothing makes a repeat of it harmless: it takes no grant itself.
fn purge() -> Call {
    call(http::Method::from_bytes(b"PURGE").unwrap(), URL, "")
}

/// How many retries would be granted now.
fn grants_left(stack: &Stack) -> u32 {
    let upstream = stack.upstreams.find(&get());
    upstream.budget().balance(clock::now()) as u32
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_in_its_backoff_gives_its_grant_back() {
    let upstream = Script::new([status(500)]);
    let stack = Stack::new(two(), &upstream);
    let call = stack.start(keyed()).await;
    assert_eq!(grants_left(&stack), 1);
    call.abort();
    settle().await;
    assert_eq!(grants_left(&stack), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_while_its_retry_is_under_way_does_not() {
    let upstream = Script::new([status(500), Step::Hang]);
    let stack = Stack::new(two(), &upstream);
    let call = stack.start(keyed()).await;
    pass(millis(1_100)).await;
    assert_eq!(upstream.count(), 2);
    call.abort();
    settle().await;
    assert_eq!(grants_left(&stack), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_while_its_retry_waits_for_a_gate_gives_its_grant_back() {
    let upstream = Script::new([status(500)]);
    let stack = Stack::new(two(), &upstream);
    let call = stack.start(keyed()).await;
    // While it backs off, the gate closes for a moment that outlasts its backoff.
    upstream.add([retry_after(503, 4)]);
    stack.send(purge()).await.unwrap();
    pass(millis(1_500)).await;
    assert_eq!((call.is_finished(), upstream.count()), (false, 2));
    assert_eq!(grants_left(&stack), 1);
    call.abort();
    settle().await;
    assert_eq!(grants_left(&stack), 2);
}

#[tokio::test(start_paused = true)]
async fn first_attempts_that_were_never_sent_earn_nothing() {
    let generous = payments().budget(0.5, 0).backoff(steady());
    let upstream = Script::new([retry_after(503, 4)]);
    let stack = Stack::new(generous, &upstream);
    stack.send(purge()).await.unwrap();
    let mut dropped = Vec::new();
    for _ in 0..20 {
        dropped.push(stack.start(put()).await);
    }
    assert_eq!(upstream.count(), 1);
    for call in &dropped {
        call.abort();
    }
    settle().await;
    assert_eq!(grants_left(&stack), 0, "half of one");
}

#[tokio::test(start_paused = true)]
async fn refused_calls_earn_nothing_and_sent_ones_do() {
    let generous = payments().budget(0.5, 0);
    let upstream = Script::new([]);
    let stack = Stack::new(generous.clone(), &upstream);
    for _ in 0..4 {
        stack.send(put()).await.unwrap();
    }
    assert_eq!(grants_left(&stack), 2);

    let upstream = Script::new([retry_after(503, 600)]);
    let stack = Stack::new(generous, &upstream);
    for _ in 0..4 {
        let _ = stack.send(put()).await;
    }
    assert_eq!(grants_left(&stack), 0);
}
