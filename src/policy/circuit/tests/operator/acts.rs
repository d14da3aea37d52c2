//! Closing, resetting, lifting, limiting, and what is to be seen of them.

use super::*;

#[test]
fn close_lets_calls_pass_at_a_pace_whatever_kept_them_away() {
    let failing: [fn(&mut Story); 4] = [
        |story| story.trips_from(0.0),
        |story| story.call(0.0, gates(3_600)),
        |story| story.opens_until(0.0, 3_600.0),
        |story| {
            story.trips_from(0.0);
            assert!(story.goes(100.0).is_probe());
        },
    ];
    for keep_away in failing {
        let mut story = Story::payments();
        keep_away(&mut story);
        story.closes_until(110.0, 200.0);
        assert_eq!(story.state(110.0), CircuitState::Paced);
        story.holds(
            110.0,
            &Call {
                patience: seconds(60.0),
                ..IDEMPOTENT
            },
        );
        assert_eq!(story.circuit.gate_until(), None);
    }
}

#[test]
fn while_it_is_held_closed_failures_do_not_trip_it_afterwards_they_do() {
    let mut story = Story::payments();
    story.closes_until(0.0, 100.0);
    for second in 0..20 {
        story.fails(f64::from(second));
    }
    assert_eq!(story.state(99.0), CircuitState::Closed);
    story.trips_from(100.0 + 120.0);

    let mut story = Story::paced(payments(), 10.0);
    story.closes_until(RECOVERED + 10.0, RECOVERED + 100.0);
    for tenth in 0..10 {
        story.fails(RECOVERED + 11.0 + f64::from(tenth) / 10.0);
    }
    assert_eq!(story.state(RECOVERED + 12.0), CircuitState::Paced);
}

#[test]
fn while_it_is_held_closed_a_gate_still_closes_and_a_plan_still_begins() {
    let mut story = Story::payments().with_maintenance(200.0, 300.0);
    story.closes_until(0.0, 1_000.0);
    story.call(1.0, gates(60));
    assert_eq!(story.refuses(2.0, &IDEMPOTENT).0, Refusal::Gate);
    story.refuses(200.0, &IDEMPOTENT);
    assert_eq!(story.refuses(201.0, &IDEMPOTENT).0, Refusal::Maintenance);
}

#[test]
fn answers_to_calls_sent_before_it_was_closed_close_no_gate_again() {
    let mut story = Story::payments();
    let late = story.goes(0.0);
    story.call(0.0, gates(600));
    story.closes_until(1.0, 60.0);
    story.ends(2.0, late, gates(600));
    assert_eq!(story.state(2.0), CircuitState::Paced);
}

#[test]
fn reset_makes_it_as_new_and_keeps_what_was_learned_and_planned() {
    let mut story = Story::paced(payments(), 10.0).with_maintenance(5_000.0, 5_100.0);
    let normal = story.normal(RECOVERED);
    story.sets_rate(RECOVERED, Some(50.0));
    let late = story.goes(RECOVERED + 20.0);
    story.call(RECOVERED + 20.0, limits(600));
    story.opens_until(RECOVERED + 21.0, 9_000.0);
    story.resets(RECOVERED + 30.0);
    assert_eq!(story.circuit.state(), CircuitState::Closed);
    assert_eq!(story.circuit.pace(story.at(RECOVERED + 30.0)), Some(50.0));
    assert_close(story.normal(RECOVERED + 30.0), normal);
    assert_eq!(story.circuit.rate_limit(), Some(50.0));
    assert_eq!(story.circuit.next_maintenance(), Some(story.at(5_000.0)));
    story.ends(RECOVERED + 31.0, late, gates(600));
    assert_eq!(story.state(RECOVERED + 31.0), CircuitState::Closed);
    // The first break is short again.
    story.trips_from(700.0);
    assert!(story.break_ends() <= seconds(704.0 + 30.0));
}

#[test]
fn a_lifted_gate_is_followed_by_the_probe() {
    let mut story = Story::payments();
    let late = story.goes(0.0);
    story.call(0.0, gates(3_600));
    story.lifts_gates(10.0, None);
    assert_eq!(story.state(10.0), CircuitState::HalfOpen);
    story.ends(11.0, late, gates(3_600));
    assert!(
        story.goes(12.0).is_probe(),
        "an older answer closes nothing"
    );
}

#[test]
fn lifting_a_gate_ends_neither_a_break_nor_a_maintenance() {
    let mut story = Story::payments();
    story.call(0.0, gates(3_600));
    story.opens_until(1.0, 60.0);
    story.lifts_gates(2.0, None);
    assert_eq!(story.refuses(59.0, &IDEMPOTENT).0, Refusal::Maintenance);
    assert!(story.goes(60.0).is_probe());

    let mut story = Story::payments();
    let late = story.goes(0.0);
    story.trips_from(0.0);
    story.ends(5.0, late, gates(3_600));
    story.lifts_gates(6.0, None);
    assert_eq!(story.refuses(7.0, &IDEMPOTENT).0, Refusal::Open);
    assert!(story.goes(34.0).is_probe());
}

