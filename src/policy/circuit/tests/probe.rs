//! HalfOpen: one probe, whatever becomes of it.

use super::*;

/// Open since second 4; the break ends at second 34.
fn tripped() -> Story {
    let mut story = Story::payments();
    story.trips_from(0.0);
    story
}

#[test]
fn of_a_thousand_calls_one_is_the_probe() {
    let mut story = tripped();
    let permits: Vec<_> = (0..1_000)
        .filter_map(|key| match story.ask(34.0, &keyed(key)) {
            Admission::Go(permit) => Some(permit),
            Admission::Wait(_) | Admission::Refuse { .. } => None,
        })
        .collect();
    assert_eq!(permits.len(), 1);
    assert!(permits[0].is_probe());
    let (reason, retry_at) = story.refuses(34.5, &IDEMPOTENT);
    assert_eq!(reason, Refusal::Probing);
    assert!(retry_at > seconds(34.5));
}

#[test]
fn a_call_with_patience_waits_for_the_probe() {
    let mut story = tripped();
    story.goes(34.0);
    let wait = story.holds(35.0, &PATIENT);
    assert_eq!(story.time_of(wait.until), seconds(40.0));
}

#[test]
fn a_patience_without_end_overflows_nothing() {
    let mut story = tripped();
    story.goes(34.0);
    let endless = Call {
        patience: Duration::MAX,
        ..IDEMPOTENT
    };
    story.ask(35.0, &endless);
    let mut story = Story::payments();
    story.call(0.0, gates(3_000));
    story.holds(1.0, &endless);
}

#[test]
fn a_dropped_probe_lets_the_next_go_after_a_second() {
    let mut story = tripped();
    let probe = story.goes(34.0);
    let now = story.at(36.0);
    story.circuit.abandon(now, probe);
    assert_eq!(story.refuses(36.75, &IDEMPOTENT).0, Refusal::Probing);
    assert!(story.goes(37.0).is_probe());
    assert_eq!(story.refuses(37.0, &IDEMPOTENT).0, Refusal::Probing);
}

#[test]
fn a_probe_that_tells_nothing_is_as_good_as_dropped() {
    let mut story = tripped();
    story.call(34.0, Ending::new(Health::Neutral));
    assert_eq!(story.refuses(34.75, &IDEMPOTENT).0, Refusal::Probing);
    assert!(story.goes(35.0).is_probe());
}

#[test]
fn a_thousand_dropped_probes_do_not_wedge_it() {
    let mut story = tripped();
    for second in 34..1_034 {
        let probe = story.goes(f64::from(second));
        let now = story.at(f64::from(second));
        story.circuit.abandon(now, probe);
    }
    story.succeeds(1_034.0);
    assert_eq!(story.state(1_034.0), CircuitState::Paced);
}

#[test]
fn a_probe_dropped_twice_or_after_its_answer_changes_nothing() {
    let mut story = tripped();
    let probe = story.goes(34.0);
    story.ends(35.0, probe, Ending::new(Health::Failure));
    let (now, end) = (story.at(36.0), story.break_ends());
    story.circuit.abandon(now, probe);
    assert_eq!(story.break_ends(), end);
    // A second answer of the same attempt neither.
    story.ends(37.0, probe, Ending::new(Health::Success));
    assert_eq!(story.state(37.0), CircuitState::Open);
}

#[test]
fn a_429_on_the_probe_gives_the_upstream_rest_without_growing_the_break() {
    let mut story = tripped();
    story.call(34.0, limits(5));
    assert_eq!(story.state(34.0), CircuitState::HalfOpen);
    let (reason, _) = story.refuses(38.0, &IDEMPOTENT);
    assert_eq!(reason, Refusal::RateLimit);
    let (reason, retry_at) = story.refuses(40.0, &IDEMPOTENT);
    assert_eq!(reason, Refusal::Probing);
    assert!(retry_at >= seconds(64.0), "{retry_at:?}");
    let probe = story.goes(64.0);
    story.ends(64.0, probe, Ending::new(Health::Failure));
    assert_eq!(
        story.break_ends(),
        seconds(64.0 + 60.0),
        "one failed probe, not two"
    );
}

