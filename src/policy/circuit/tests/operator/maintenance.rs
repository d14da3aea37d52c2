//! Times in which an operator keeps calls away: how they begin, overlap and end.

use super::*;

#[test]
fn a_planned_maintenance_keeps_calls_away_from_its_beginning_to_its_end() {
    let mut story = Story::payments().with_maintenance(100.0, 700.0);
    assert!(story.circuit.is_untroubled(), "until then nothing is wrong");
    assert_eq!(story.circuit.next_maintenance(), Some(story.at(100.0)));
    story.goes(99.9);
    assert_eq!(story.reason(), None);
    for call in [IDEMPOTENT, BACKGROUND, PATIENT] {
        let (reason, retry_at) = story.refuses(100.0, &call);
        assert_eq!(reason, Refusal::Maintenance);
        assert!(retry_at >= seconds(700.0));
    }
    assert_eq!(story.reason(), Some("ticket 4711"));
    assert_eq!(story.circuit.next_maintenance(), None);
    assert_eq!(story.refuses(699.9, &IDEMPOTENT).0, Refusal::Maintenance);
}

#[test]
fn it_ends_like_a_gate_by_its_jitter_a_probe_and_a_pace() {
    let mut story = Story::payments();
    story.is_used_to(10.0, Duration::from_millis(20));
    story.unit = 0.5;
    let plan = story.maintenance(600.0, 1_800.0);
    story.maintains(600.0, plan);
    assert_eq!(story.refuses(1_829.9, &IDEMPOTENT).0, Refusal::Maintenance);
    assert_eq!(story.holds(1_826.0, &PATIENT).until, story.at(1_830.0));
    let probe = story.goes(1_830.0);
    assert!(probe.is_probe());
    assert_eq!(story.refuses(1_830.0, &IDEMPOTENT).0, Refusal::Probing);
    story.ends(1_830.0, probe, Ending::new(Health::Success));
    assert_eq!(story.state(1_830.0), CircuitState::Paced);
    let normal = story.normal(1_830.0);
    assert_close(story.pace(1_830.0), normal * 0.1);
    story.presses(1_845.0);
    assert_close(story.pace(1_860.0), normal * 1.1);
}

#[test]
fn its_ramp_is_no_longer_than_it_was() {
    let mut story = Story::payments();
    story.is_used_to(10.0, Duration::from_millis(20));
    let plan = story.maintenance(600.0, 610.0);
    story.maintains(600.0, plan);
    let probe = story.goes(610.0);
    story.ends(610.0, probe, Ending::new(Health::Success));
    let normal = story.normal(610.0);
    story.presses(615.0);
    assert_close(story.pace(620.0), normal * 1.1);
}

#[test]
fn one_that_nobody_noticed_still_ends_by_a_probe() {
    let mut story = Story::payments().with_maintenance(100.0, 200.0);
    assert!(story.goes(86_400.0).is_probe());
    let mut story = Story::payments();
    assert!(!story.goes(86_400.0).is_probe());
}

#[test]
fn what_was_over_before_it_begins_is_no_part_of_it() {
    let mut story = Story::paced(payments(), 10.0).with_maintenance(1_000.0, 1_010.0);
    // The pace has long become pointless, and nobody has looked since.
    let probe = story.goes(2_000.0);
    story.ends(2_000.0, probe, Ending::new(Health::Success));
    let normal = story.normal(2_000.0);
    story.presses(2_005.0);
    assert_close(story.pace(2_010.0), normal * 1.1);
}

#[test]
fn several_may_overlap_and_the_last_end_counts() {
    let mut story = Story::payments().with_maintenance(100.0, 300.0);
    for (from, until) in [(200.0, 250.0), (250.0, 400.0)] {
        let plan = story.maintenance(from, until);
        assert!(story.maintains(0.0, plan));
    }
    for second in [100.0, 260.0, 350.0, 399.0] {
        assert_eq!(story.refuses(second, &IDEMPOTENT).0, Refusal::Maintenance);
    }
    assert!(story.goes(400.0).is_probe());
}

#[test]
fn there_is_room_for_so_many() {
    let mut story = Story::payments();
    for number in 0..=MOST_PLANNED {
        let from = 1_000.0 * (number + 1) as f64;
        let plan = story.maintenance(from, from + 10.0);
        assert_eq!(story.maintains(0.0, plan), number < MOST_PLANNED);
    }
    let over = story.maintenance(0.0, 0.5);
    assert!(story.maintains(1.0, over), "what is over needs no room");
}

