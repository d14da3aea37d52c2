//! What it changes for the upstream, and what it leaves alone.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_probe_has_ended_with_its_head_however_long_its_stream_goes_on() {
    for way in WAYS {
        let endless = || {
            vec![
                data(0, "part"),
                trailers(3_600_000, &[("grpc-status", "14")]),
            ]
        };
        let failing = (0..5).map(|_| message_then("14"));
        let streams = Streams::new(way, failing.chain([endless(), message_then("0")]));
        for _ in 0..5 {
            streams.read().await;
        }
        pass(secs(40)).await;
        let stream = streams.open().await.unwrap();
        assert_eq!(streams.snapshot().state, CircuitState::Paced);
        assert_eq!(streams.ends().last().unwrap(), "200");
        pass(secs(120)).await;
        streams.read().await;
        // Its own end is that of an attempt which is over.
        let before = streams.ends();
        assert!(stream.collect().await.is_ok());
        assert_eq!(streams.ends(), before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_from_before_the_circuit_opened_changes_nothing_after_it() {
    let late = vec![data(0, "part"), trailers(60_000, &[("grpc-status", "14")])];
    let failing = (0..5).map(|_| message_then("14"));
    let bodies = [late].into_iter().chain(failing).chain([message_then("0")]);
    let streams = Streams::new(Way::Express, bodies);
    let stream = streams.open().await.unwrap();
    for _ in 0..5 {
        streams.read().await;
    }
    pass(secs(40)).await;
    streams.read().await;
    assert_eq!(streams.snapshot().state, CircuitState::Paced);
    pass(secs(120)).await;
    assert!(stream.collect().await.is_ok());
    assert_eq!(streams.snapshot().state, CircuitState::Closed);
    assert_eq!(streams.snapshot().consecutive_failures, 0);
    assert_eq!(streams.ends().last().unwrap(), &unavailable());
}

#[tokio::test(start_paused = true)]
async fn a_row_of_failures_ends_with_a_stream_that_ended_well_not_with_its_head() {
    for way in WAYS {
        let late_ok = vec![data(0, "part"), trailers(9_000, &[("grpc-status", "0")])];
        let failing = (0..2).map(|_| message_then("14"));
        let streams = Streams::new(way, failing.chain([late_ok]));
        streams.read().await;
        streams.read().await;
        let mut body = streams.open().await.unwrap();
        assert!(body.frame().await.unwrap().is_ok());
        assert_eq!(streams.snapshot().consecutive_failures, 2);
        assert!(body.frame().await.unwrap().unwrap().is_trailers());
        assert_eq!(streams.snapshot().consecutive_failures, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_stream_is_no_slow_call() {
    let policy = external().slow_call(secs(1));
    let long = vec![data(50, "part"), trailers(600_000, &[("grpc-status", "0")])];
    let streams = Streams::with(policy, Way::EachLayer, [long]);
    streams.read().await;
    assert_eq!(streams.ends(), ["200"]);
    assert_eq!(streams.last_took(), millis(50));
    assert_eq!(streams.snapshot().consecutive_failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_late_quota_slows_and_closes_no_gate() {
    let limited = || {
        let fields = [("grpc-status", "8"), ("retry-after", "30")];
        vec![data(0, "part"), trailers(0, &fields)]
    };
    let policy = external().declared_peak_per_second(100.0);
    let streams = Streams::with(policy, Way::Express, [limited(), message_then("0")]);
    streams.read().await;
    assert!(streams.snapshot().pace.unwrap() < 80.0);
    streams.read().await;
    assert_eq!(streams.ends(), ["RESOURCE_EXHAUSTED", "200"]);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_refused_late_raise_the_alarm() {
    let streams = Streams::new(Way::Express, (0..5).map(|_| message_then("16")));
    for _ in 0..5 {
        streams.read().await;
    }
    assert_eq!(streams.ends().last().unwrap(), "authentication_failing");
}
