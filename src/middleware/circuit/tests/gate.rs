//! Retry-After on 503 closes the gate for every call of the process.

use std::task::{Context, Waker};

use tower::Service;
use tower::limit::ConcurrencyLimit;

use super::*;
use crate::middleware::Deadline;
use crate::middleware::extensions::Resend;
use crate::{Priority, Rule};

async fn closed_by(answer: Step) -> (Guarded, Script) {
    let upstream = Script::new([answer]);
    let circuit = Guarded::new(external(), &upstream);
    let _ = circuit.send(put()).await;
    (circuit, upstream)
}

#[tokio::test(start_paused = true)]
async fn it_closes_for_every_call_and_every_clone_which_fail_at_once() {
    let (circuit, upstream) = closed_by(retry_after(503, 1_200)).await;
    for request in [get(), put(), post(), keyed()] {
        let start = clock::now();
        let error = circuit.clone().send(request).await.unwrap_err();
        assert_eq!(clock::now(), start);
        assert_eq!(error.refusal(), Some(Refusal::Gate));
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(error.report().retry_after().unwrap() >= secs(1_200));
        let text = error.to_string();
        assert!(text.contains("Retry-After") && text.contains("https://gateway.test:443"));
    }
    assert_eq!(upstream.count(), 1);
    // Another upstream is another gate.
    let other = call(http::Method::PUT, "https://other.test/", "");
    assert!(circuit.send(other).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_names_no_wait_closes_nothing() {
    let past = "Fri, 20 Nov 2015 12:00:00 GMT";
    for answer in [
        status(503),
        retry_after(503, 0),
        status(503).header("retry-after", past),
        status(503).header("retry-after", "+120"),
        status(503).header("retry-after", "soon"),
        retry_after(500, 120),
        retry_after(200, 120),
        retry_after(413, 120),
    ] {
        let (circuit, _) = closed_by(answer).await;
        assert!(circuit.send(put()).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_ignores_retry_after_has_no_gate() {
    let deaf = external()
        .honour_retry_after(false)
        .allow(Rule::RetryAfter, "a test of the rule itself");
    let upstream = Script::new([retry_after(503, 120)]);
    let circuit = Guarded::new(deaf, &upstream);
    let _ = circuit.send(put()).await;
    assert!(circuit.send(put()).await.is_ok());
}

/// When the first call passes that is made again and again.
async fn reopens_after(policy: PolicyBuilder, seed: u64, answer: Step) -> f64 {
    let upstream = Script::new([answer]);
    let circuit = Guarded::seeded(policy, &upstream, seed);
    let _ = circuit.send(put()).await;
    while circuit.send(put()).await.is_err() {
        pass(millis(500)).await;
    }
    upstream.seen()[1].at.as_secs_f64()
}

#[tokio::test(start_paused = true)]
async fn it_never_opens_early_and_a_fleet_does_not_come_back_at_once() {
    let mut times = Vec::new();
    for seed in 0..100 {
        times.push(reopens_after(external(), seed, retry_after(503, 60)).await);
    }
    assert!(
        times.iter().all(|&at| (60.0..66.1).contains(&at)),
        "{times:?}"
    );
    let spread =
        |within: std::ops::Range<f64>| times.iter().filter(|at| within.contains(at)).count();
    assert!(spread(60.0..62.0) > 5 && spread(62.0..64.0) > 5 && spread(64.0..66.1) > 5);
}

#[tokio::test(start_paused = true)]
async fn the_longest_of_several_lines_counts_and_a_lying_one_costs_the_cap() {
    let lines = retry_after(503, 10)
        .header("retry-after", "garbage")
        .header("retry-after", "60")
        .header("retry-after", "20");
    assert!(reopens_after(external(), 1, lines).await >= 60.0);

    let hostile = status(503).header("retry-after", "9".repeat(40));
    let at = reopens_after(payments(), 1, hostile).await;
    assert!((3_600.0..3_661.0).contains(&at), "{at}");
}

#[tokio::test(start_paused = true)]
async fn a_later_header_moves_it_later_never_earlier() {
    let upstream = Script::new([
        retry_after(503, 60).after(secs(1)),
        retry_after(503, 10).after(secs(2)),
        retry_after(503, 90).after(secs(3)),
    ]);
    let circuit = Guarded::new(external(), &upstream);
    let start = clock::now();
    for _ in 0..3 {
        circuit.start(put()).await;
    }
    let mut ends = Vec::new();
    for at in [millis(1_500), millis(2_500), millis(3_500)] {
        pass(start + at - clock::now()).await;
        // Each asks for itself: a key would keep its slot.
        let error = circuit.send(post()).await.unwrap_err();
        ends.push((at + error.report().retry_after().unwrap()).as_secs());
    }
    assert!(ends[1] >= ends[0] && ends[0] >= 61, "{ends:?}");
    assert!(ends[2] >= 93, "{ends:?}");
}

#[tokio::test(start_paused = true)]
async fn near_its_end_a_call_waits_unless_its_deadline_is_nearer() {
    let (circuit, upstream) = closed_by(retry_after(503, 60)).await;
    pass(secs(55)).await;
    assert_eq!(refusal(&circuit.send(put()).await), Some(Refusal::Gate));
    while circuit
        .send(with_extension(
            put(),
            Deadline::at(clock::now() + millis(900)),
        ))
        .await
        .is_err()
    {
        // Another call waits no longer than its deadline either way.
        let start = clock::now();
        let hurried = with_extension(put(), Deadline::at(start + millis(1)));
        assert_eq!(refusal(&circuit.send(hurried).await), Some(Refusal::Gate));
        assert_eq!(clock::now(), start, "no wait that the deadline would cut");
        pass(millis(1_000)).await;
    }
    let seen = upstream.seen();
    assert!(seen[1].at >= secs(60), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_to_calls_sent_before_the_probe_do_not_close_it_again() {
    let upstream = Script::new([
        retry_after(503, 600).after(secs(9)),
        retry_after(503, 3),
        status(200),
    ]);
    let circuit = Guarded::new(external(), &upstream);
    let late = circuit.start(put()).await;
    assert!(circuit.send(put()).await.is_ok());
    // It waits out the gate and is the probe.
    assert_eq!(circuit.send(put()).await.unwrap().status(), 200);
    assert_eq!(late.await.unwrap().unwrap().status(), 503);
    pass(secs(30)).await;
    assert_eq!(refusal(&circuit.send(put()).await), None);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_turned_away_keeps_nothing_ready_for_itself() {
    let (circuit, upstream) = closed_by(retry_after(503, 1_200)).await;
    let mut pool = ConcurrencyLimit::new(upstream, 1);
    let mut service = CircuitLayer::new(circuit.upstreams.clone()).layer(pool.clone());
    let refused = service.ready().await.unwrap().call(get());
    // Neither while its error is not yet read, nor while the service has nothing to do.
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Service::<Call>::poll_ready(&mut pool, &mut cx).is_ready());
    assert_eq!(refusal(&refused.await), Some(Refusal::Gate));
}

#[tokio::test(start_paused = true)]
async fn of_the_calls_that_it_turns_away_each_new_one_is_an_arrival() {
    let (circuit, _) = closed_by(retry_after(503, 1_200)).await;
    let arrivals = || {
        let normal = circuit.upstreams.find(&get()).normal(clock::now());
        format!("{:.1}", normal.rate * 10.0)
    };
    assert_eq!(arrivals(), "1.0");
    for request in [get(), post(), keyed(), keyed()] {
        let _ = circuit.send(request).await;
    }
    assert_eq!(arrivals(), "4.0", "the same key is the same call");
    let resend = Resend {
        number: 2,
        reservation: None,
        grant: None,
    };
    let _ = circuit.send(with_extension(get(), resend)).await;
    let background = with_extension(get(), Priority::Background);
    let _ = circuit.send(background).await;
    assert_eq!(arrivals(), "4.0");
}