#[test]
fn open_until_begins_at_once_and_the_next_one_takes_its_place() {
    let mut story = Story::payments();
    story.opens_until(10.0, 700.0);
    assert_eq!(story.state(10.0), CircuitState::Open);
    assert_eq!(story.refuses(10.0, &IDEMPOTENT).0, Refusal::Maintenance);
    story.opens_until(20.0, 100.0);
    assert_eq!(story.refuses(99.0, &IDEMPOTENT).0, Refusal::Maintenance);
    assert!(story.goes(100.0).is_probe(), "shortened by its author");
}

#[test]
fn it_never_shortens_a_gate_or_a_break() {
    let mut story = Story::payments();
    story.call(0.0, gates(600));
    story.opens_until(1.0, 60.0);
    assert_eq!(story.refuses(70.0, &IDEMPOTENT).0, Refusal::Gate);
    story.opens_until(80.0, 1_200.0);
    assert_eq!(story.refuses(90.0, &IDEMPOTENT).0, Refusal::Maintenance);
    story.replans(100.0, Author::Handle, Vec::new());
    assert_eq!(story.refuses(100.0, &IDEMPOTENT).0, Refusal::Gate);
    assert!(story.goes(600.0).is_probe());

    let mut story = Story::payments();
    story.trips_from(0.0);
    story.opens_until(5.0, 6.0);
    assert_eq!(story.refuses(7.0, &IDEMPOTENT).0, Refusal::Open);
}

#[test]
fn a_retry_after_moves_the_end_of_a_maintenance_later() {
    let mut story = Story::payments();
    let under_way = story.goes(0.0);
    story.opens_until(1.0, 60.0);
    story.ends(2.0, under_way, gates(600));
    assert_eq!(story.refuses(100.0, &IDEMPOTENT).0, Refusal::Gate);
}

#[test]
fn what_is_withdrawn_ends_by_a_probe_and_what_others_decided_stays() {
    let file = Author::File(1);
    let mut story = Story::payments().with_maintenance(100.0, 700.0);
    let plan = story.maintenance(100.0, 900.0);
    let author = file;
    story.replans(0.0, file, vec![Maintenance { author, ..plan }]);
    assert_eq!(story.refuses(100.0, &IDEMPOTENT).0, Refusal::Maintenance);
    story.replans(200.0, file, Vec::new());
    assert_eq!(story.refuses(699.0, &IDEMPOTENT).0, Refusal::Maintenance);
    assert!(story.goes(700.0).is_probe());

    let mut story = Story::payments().with_maintenance(100.0, 700.0);
    story.refuses(100.0, &IDEMPOTENT);
    story.replans(200.0, Author::Handle, Vec::new());
    assert!(story.goes(200.0).is_probe());
}

#[test]
fn what_is_planned_anew_lets_nobody_through_in_between() {
    let mut story = Story::payments();
    story.opens_until(0.0, 100.0);
    let plan = story.maintenance(0.0, 300.0);
    let generation = story.circuit.generation();
    story.replans(50.0, Author::Handle, vec![plan]);
    assert_eq!(story.circuit.generation(), generation);
    assert_eq!(story.refuses(299.0, &IDEMPOTENT).0, Refusal::Maintenance);
}

#[test]
fn the_reason_is_that_of_the_one_that_ends_last() {
    let mut story = Story::payments();
    for (until, reason) in [(300.0, "first"), (500.0, "longest"), (400.0, "last")] {
        let reason = Reason::new(reason).unwrap();
        let plan = story.maintenance(100.0, until);
        story.maintains(0.0, Maintenance { reason, ..plan });
    }
    story.refuses(200.0, &IDEMPOTENT);
    assert_eq!(story.reason(), Some("longest"));
}

#[test]
fn the_handle_does_not_shorten_what_a_file_has_opened() {
    let mut story = Story::payments();
    let plan = story.maintenance(0.0, 300.0);
    let by_file = Maintenance {
        planned: false,
        author: Author::File(1),
        ..plan
    };
    story.maintains(0.0, by_file);
    story.opens_until(1.0, 60.0);
    assert_eq!(story.refuses(100.0, &IDEMPOTENT).0, Refusal::Maintenance);
}

#[test]
fn what_is_due_lets_nobody_pass_though_nobody_has_asked_since() {
    let mut story = Story::payments().with_maintenance(100.0, 700.0);
    story.fails(90.0);
    assert!(story.circuit.lets_pass(story.at(99.9)));
    assert!(!story.circuit.lets_pass(story.at(100.0)));
    story.refuses(101.0, &IDEMPOTENT);
    assert!(!story.circuit.lets_pass(story.at(699.9)));
}