#[test]
fn a_429_gate_that_outlasts_the_rest_wins() {
    let mut story = tripped();
    story.call(34.0, limits(600));
    let (reason, retry_at) = story.refuses(600.0, &IDEMPOTENT);
    assert_eq!(reason, Refusal::RateLimit);
    assert!(retry_at >= seconds(634.0), "{retry_at:?}");
    assert!(story.goes(634.0).is_probe());
}

#[test]
fn a_call_that_can_be_repeated_or_that_nobody_waits_for_is_the_better_probe() {
    let unrepeatable = Call {
        repeatable: false,
        ..IDEMPOTENT
    };
    let mut story = tripped();
    assert_eq!(story.refuses(34.5, &unrepeatable).0, Refusal::Probing);
    assert!(story.passes(34.5, &IDEMPOTENT).is_probe());

    let mut story = tripped();
    let background = Call {
        repeatable: false,
        ..BACKGROUND
    };
    assert!(story.passes(34.0, &background).is_probe());

    let mut story = tripped();
    assert_eq!(story.refuses(34.0, &unrepeatable).0, Refusal::Probing);
    assert!(
        story.passes(35.0, &unrepeatable).is_probe(),
        "a second later there is nobody better"
    );
}

#[test]
fn a_late_503_from_before_the_trip_still_closes_the_gate_until_a_probe_has_succeeded() {
    let mut story = Story::payments();
    let late = story.goes(0.0);
    story.trips_from(0.0);
    story.ends(5.0, late, gates(100));
    assert_eq!(story.break_ends(), seconds(105.0));
}

#[test]
fn a_late_503_from_before_a_successful_probe_does_not_close_the_gate_again() {
    let mut story = Story::payments();
    let before = story.goes(0.0);
    story.trips_from(0.0);
    let probe = story.goes(34.0);
    story.ends(34.0, probe, Ending::new(Health::Success));
    story.ends(35.0, before, gates(100));
    assert_eq!(story.state(35.0), CircuitState::Paced);
    assert_eq!(story.circuit.gate_until(), None);
    // Nor does the probe's own generation, however late.
    story.ends(36.0, probe, gates(100));
    assert_eq!(story.circuit.gate_until(), None);

    assert_eq!(story.state(70.0), CircuitState::Closed);
    story.ends(70.0, before, gates(100));
    assert_eq!(story.state(70.0), CircuitState::Closed);
}

#[test]
fn a_503_to_what_was_sent_after_the_probe_closes_the_gate_again() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    story.succeeds(34.0);
    let paced = story.goes(60.0);
    assert_eq!(story.state(64.0), CircuitState::Closed);
    story.ends(70.0, paced, gates(100));
    assert_eq!(story.break_ends(), seconds(170.0));
}

#[test]
fn a_probe_that_nobody_polls_does_not_wedge_the_circuit() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    let reopens = story.break_ends().as_secs_f64();
    let forgotten = story.goes(reopens);
    assert!(forgotten.is_probe());
    // It has as long as the longest break.
    assert_eq!(
        story.refuses(reopens + 119.0, &IDEMPOTENT).0,
        Refusal::Probing
    );
    let next = story.goes(reopens + 120.0);
    assert!(next.is_probe());
    // And should it end after all, it says nothing any more.
    story.ends(reopens + 121.0, forgotten, Ending::new(Health::Success));
    assert_eq!(story.circuit.state(), CircuitState::HalfOpen);
    story.ends(reopens + 122.0, next, Ending::new(Health::Success));
    assert_eq!(story.circuit.state(), CircuitState::Paced);
}

#[test]
fn a_slow_probe_counts_when_it_ends_if_nobody_took_its_place() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    let reopens = story.break_ends().as_secs_f64();
    let slow = story.goes(reopens);
    story.ends(reopens + 300.0, slow, Ending::new(Health::Success));
    assert_eq!(story.circuit.state(), CircuitState::Paced);
}
