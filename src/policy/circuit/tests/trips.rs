//! What trips the circuit, and what does not.

use http::{HeaderMap, StatusCode};

use super::*;
use crate::policy::classify::{Outcome, health};
use crate::policy::{Failure, Progress, Provider};

#[test]
fn the_fifth_failure_in_a_row_opens_it_the_fourth_does_not() {
    let mut story = Story::payments();
    (0..4).for_each(|second| story.fails(f64::from(second)));
    assert_eq!(story.state(3.0), CircuitState::Closed);
    story.fails(4.0);
    assert_eq!(story.state(4.0), CircuitState::Open);
}

#[test]
fn five_streams_of_one_lost_connection_do_not_open_it_a_second_later_one_more_does() {
    let mut story = Story::payments();
    (0..5).for_each(|_| story.fails(0.0));
    story.fails(0.75);
    assert_eq!(story.state(0.75), CircuitState::Closed);
    story.fails(1.0);
    assert_eq!(story.state(1.0), CircuitState::Open);
}

#[test]
fn five_failures_in_two_minutes_open_it_in_a_second_more_they_do_not() {
    let mut story = Story::payments();
    for second in [0.0, 30.0, 60.0, 90.0, 120.0] {
        story.fails(second);
    }
    assert_eq!(story.state(120.0), CircuitState::Open);

    let mut story = Story::payments();
    for second in [0.0, 30.0, 60.0, 90.0, 121.0] {
        story.fails(second);
    }
    assert_eq!(story.state(121.0), CircuitState::Closed);
}

#[test]
fn a_success_between_them_starts_the_count_again() {
    let mut story = Story::payments();
    (0..4).for_each(|second| story.fails(f64::from(second)));
    story.succeeds(4.0);
    (5..9).for_each(|second| story.fails(f64::from(second)));
    assert_eq!(story.state(8.0), CircuitState::Closed);
    story.fails(9.0);
    assert_eq!(story.state(9.0), CircuitState::Open);
}

/// Results a quarter of a second apart: every `period`th is a failure, the others succeed.
fn every(period: u32, results: u32, settings: CircuitSettings) -> CircuitState {
    let mut story = Story::of(settings);
    for result in 1..=results {
        let second = f64::from(result) * 0.25;
        if story.state(second) != CircuitState::Closed {
            break;
        }
        if result % period == 0 {
            story.fails(second);
        } else {
            story.succeeds(second);
        }
    }
    story.circuit.state()
}

#[test]
fn half_of_twenty_results_open_it_a_third_of_sixty_do_not() {
    assert_eq!(every(2, 20, external()), CircuitState::Open);
    assert_eq!(every(3, 60, external()), CircuitState::Closed);
}

#[test]
fn of_nineteen_results_even_more_than_half_do_not_open_it() {
    assert_eq!(every(2, 19, external()), CircuitState::Closed);
    let mut story = Story::of(external());
    for result in 0..19 {
        let second = f64::from(result) * 0.25;
        if result % 3 == 0 {
            story.succeeds(second);
        } else {
            story.fails(second);
        }
    }
    assert_eq!(story.state(5.0), CircuitState::Closed, "12 of 19");
    story.fails(5.0);
    assert_eq!(story.state(5.0), CircuitState::Open, "13 of 20");
}

#[test]
fn payments_have_no_ratio_rule() {
    assert_eq!(every(2, 200, payments()), CircuitState::Closed);
}

#[test]
fn results_that_have_left_the_window_do_not_count() {
    let mut story = Story::of(external());
    // One result every two seconds: never twenty of them in thirty seconds.
    for pair in 0..100 {
        story.succeeds(f64::from(pair) * 4.0);
        story.fails(f64::from(pair) * 4.0 + 2.0);
    }
    assert_eq!(story.state(400.0), CircuitState::Closed);
}

#[test]
fn only_what_happened_since_it_closed_counts_for_the_ratio() {
    let mut story = Story::of(CircuitSettings {
        failure_ratio: Some(FailureRatio {
            ratio: 0.5,
            window: seconds(60.0),
            minimum: 20,
        }),
        break_duration: seconds(2.0),
        ramp: seconds(2.0),
        ..external()
    });
    for pair in 0..10 {
        story.succeeds(f64::from(pair) * 0.5);
        story.fails(f64::from(pair) * 0.5 + 0.25);
    }
    assert_eq!(story.state(5.0), CircuitState::Open);
    story.succeeds(7.0);
    assert_eq!(story.state(9.5), CircuitState::Closed);
    // The old ten of twenty are still in the window; with them this would be 11 of 21.
    story.fails(10.0);
    assert_eq!(story.state(10.0), CircuitState::Closed);
    // It can trip again, by what happens now.
    for pair in 0..10 {
        story.succeeds(f64::from(pair) * 0.5 + 11.0);
        story.fails(f64::from(pair) * 0.5 + 11.25);
    }
    assert_eq!(story.state(16.0), CircuitState::Open);
}