#[test]
fn lifting_concerns_the_gates_that_closed_before_the_moment_that_is_named() {
    let mut story = Story::payments();
    story.call(10.0, gates(3_600));
    story.lifts_gates(20.0, Some(10.0));
    assert_eq!(story.refuses(20.0, &IDEMPOTENT).0, Refusal::Gate);
    story.lifts_gates(21.0, Some(10.5));
    assert!(story.goes(21.0).is_probe());
}

#[test]
fn the_gates_of_credentials_are_lifted_too() {
    let mut story = Story::payments();
    story.call(10.0, limits(3_600));
    story.lifts_gates(20.0, Some(10.0));
    assert_eq!(story.refuses(20.0, &IDEMPOTENT).0, Refusal::RateLimit);
    story.lifts_gates(21.0, None);
    story.goes(22.0);
}

#[test]
fn a_rate_caps_the_pace_at_once_and_is_no_more_when_it_is_taken_back() {
    let mut story = Story::paced(payments(), 10.0);
    let second = RECOVERED + 25.0;
    assert!(story.pace(second) > 5.0);
    story.sets_rate(second, Some(2.0));
    let paced = story.pace(second);
    assert!((1.5..=2.0).contains(&paced), "on its ramp to 2: {paced}");
    assert_eq!(story.circuit.rate_limit(), Some(2.0));
    story.sets_rate(second + 1.0, None);
    assert_eq!(story.circuit.rate_limit(), None);
    for tenth in 0..200 {
        let at = second + 1.0 + f64::from(tenth) / 10.0;
        if let Admission::Go(permit) = story.ask(at, &IDEMPOTENT) {
            story.ends(at, permit, Ending::new(Health::Success));
        }
    }
    assert!(story.pace(second + 21.0) > 2.0, "it rises again");
}

#[test]
fn what_an_operator_wants_is_not_forgotten() {
    let idle = |story: &Story, second| story.circuit.is_idle(story.at(second));
    let mut story = Story::payments();
    assert!(idle(&story, 1.0));
    story.sets_rate(1.0, Some(5.0));
    assert!(!idle(&story, 1.0));
    story.sets_rate(1.0, None);
    story.closes_until(1.0, 10.0);
    assert!(!idle(&story, 9.0) && idle(&story, 10.0));
    let plan = story.maintenance(100.0, 110.0);
    story.maintains(10.0, plan);
    assert!(!idle(&story, 50.0) && !idle(&story, 105.0) && idle(&story, 110.0));
}

#[test]
fn a_snapshot_shows_what_was_decided_and_what_is_planned() {
    let mut story = Story::payments().with_maintenance(500.0, 600.0);
    let planned = story.maintenance(100.0, 200.0);
    story.maintains(0.0, planned.clone());
    let seen = |story: &mut Story, second| {
        let now = story.at(second);
        story.circuit.snapshot(now, &story.traffic)
    };
    let before = seen(&mut story, 1.0);
    assert_eq!(before.intervention, None);
    assert_eq!(before.planned.len(), 2);
    assert_eq!(before.planned[0], planned);
    let during = seen(&mut story, 100.0);
    assert_eq!(during.refusal, Some(Refusal::Maintenance));
    assert_eq!(
        during.intervention,
        Some(Intervention::Maintenance(planned))
    );
    assert_eq!(during.planned.len(), 1);
    story.closes_until(150.0, 300.0);
    let held = seen(&mut story, 150.0);
    assert_eq!(
        held.intervention,
        Some(Intervention::Closed(story.at(300.0)))
    );
    assert_eq!(seen(&mut story, 300.0).intervention, None);
}

#[test]
fn reset_forgets_how_often_a_recovery_has_failed_and_that_it_was_held_closed() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    let probe = story.goes(40.0);
    story.ends(40.0, probe, Ending::new(Health::Failure));
    assert!(story.break_ends() > seconds(80.0), "the second break");
    story.closes_until(50.0, 1_000.0);
    story.resets(60.0);
    story.trips_from(70.0);
    assert!(story.break_ends() <= seconds(74.0 + 30.0));
}

#[test]
fn whoever_is_turned_away_after_an_early_end_need_not_wait_for_the_end_that_was() {
    let mut story = Story::payments();
    story.is_used_to(0.1, Duration::from_millis(20));
    story.call(600.0, gates(3_600));
    let (_, behind_the_gate) = story.refuses(601.0, &keyed(1));
    assert!(behind_the_gate >= seconds(4_200.0));
    story.closes_until(602.0, 1_000.0);
    for key in [1, 2] {
        let (reason, retry_at) = story.refuses(603.0, &keyed(key));
        assert_eq!(reason, Refusal::Pace);
        assert!(retry_at < seconds(800.0), "{retry_at:?}");
    }
}

#[test]
fn a_rate_holds_from_the_beginning_of_the_ramp_and_never_exceeds_the_providers() {
    let mut story = Story::paced(payments(), 10.0);
    story.sets_rate(RECOVERED, Some(0.2));
    assert_close(story.pace(RECOVERED), 0.2);

    let provider_rate = Some(3.0);
    let settings = CircuitSettings {
        provider_rate,
        ..payments()
    };
    let mut story = Story::paced(settings, 10.0);
    story.sets_rate(RECOVERED, Some(100.0));
    story.presses(RECOVERED + 29.0);
    assert_close(story.pace(RECOVERED + 30.0), 3.0);
}
