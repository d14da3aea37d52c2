//! Paced: the ramp of a recovery, how it ends, and how it fails.

use super::*;

const QUICK: Duration = Duration::from_millis(20);

/// Used to one call a second; recovered from an outage.
fn paced() -> Story {
    Story::paced(payments(), 1.0)
}

#[test]
fn it_rises_from_a_tenth_of_normal_to_eleven_tenths_over_the_ramp() {
    let mut story = paced();
    let normal = story.normal(RECOVERED);
    assert!((0.99..1.02).contains(&normal), "{normal}");
    for (second, share) in [(0.0, 0.1), (7.5, 0.35), (15.0, 0.6), (30.0, 1.1)] {
        assert_close(story.pace(RECOVERED + second), share * normal);
        story.presses(RECOVERED + second);
    }
}

#[test]
fn it_starts_with_an_empty_bucket() {
    let mut story = paced();
    assert_eq!(story.refuses(RECOVERED, &IDEMPOTENT).0, Refusal::Pace);
    assert_eq!(story.refuses(RECOVERED + 4.0, &IDEMPOTENT).0, Refusal::Pace);
    // Five seconds at 0.1/s and more, a triangle of 25/60 on top: not one call yet; six: one.
    assert_eq!(story.refuses(RECOVERED + 5.0, &IDEMPOTENT).0, Refusal::Pace);
    story.goes(RECOVERED + 6.0);
    assert_eq!(story.refuses(RECOVERED + 6.0, &IDEMPOTENT).0, Refusal::Pace);
}

/// How many pass in the first minute when so many ask every five seconds.
fn passed_of(asking: u32) -> usize {
    let mut story = paced();
    (0..=12_u32)
        .map(|fifth| {
            (0..asking)
                .filter(|_| {
                    let answer = story.ask(RECOVERED + f64::from(fifth * 5), &IDEMPOTENT);
                    matches!(answer, Admission::Go(_))
                })
                .count()
        })
        .sum()
}

#[test]
fn a_backlog_of_any_size_passes_at_the_same_pace() {
    // The ramp's 18 and thirty seconds at 1.1.
    let few = passed_of(100);
    assert!((49..=51).contains(&few), "{few}");
    assert_eq!(passed_of(10_000), few);
}

#[test]
fn three_failures_in_ten_seconds_open_it_two_do_not() {
    let mut story = paced();
    for second in [1.0, 2.0] {
        story.earlier_attempt_ends(RECOVERED + second, Health::Failure, QUICK);
    }
    assert_eq!(story.state(RECOVERED + 2.0), CircuitState::Paced);
    story.earlier_attempt_ends(RECOVERED + 3.0, Health::Failure, QUICK);
    assert_eq!(story.state(RECOVERED + 3.0), CircuitState::Open);
}

/// Results at these seconds of a recovery: `true` is a success.
fn after(results: &[(f64, bool)]) -> CircuitState {
    let mut story = paced();
    for &(second, succeeds) in results {
        story.presses(RECOVERED + second);
        let health = if succeeds {
            Health::Success
        } else {
            Health::Failure
        };
        story.earlier_attempt_ends(RECOVERED + second, health, QUICK);
    }
    story.circuit.state()
}

#[test]
fn three_failures_open_it_only_if_they_are_half_of_the_results() {
    let [fail, pass] = [false, true];
    let of_six = [
        (1.0, pass),
        (2.0, fail),
        (3.0, pass),
        (4.0, fail),
        (5.0, pass),
        (6.0, fail),
    ];
    assert_eq!(after(&of_six), CircuitState::Open);
    let mut of_seven = vec![(0.5, pass)];
    of_seven.extend(of_six);
    assert_eq!(after(&of_seven), CircuitState::Paced);
    // The same seven, but the success is older than ten seconds by then.
    let mut spread = vec![(0.5, pass)];
    spread.extend(of_six.map(|(second, result)| (second + 5.0, result)));
    assert_eq!(after(&spread), CircuitState::Open);
}

#[test]
fn where_results_are_rare_the_last_five_count() {
    let [fail, pass] = [false, true];
    let slow = |results: [bool; 5]| {
        let results: Vec<_> = results
            .iter()
            .enumerate()
            .map(|(index, &result)| (15.0 * index as f64, result))
            .collect();
        after(&results)
    };
    assert_eq!(slow([fail, pass, fail, pass, fail]), CircuitState::Open);
    assert_eq!(slow([pass, pass, fail, pass, fail]), CircuitState::Paced);
    let of_the_last_five_two = [
        (0.0, fail),
        (15.0, pass),
        (30.0, pass),
        (45.0, fail),
        (60.0, pass),
        (75.0, fail),
    ];
    assert_eq!(after(&of_the_last_five_two), CircuitState::Paced);
}

#[test]
fn neither_a_cancelled_call_nor_a_4xx_ends_a_recovery() {
    let mut story = paced();
    for second in 1..20 {
        let now = RECOVERED + f64::from(second);
        story.earlier_attempt_ends(now, Health::Neutral, QUICK);
    }
    assert_eq!(story.circuit.state(), CircuitState::Paced);
}

#[test]
fn the_limit_is_lifted_when_nothing_was_refused_for_one_ramp() {
    let mut story = paced();
    assert_eq!(story.state(RECOVERED + 29.75), CircuitState::Paced);
    assert_eq!(story.state(RECOVERED + 30.0), CircuitState::Closed);

    let mut story = paced();
    story.refuses(RECOVERED + 4.0, &IDEMPOTENT);
    assert_eq!(story.state(RECOVERED + 33.75), CircuitState::Paced);
    assert_eq!(story.state(RECOVERED + 34.0), CircuitState::Closed);
}

#[test]
fn an_outage_teaches_no_lower_normal() {
    let mut story = Story::payments();
    story.is_used_to(1.0, QUICK);
    let before = story.normal(604.0);
    story.trips_from(FAILS_FROM);
    let probe = story.goes(7_200.0);
    story.ends(7_200.0, probe, Ending::new(Health::Success));
    assert!((story.pace(7_230.0 - 0.001) / before - 1.1).abs() < 0.02);
}

/// The pace a minute after a recovery in which somebody declares this peak at half time of the ramp.
fn pace_under(peak: Option<f64>) -> f64 {
    let mut story = paced();
    story.presses(RECOVERED + 15.0);
    let settings = CircuitSettings {
        declared_peak: peak,
        ..payments()
    };
    story.circuit.apply(story.at(RECOVERED + 15.0), settings);
    assert_eq!(story.circuit.state(), CircuitState::Paced, "it goes on");
    story.presses(RECOVERED + 30.0);
    story.pace(RECOVERED + 30.0)
}

#[test]
fn a_peak_that_is_declared_meanwhile_caps_it() {
    assert_close(pace_under(Some(0.5)), 0.55);
    assert_close(pace_under(Some(100.0)), pace_under(None));
}