/// Five calls, a second apart, that all end like this.
fn after_five(outcome: &Outcome<'_>) -> CircuitState {
    let mut story = Story::payments();
    (0..5).for_each(|second| story.call(f64::from(second), Ending::new(health(outcome))));
    story.circuit.state()
}

#[test]
fn which_statuses_are_failures_of_the_upstream() {
    let headers = HeaderMap::new();
    let after_five = |status| {
        after_five(&Outcome::Response {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            retry_after: false,
            provider: &Provider::generic(),
        })
    };
    for status in [408, 500, 502, 503, 504, 507, 508, 509, 520, 599] {
        assert_eq!(after_five(status), CircuitState::Open, "{status}");
    }
    for status in [
        200, 204, 301, 304, 400, 401, 402, 403, 404, 409, 413, 421, 422, 425, 429, 501, 505, 506,
        510, 511, 600, 999,
    ] {
        assert_eq!(after_five(status), CircuitState::Closed, "{status}");
    }
}

#[test]
fn which_broken_attempts_are_failures_of_the_upstream() {
    for failure in [
        Failure::Dns,
        Failure::Refused,
        Failure::ConnectTimeout,
        Failure::Connect,
        Failure::Tls,
        Failure::Unsent,
        Failure::AttemptTimeout(Progress::Unsent),
        Failure::AttemptTimeout(Progress::MaybeSent),
        Failure::Deadline(Progress::MaybeSent),
        Failure::Reset,
        Failure::Incomplete,
        Failure::Malformed,
        Failure::Stream(2),
    ] {
        let state = after_five(&Outcome::Failure(failure));
        assert_eq!(state, CircuitState::Open, "{failure}");
    }
    for refusal in [Refusal::Gate, Refusal::Open, Refusal::Pace] {
        let state = after_five(&Outcome::Refused(refusal));
        assert_eq!(state, CircuitState::Closed, "{refusal}");
    }
    for own in [Failure::InvalidRequest, Failure::RequestBody] {
        let state = after_five(&Outcome::Failure(own));
        assert_eq!(state, CircuitState::Closed, "{own}");
    }
}

#[test]
fn neither_a_429_nor_a_cancelled_call_ends_a_row_of_failures() {
    let mut story = Story::payments();
    (0..4).for_each(|second| story.fails(f64::from(second)));
    story.call(4.0, Ending::new(Health::Neutral));
    let cancelled = story.goes(5.0);
    story.circuit.abandon(story.start + seconds(5.5), cancelled);
    assert_eq!(story.state(5.5), CircuitState::Closed);
    story.fails(6.0);
    assert_eq!(story.state(6.0), CircuitState::Open);
}

#[test]
fn a_hundred_cancelled_calls_do_not_open_it() {
    let mut story = Story::payments();
    for second in 0..100 {
        let permit = story.goes(f64::from(second));
        let now = story.at(f64::from(second) + 0.5);
        story.circuit.abandon(now, permit);
    }
    assert_eq!(story.state(100.0), CircuitState::Closed);
}

fn after_five_successes_that_take(took: f64, slow_call: Option<Duration>) -> CircuitState {
    let mut story = Story::of(CircuitSettings {
        slow_call,
        ..payments()
    });
    for second in 0..5 {
        let ending = Ending {
            took: seconds(took),
            ..Ending::new(Health::Success)
        };
        story.call(f64::from(second), ending);
    }
    story.circuit.state()
}

#[test]
fn slow_calls_are_failures_if_the_policy_says_so() {
    let slow = Some(seconds(2.0));
    assert_eq!(
        after_five_successes_that_take(2.5, slow),
        CircuitState::Open
    );
    assert_eq!(
        after_five_successes_that_take(2.0, slow),
        CircuitState::Closed
    );
    assert_eq!(
        after_five_successes_that_take(600.0, None),
        CircuitState::Closed
    );
}

#[test]
fn without_a_circuit_nothing_trips_but_the_gate_closes() {
    let mut story = Story::of(CircuitSettings {
        trips: false,
        ..external()
    });
    (0..100).for_each(|second| story.fails(f64::from(second)));
    assert_eq!(story.state(100.0), CircuitState::Closed);
    story.call(100.0, gates(20));
    assert_eq!(story.refuses(119.0, &IDEMPOTENT).0, Refusal::Gate);
}

#[test]
fn a_failure_is_in_nobodys_way_until_it_trips() {
    let mut story = Story::payments();
    story.fails(0.0);
    let now = story.at(0.1);
    assert!(!story.circuit.is_untroubled() && story.circuit.lets_pass(now));
    story.circuit.set_rate(now, Some(4.0));
    assert!(!story.circuit.lets_pass(now));
    story.circuit.set_rate(now, None);
    assert!(story.circuit.lets_pass(now));
    story.call(0.2, limits(20));
    assert!(!story.circuit.lets_pass(story.at(0.3)));
    story.trips_from(1_000.0);
    assert!(!story.circuit.lets_pass(story.at(1_005.0)));
    // Nor does it while it is still to be found out how the upstream is.
    assert!(!story.circuit.lets_pass(story.at(10_000.0)));
}
