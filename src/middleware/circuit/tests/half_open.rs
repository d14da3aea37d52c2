//! One probe finds out, and it can never wedge.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::*;
use crate::middleware::Deadline;

/// A circuit whose break is over.
async fn half_open(then: impl IntoIterator<Item = Step>) -> (Guarded, Script) {
    let upstream = Script::new(tripping().chain(then));
    let circuit = Guarded::new(external(), &upstream);
    trip(&circuit).await;
    pass(secs(31)).await;
    (circuit, upstream)
}

#[tokio::test(start_paused = true)]
async fn one_call_is_the_probe_and_the_others_wait_for_it() {
    let (circuit, upstream) = half_open([status(200).after(secs(2))]).await;
    let probe = circuit.start(put()).await;
    let other = circuit.start(put()).await;
    assert_eq!(upstream.count(), 6);
    assert!(probe.await.unwrap().is_ok());
    assert_eq!(upstream.count(), 6);
    // What happens to it then is the pace's business.
    assert_ne!(refusal(&other.await.unwrap()), Some(Refusal::Probing));
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_five_seconds_for_the_probe_and_no_longer() {
    let (circuit, upstream) = half_open([status(200).after(secs(9))]).await;
    let probe = circuit.start(put()).await;
    let start = clock::now();
    assert_eq!(refusal(&circuit.send(put()).await), Some(Refusal::Probing));
    assert_eq!(clock::now() - start, secs(5));
    let hurried = with_extension(put(), Deadline::at(clock::now() + secs(1)));
    assert_eq!(
        refusal(&circuit.send(hurried).await),
        Some(Refusal::Probing)
    );
    assert_eq!(clock::now() - start, secs(6));
    assert_eq!(upstream.count(), 6);
    assert!(probe.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_opens_it_for_longer() {
    let (circuit, upstream) = half_open([status(500)]).await;
    assert_eq!(circuit.send(put()).await.unwrap().status(), 500);
    let start = clock::now();
    while circuit.send(put()).await.is_err() {
        pass(secs(1)).await;
    }
    let second_break = clock::now() - start;
    assert!(
        second_break > secs(44) && second_break < secs(62),
        "{second_break:?}"
    );
    assert_eq!(upstream.count(), 7);
}

#[tokio::test(start_paused = true)]
async fn what_answers_is_healthy_even_if_it_refuses_the_payment() {
    for code in [200, 302, 402, 404] {
        let (circuit, _) = half_open([status(code)]).await;
        circuit.send(put()).await.unwrap();
        let next = circuit.send(put()).await;
        assert!(
            matches!(refusal(&next), None | Some(Refusal::Pace)),
            "{code}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_gives_its_place_back_after_a_second() {
    let (circuit, upstream) = half_open([Step::Hang, status(200)]).await;
    let probe = circuit.start(put()).await;
    let waiting = circuit.start(put()).await;
    probe.abort();
    settle().await;
    assert_eq!((upstream.in_flight(), upstream.count()), (0, 6));
    pass(millis(990)).await;
    assert_eq!(upstream.count(), 6);
    assert!(waiting.await.unwrap().is_ok());
    let seen = upstream.seen();
    assert_eq!(seen[6].at.saturating_sub(seen[5].at), secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_inconclusive_probe_lets_the_next_go_after_a_second() {
    let (circuit, upstream) = half_open([status(425).after(secs(1)), status(200)]).await;
    let probe = circuit.start(put()).await;
    let waiting = circuit.start(put()).await;
    assert_eq!(probe.await.unwrap().unwrap().status(), 425);
    assert!(waiting.await.unwrap().is_ok());
    let seen = upstream.seen();
    assert_eq!(seen[6].at.saturating_sub(seen[5].at), secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_cannot_be_repeated_leaves_the_probe_to_others_for_a_second() {
    let (circuit, upstream) = {
        let upstream = Script::new(tripping());
        let circuit = Guarded::new(external(), &upstream);
        trip(&circuit).await;
        (circuit, upstream)
    };
    while circuit
        .send(with_extension(
            post(),
            Deadline::at(clock::now() + millis(1)),
        ))
        .await
        .is_err_and(|error| error.refusal() == Some(Refusal::Open))
    {
        pass(millis(1)).await;
    }
    let unkeyed = circuit.start(post()).await;
    assert_eq!(upstream.count(), 5);
    let idempotent = circuit.send(put()).await;
    assert!(idempotent.is_ok());
    assert_eq!(upstream.seen()[5].method, http::Method::PUT);
    drop(unkeyed);
}

#[tokio::test(start_paused = true)]
async fn without_any_other_call_it_is_the_probe_itself() {
    let (circuit, upstream) = half_open([status(200)]).await;
    assert!(circuit.send(post()).await.is_ok());
    assert_eq!(upstream.count(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_probes_that_vanish_do_not_wedge_it() {
    let (circuit, upstream) = half_open((0..1_000).map(|_| Step::Hang)).await;
    for _ in 0..1_000 {
        circuit.start(put()).await.abort();
        settle().await;
        pass(secs(1)).await;
    }
    assert_eq!(upstream.count(), 1_005);
    assert!(circuit.send(put()).await.is_ok());
}

/// Real threads and a real clock: the gate is capped at a moment, so that nobody sleeps.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_calls_at_a_half_open_circuit_are_one_probe() {
    let upstream = Script::new([retry_after(503, 60), status(200).after(millis(700))]);
    let circuit = Guarded::new(external().gate_cap(millis(100)), &upstream);
    assert_eq!(circuit.send(put()).await.unwrap().status(), 503);

    let until = Deadline::at(clock::now() + millis(500));
    let passed = std::sync::Arc::new(AtomicUsize::new(0));
    let calls: Vec<_> = (0..1_000)
        .map(|_| {
            let (circuit, passed) = (circuit.clone(), passed.clone());
            tokio::spawn(async move {
                let outcome = circuit.send(with_extension(put(), until)).await;
                passed.fetch_add(usize::from(refusal(&outcome).is_none()), SeqCst);
            })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!((passed.load(SeqCst), upstream.count()), (1, 2));
}
