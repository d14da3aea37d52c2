//! What an operator sees, through the whole stack.

use super::*;

/// Within a second: the wall clock of a test is the real one.
fn is_about(at: SystemTime, expected: SystemTime) -> bool {
    let apart = at.duration_since(expected);
    apart.unwrap_or_else(|error| error.duration()) < secs(1)
}

#[tokio::test(start_paused = true)]
async fn what_was_called_is_listed_by_name() {
    let stack = Stack::new(external(), &Script::new([]));
    let control = stack.upstreams.control();
    assert!(control.upstreams().is_empty() && control.snapshot(GATEWAY).is_none());
    let reports = with_extension(get(), UpstreamName::new("reports"));
    for request in [
        call(http::Method::GET, "https://z.test/a?b", ""),
        reports,
        get(),
    ] {
        stack.send(request).await.unwrap();
    }
    let names = [
        "https://gateway.test:443",
        "https://gateway.test:443#reports",
        "https://z.test:443",
    ];
    assert_eq!(control.upstreams(), names);
    let snapshots = control.clone().snapshots();
    assert!(snapshots.iter().map(|seen| &seen.upstream).eq(names));
}

#[tokio::test(start_paused = true)]
async fn a_healthy_upstream_shows_its_habits() {
    let stack = Stack::new(external(), &Script::new([status(200).after(millis(100))]));
    stack.send(get()).await.unwrap();
    for _ in 0..600 {
        stack.send(get()).await.unwrap();
        pass(secs(1)).await;
    }
    let seen = seen(&stack);
    assert_eq!((seen.state, seen.refusal), (CircuitState::Closed, None));
    assert!(seen.normal_is_learned && (seen.normal_rate - 1.0).abs() < 0.05);
    assert!(seen.median_success.is_some());
    // Half of 59 or 60 first attempts, and the floor.
    assert!((39.0..=40.0).contains(&seen.retries_left), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_gate_shows_who_closed_it_and_how_it_was_asked_for() {
    let answer = status(503)
        .header("retry-after", "1200")
        .header("retry-after", "soon");
    let stack = Stack::new(payments(), &Script::new([answer]));
    let _ = stack.send(keyed()).await;
    pass(secs(200)).await;
    let seen = seen(&stack);
    assert_eq!(seen.state, CircuitState::Open);
    assert_eq!(seen.refusal, Some(Refusal::Gate));
    let wait = seen.refused_for.unwrap();
    assert!((secs(1_000)..=secs(1_060)).contains(&wait), "{wait:?}");
    let until = seen.refused_until.unwrap();
    assert!(is_about(until, clock::wall() + wait));
    let gate = seen.gate.unwrap();
    assert_eq!((gate.status, gate.asked), (503, secs(1_200)));
    assert_eq!(gate.header, "1200, soon");
    assert_eq!(gate.until, until);
    assert!(is_about(gate.closed_at, clock::wall() - secs(200)));
}

#[tokio::test(start_paused = true)]
async fn looking_is_told_of_when_a_gate_has_ended_by_itself() {
    let stack = Stack::new(payments(), &Script::new([retry_after(503, 100)]));
    let _ = stack.send(keyed()).await;
    pass(secs(120)).await;
    assert_eq!(seen(&stack).state, CircuitState::HalfOpen);
    assert_eq!(stack.send(keyed()).await.unwrap().status(), 200);
    assert_eq!(seen(&stack).state, CircuitState::Paced);
}

#[tokio::test(start_paused = true)]
async fn newcomers_that_share_one_state_are_seen_as_such() {
    let upstreams = Upstreams::bounded(external().build().unwrap(), 0);
    upstreams.find(&get());
    assert_eq!(upstreams.control().upstreams(), ["overflow"]);
    assert!(upstreams.control().snapshot("overflow").is_some());
}

#[cfg(feature = "serde")]
#[tokio::test(start_paused = true)]
async fn it_is_written_as_the_configuration_is() {
    let stack = Stack::new(payments(), &Script::new([retry_after(503, 1_200)]));
    let _ = stack.send(keyed()).await;
    let written = serde_json::to_value(seen(&stack)).unwrap();
    assert_eq!(written["upstream"], GATEWAY);
    assert_eq!(
        (&written["state"], &written["refusal"]),
        (&"open".into(), &"gate_closed".into())
    );
    assert_eq!(written["gate"]["asked"], "20m");
    assert_eq!(written["median_success"], serde_json::Value::Null);
    let closed_at = written["gate"]["closed_at"].as_str().unwrap();
    let closed_at = humantime::parse_rfc3339(closed_at).unwrap();
    assert!(is_about(closed_at, clock::wall()));
    assert!(
        written["refused_for"].as_str().unwrap().starts_with("20m"),
        "{written}"
    );
}

#[test]
fn a_handle_prints_names_and_nothing_else() {
    let control: Control = Upstreams::new(external().build().unwrap()).control();
    assert_eq!(format!("{control:?}"), "Control { upstreams: [], .. }");
}
