//! What an operator decides, against what the server and the failures say.

use super::*;
use crate::policy::Reason;

impl Story {
    fn maintenance(&self, from: f64, until: f64) -> Maintenance {
        Maintenance {
            from: self.at(from),
            until: self.at(until),
            reason: Reason::new("ticket 4711").unwrap(),
            planned: true,
            author: Author::Handle,
        }
    }

    /// Planned at second 0.
    fn with_maintenance(mut self, from: f64, until: f64) -> Self {
        let plan = self.maintenance(from, until);
        self.maintains(0.0, plan);
        self
    }

    fn maintains(&mut self, second: f64, plan: Maintenance) -> bool {
        let (now, unit) = (self.at(second), self.unit);
        self.circuit.maintain(now, plan, unit, &self.traffic)
    }

    fn opens_until(&mut self, second: f64, until: f64) {
        let plan = self.maintenance(second, until);
        let planned = false;
        self.maintains(second, Maintenance { planned, ..plan });
    }

    fn replans(&mut self, second: f64, author: Author, plans: Vec<Maintenance>) {
        let (now, unit) = (self.at(second), self.unit);
        self.circuit.replan(now, author, plans, unit, &self.traffic);
    }

    fn closes_until(&mut self, second: f64, until: f64) {
        let (now, until) = (self.at(second), self.at(until));
        self.circuit.close_until(now, until, &self.traffic);
    }

    fn resets(&mut self, second: f64) {
        let now = self.at(second);
        self.circuit.reset(now, &self.traffic);
    }

    fn lifts_gates(&mut self, second: f64, closed_before: Option<f64>) {
        let (now, before) = (self.at(second), closed_before.map(|second| self.at(second)));
        self.circuit.lift_gate(now, before, &self.traffic);
    }

    fn sets_rate(&mut self, second: f64, rate: Option<f64>) {
        let now = self.at(second);
        self.circuit.set_rate(now, rate);
    }

    fn reason(&self) -> Option<&str> {
        self.circuit.maintenance_reason().map(Reason::as_str)
    }
}

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
