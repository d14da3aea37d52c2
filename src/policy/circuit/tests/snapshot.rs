//! What can be seen of a circuit, and that looking is all it is.

use super::*;
use crate::policy::retry_after::HeaderText;

impl Story {
    fn seen(&mut self, second: f64) -> CircuitSnapshot {
        let now = self.at(second);
        self.circuit.snapshot(now, &self.traffic)
    }
}

fn written(retry_after: u64, text: &'static str) -> Ending {
    let mut headers = http::HeaderMap::new();
    headers.insert("retry-after", text.parse().unwrap());
    Ending {
        header: Some(HeaderText::of(&headers)),
        ..gates(retry_after)
    }
}

#[test]
fn an_untroubled_circuit_shows_nothing_and_stays_as_it_is() {
    let mut story = Story::payments();
    let seen = story.seen(1.0);
    assert_eq!(seen.state, CircuitState::Closed);
    assert_eq!((seen.refusal, seen.refused_until), (None, None));
    assert_eq!((seen.gate, seen.rate_gates, seen.pace), (None, 0, None));
    assert_eq!((seen.waiting, seen.consecutive_failures), (0, 0));
    assert!(story.circuit.is_untroubled() && story.circuit.generation() == 0);
}

#[test]
fn failures_are_counted_as_far_as_they_count() {
    let mut story = Story::payments();
    story.fails(0.0);
    story.fails(100.0);
    assert_eq!(story.seen(119.0).consecutive_failures, 2);
    assert_eq!(story.seen(121.0).consecutive_failures, 1);
    story.succeeds(122.0);
    assert_eq!(story.seen(122.0).consecutive_failures, 0);
}

#[test]
fn a_break_is_shown_with_its_end_and_when_that_has_passed_as_half_open() {
    let mut story = Story::payments();
    story.trips_from(0.0);
    let ends = story.break_ends();
    let open = story.seen(10.0);
    assert_eq!(open.state, CircuitState::Open);
    assert_eq!(open.refusal, Some(Refusal::Open));
    assert_eq!(open.refused_until.map(|at| story.time_of(at)), Some(ends));

    let over = story.seen(ends.as_secs_f64());
    assert_eq!(over.state, CircuitState::HalfOpen);
    assert_eq!(over.refusal, None, "the next call is the probe");
    let probe = story.goes(ends.as_secs_f64());
    let probing = story.seen(40.0);
    assert_eq!(probing.refusal, Some(Refusal::Probing));
    assert_eq!(probing.refused_until, None, "nobody knows");
    let now = story.at(40.0);
    story.circuit.abandon(now, probe);
    let resting = story.seen(40.5);
    assert_eq!(resting.refused_until, Some(story.at(41.0)));
}

#[test]
fn a_gate_is_shown_with_the_header_that_counts() {
    let mut story = Story::payments();
    let [first, second, third] = [0; 3].map(|_| story.goes(0.0));
    story.ends(0.0, first, written(600, "600"));
    story.ends(1.0, second, written(7_200, "7200"));
    story.ends(2.0, third, written(60, "60"));
    let seen = story.seen(10.0);
    assert_eq!(seen.refusal, Some(Refusal::Gate));
    let gate = seen.gate.expect("a closed gate");
    assert_eq!(gate.text.as_str(), "7200");
    assert_eq!(gate.asked, seconds(7_200.0), "before the cap");
    assert_eq!(gate.closed_at, story.at(0.0));
    assert_eq!(story.time_of(gate.until), seconds(3_601.0), "after it");
    assert_eq!(story.seen(3_601.0).gate, None);
}

#[test]
fn a_credentials_gate_is_counted_and_keeps_nobody_else_away() {
    let mut story = Story::payments();
    story.call(0.0, limits(60));
    let seen = story.seen(1.0);
    assert_eq!((seen.rate_gates, seen.refusal), (1, None));
    assert!(seen.pace.is_some());
    assert_eq!(story.seen(60.0).rate_gates, 0);
}

#[test]
fn a_pace_is_shown_until_it_is_pointless() {
    let mut story = Story::paced(payments(), 10.0);
    let seen = story.seen(RECOVERED);
    assert_eq!(seen.state, CircuitState::Paced);
    let normal = story.normal(RECOVERED);
    assert_close(seen.pace.unwrap(), normal * 0.1);
    let over = story.seen(RECOVERED + 31.0);
    assert_eq!((over.state, over.pace), (CircuitState::Closed, None));
}

#[test]
fn who_waits_is_counted() {
    let mut story = Story::payments();
    story.circuit.enter();
    assert_eq!(story.seen(0.0).waiting, 1);
}
