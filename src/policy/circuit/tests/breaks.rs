//! Open: how long a break lasts, and what late answers do to it.

use super::*;

#[test]
fn open_refuses_and_sends_nobody_back_before_the_break_ends() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    for key in 0..500 {
        let (reason, retry_at) = story.refuses(5.0, &keyed(key));
        assert_eq!(reason, Refusal::Open);
        assert!(retry_at >= seconds(34.0), "{retry_at:?}");
    }
    assert_eq!(story.refuses(33.75, &IDEMPOTENT).0, Refusal::Open);
    assert!(story.goes(34.0).is_probe());
}

#[test]
fn an_open_break_is_not_waited_for_however_near_its_end() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    assert_eq!(story.refuses(33.5, &PATIENT).0, Refusal::Open);
}

#[test]
fn a_fleet_that_tripped_together_does_not_probe_together() {
    let ends = |unit| {
        let mut story = Story::payments();
        story.unit = unit;
        story.trips_from(0.0);
        story.break_ends()
    };
    assert_eq!(ends(0.0), seconds(34.0), "never longer than asked for");
    let mut earlier = ends(0.0);
    for unit in [0.25, 0.5, 0.75, 0.999] {
        let end = ends(unit);
        assert!(end < earlier && end > seconds(26.0), "{unit}: {end:?}");
        earlier = end;
    }
}

#[test]
fn no_random_unit_however_odd_makes_it_panic() {
    for unit in [f64::NAN, f64::INFINITY, -1.0, 1.0] {
        let mut story = Story::payments();
        story.unit = unit;
        story.trips_from(0.0);
        let end = story.break_ends();
        assert!(
            end >= seconds(26.0) && end <= seconds(34.0),
            "{unit}: {end:?}"
        );
        (0..500).for_each(|key| {
            story.refuses(5.0, &keyed(key));
        });
    }
}

/// The probe goes the moment the break ends, and fails. Answers the next break's length.
fn next_break(story: &mut Story) -> f64 {
    let probed = story.break_ends().as_secs_f64();
    let probe = story.goes(probed);
    assert!(probe.is_probe());
    story.ends(probed, probe, Ending::new(Health::Failure));
    story.break_ends().as_secs_f64() - probed
}

#[test]
fn each_failed_probe_doubles_the_break_up_to_the_longest() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    assert_close(story.break_ends().as_secs_f64(), 34.0);
    for expected in [60.0, 120.0, 120.0, 120.0] {
        assert_close(next_break(&mut story), expected);
    }
}

#[test]
fn a_thousand_failed_probes_overflow_nothing() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    (0..1_000).for_each(|_| {
        next_break(&mut story);
    });
    assert_close(next_break(&mut story), 120.0);
}

/// Two probes fail, the third succeeds, the pace ends; it is closed for this many seconds and trips
/// again. Answers the length of that break.
fn break_after_being_closed_for(spell: f64) -> f64 {
    let mut story = Story::payments();
    story.trips_from(0.0);
    next_break(&mut story);
    next_break(&mut story);
    let recovered = story.break_ends().as_secs_f64();
    story.succeeds(recovered);
    let closed = recovered + 30.0;
    assert_eq!(story.state(closed), CircuitState::Closed);
    let trips = closed + spell;
    story.trips_from(trips - 4.0);
    story.break_ends().as_secs_f64() - trips
}

#[test]
fn the_break_is_short_again_after_a_healthy_spell_of_the_longest_break() {
    assert_close(break_after_being_closed_for(120.0), 30.0);
    assert_close(break_after_being_closed_for(119.0), 120.0);
}

#[test]
fn a_recovery_that_fails_while_paced_is_a_failed_one_too() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    story.succeeds(34.0);
    for second in [35.0, 36.0, 37.0] {
        story.earlier_attempt_ends(second, Health::Failure, Duration::ZERO);
    }
    assert_eq!(story.break_ends(), seconds(37.0 + 60.0));
}

#[test]
fn a_gate_that_ends_after_the_break_wins() {
    let mut story = Story::payments();
    (0..4).for_each(|second| story.fails(f64::from(second)));
    story.call(4.0, gates(1200));
    let (reason, retry_at) = story.refuses(40.0, &IDEMPOTENT);
    assert_eq!(reason, Refusal::Gate);
    assert!(retry_at >= seconds(1204.0), "{retry_at:?}");
    assert_eq!(story.refuses(1203.0, &IDEMPOTENT).0, Refusal::Gate);
    assert!(story.goes(1204.0).is_probe());
}

#[test]
fn a_gate_that_ends_before_the_break_does_not_shorten_it() {
    let mut story = Story::payments();
    (0..4).for_each(|second| story.fails(f64::from(second)));
    story.call(4.0, gates(10));
    let (reason, retry_at) = story.refuses(20.0, &IDEMPOTENT);
    assert_eq!(reason, Refusal::Open);
    assert!(retry_at >= seconds(34.0), "{retry_at:?}");
}

#[test]
fn a_late_success_from_before_the_trip_closes_nothing() {
    let mut story = Story::payments();
    let [one, other] = [story.goes(0.0), story.goes(0.0)];
    story.trips_from(0.0);
    story.ends(5.0, one, Ending::new(Health::Success));
    assert_eq!(story.state(5.0), CircuitState::Open);

    let probe = story.goes(34.0);
    story.ends(34.5, other, Ending::new(Health::Success));
    assert_eq!(story.state(34.5), CircuitState::HalfOpen);
    assert_eq!(
        story.refuses(34.75, &IDEMPOTENT).0,
        Refusal::Probing,
        "the probe is still under way"
    );
    story.ends(35.0, probe, Ending::new(Health::Success));
    assert_eq!(story.state(35.0), CircuitState::Paced);
}

#[test]
fn late_failures_from_before_the_trip_lengthen_and_reopen_nothing() {
    let mut story = Story::payments();
    let late: Vec<_> = (0..9).map(|_| story.goes(0.0)).collect();
    let failure = Ending::new(Health::Failure);
    story.trips_from(0.0);
    late[..3]
        .iter()
        .for_each(|&late| story.ends(9.0, late, failure));
    assert_eq!(story.break_ends(), seconds(34.0));

    let probe = story.goes(34.0);
    late[3..6]
        .iter()
        .for_each(|&late| story.ends(34.5, late, failure));
    assert_eq!(story.state(34.5), CircuitState::HalfOpen);

    story.ends(35.0, probe, Ending::new(Health::Success));
    late[6..]
        .iter()
        .for_each(|&late| story.ends(36.0, late, failure));
    assert_eq!(story.state(36.0), CircuitState::Paced);
}
