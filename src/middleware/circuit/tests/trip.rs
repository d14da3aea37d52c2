//! What opens the circuit, and what does not.

use super::*;
use crate::middleware::Deadline;

async fn is_open_after(steps: impl IntoIterator<Item = Step>) -> bool {
    let steps: Vec<_> = steps.into_iter().collect();
    let calls = steps.len();
    let upstream = Script::new(steps);
    let circuit = Guarded::new(external().attempt_timeout(secs(10)), &upstream);
    for _ in 0..calls {
        let _ = circuit.send(put()).await;
        pass(millis(400)).await;
    }
    let next = circuit.send(put()).await;
    assert_eq!(next.is_err(), upstream.count() == calls);
    refusal(&next) == Some(Refusal::Open)
}

fn five_times(step: impl Fn() -> Step) -> impl Iterator<Item = Step> {
    (0..5).map(move |_| step())
}

#[tokio::test(start_paused = true)]
async fn five_failures_in_a_row_open_it_and_the_next_call_is_not_sent() {
    let upstream = Script::new(tripping());
    let circuit = Guarded::new(external(), &upstream);
    trip(&circuit).await;

    let start = clock::now();
    let error = circuit.clone().send(post()).await.unwrap_err();
    assert_eq!(clock::now(), start, "it fails at once");
    assert_eq!(error.refusal(), Some(Refusal::Open));
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.is_unavailable() && error.retry_at().is_some());
    assert_eq!((error.report().attempts(), upstream.count()), (0, 5));
}

#[tokio::test(start_paused = true)]
async fn failures_open_it_whatever_they_are() {
    for code in [408, 500, 502, 503, 504, 507, 508, 520] {
        assert!(is_open_after(five_times(|| status(code))).await, "{code}");
    }
    assert!(is_open_after(five_times(|| failure(Failure::Dns))).await);
    assert!(is_open_after(five_times(|| failure(Failure::Reset))).await);
    // The timeout lies inside.
    assert!(is_open_after(five_times(|| Step::Hang)).await);
}

#[tokio::test(start_paused = true)]
async fn what_says_nothing_of_its_health_does_not() {
    for code in [200, 302, 400, 401, 403, 404, 409, 425, 429, 501, 505, 511] {
        assert!(!is_open_after(five_times(|| status(code))).await, "{code}");
    }
    assert!(!is_open_after(five_times(|| failure(Failure::InvalidRequest))).await);
    assert!(!is_open_after((0..4).map(|_| status(500))).await);
    let broken_up = [500, 500, 500, 500, 200, 500, 500, 500, 500];
    assert!(!is_open_after(broken_up.map(status)).await);
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_cancelled_say_nothing() {
    let upstream = Script::new((0..10).map(|_| Step::Hang));
    let circuit = Guarded::new(external(), &upstream);
    for _ in 0..10 {
        circuit.start(put()).await.abort();
        pass(secs(1)).await;
    }
    assert_eq!(upstream.in_flight(), 0);
    assert!(circuit.send(put()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn calls_whose_deadline_had_passed_say_nothing() {
    let upstream = Script::new([]);
    let circuit = Guarded::new(external(), &upstream);
    for _ in 0..10 {
        let late = with_extension(put(), Deadline::at(clock::now()));
        assert!(circuit.send(late).await.unwrap_err().is_timeout());
        pass(secs(1)).await;
    }
    assert_eq!(upstream.count(), 0);
    assert!(circuit.send(put()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn each_upstream_has_a_circuit_of_its_own() {
    let upstream = Script::new(tripping());
    let circuit = Guarded::new(external(), &upstream);
    trip(&circuit).await;
    let to = |url| call(http::Method::PUT, url, "");
    assert!(circuit.send(to("https://gateway.test:443/")).await.is_err());
    assert!(circuit.send(to("https://GATEWAY.test/")).await.is_err());
    assert!(circuit.send(to("https://gateway.test:8443/")).await.is_ok());
    assert!(circuit.send(to("http://gateway.test/")).await.is_ok());
    assert!(circuit.send(to("https://other.test/")).await.is_ok());
    let reports = with_extension(put(), crate::UpstreamName::new("reports"));
    assert!(circuit.send(reports).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_the_trip_changes_nothing_after_it() {
    let slow = status(200).after(secs(7));
    let upstream = Script::new(std::iter::once(slow).chain(tripping()));
    let circuit = Guarded::new(external(), &upstream);
    let before = circuit.start(put()).await;
    trip(&circuit).await;
    // A success, while it is open.
    assert!(before.await.unwrap().is_ok());
    assert_eq!(refusal(&circuit.send(put()).await), Some(Refusal::Open));
}

#[tokio::test(start_paused = true)]
async fn background_work_takes_at_most_half_and_somebody_who_waits_is_not_touched() {
    let upstream = Script::new([]);
    let circuit = Guarded::new(external(), &upstream);
    let background = || with_extension(put(), crate::Priority::Background);
    assert!(circuit.send(background()).await.is_ok());
    let second = circuit.send(background()).await;
    assert_eq!(refusal(&second), Some(Refusal::BackgroundShare));
    assert_eq!(second.unwrap_err().kind(), crate::ErrorKind::Throttled);
    for _ in 0..100 {
        assert!(circuit.send(put()).await.is_ok());
    }
}
