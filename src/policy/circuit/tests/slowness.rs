//! Paced: how the rate follows what the upstream can bear.

use super::*;

const QUICK: Duration = Duration::from_millis(20);
const SLOW: Duration = Duration::from_secs(2);

/// Used to one call a second; recovered from an outage. A ramp that ends within a period and not with one.
fn paced_off_beat() -> Story {
    Story::paced(off_beat(), 1.0)
}

fn off_beat() -> CircuitSettings {
    CircuitSettings {
        ramp: seconds(25.0),
        ..payments()
    }
}

/// Ten seconds from `from`: answers take so long, and calls press against the limit. Answers the
/// pace when the period is over.
fn period(story: &mut Story, from: f64, took: Option<Duration>) -> f64 {
    for second in 0..10 {
        let now = from + f64::from(second);
        story.presses(now);
        if let Some(took) = took {
            story.earlier_attempt_ends(now, Health::Success, took);
        }
    }
    story.pace(from + 10.0)
}

/// The pace, as shares of normal, at the end of each of these periods, the first of which is the
/// one in which the ramp ends. `on_ramp` is what answers took before.
fn paces(story: &mut Story, on_ramp: Duration, periods: &[Option<Duration>]) -> Vec<f64> {
    let normal = story.normal(RECOVERED);
    for period_on_ramp in [0.0, 10.0] {
        period(story, RECOVERED + period_on_ramp, Some(on_ramp));
    }
    let mut from = RECOVERED + 10.0;
    let paces = periods.iter().map(|&took| {
        from += 10.0;
        period(story, from, took) / normal
    });
    paces.collect()
}

#[track_caller]
fn assert_paces(story: &mut Story, periods: &[Option<Duration>], expected: &[f64]) {
    let paces = paces(story, QUICK, periods);
    assert_eq!(paces.len(), expected.len());
    for (&pace, &expected) in paces.iter().zip(expected) {
        assert_close(pace, expected);
    }
}

#[test]
fn it_is_thought_over_from_the_ramps_end_on_and_not_before() {
    let mut story = Story::paced(payments(), 1.0);
    let normal = story.normal(RECOVERED);
    for tens in 0..2 {
        period(&mut story, RECOVERED + 10.0 * f64::from(tens), Some(QUICK));
    }
    let half_way = 0.1 + (1.1 - 0.1) * 20.0 / 30.0;
    assert_close(story.pace(RECOVERED + 20.0), half_way * normal);
    period(&mut story, RECOVERED + 20.0, Some(QUICK));
    assert_close(story.pace(RECOVERED + 30.0), 1.21 * normal);
    assert_close(story.pace(RECOVERED + 40.0), 1.21 * normal);
}

#[test]
fn a_slow_period_cuts_it_the_next_is_grace_and_a_good_one_raises_it() {
    assert_paces(
        &mut paced_off_beat(),
        &[Some(SLOW), Some(SLOW), Some(SLOW), Some(QUICK), Some(QUICK)],
        &[0.77, 0.77, 0.539, 0.592_9, 0.652_19],
    );
}

#[test]
fn a_good_period_after_a_cut_is_no_grace_for_a_later_one() {
    assert_paces(
        &mut paced_off_beat(),
        &[Some(SLOW), Some(QUICK), Some(SLOW)],
        &[0.77, 0.847, 0.592_9],
    );
}

#[test]
fn without_a_success_it_does_not_change() {
    assert_paces(&mut paced_off_beat(), &[None, None, None], &[1.1, 1.1, 1.1]);
}

#[test]
fn it_is_never_below_half_of_a_learned_normal() {
    let paces = paces(&mut paced_off_beat(), QUICK, &[Some(SLOW); 20]);
    assert_close(*paces.last().unwrap(), 0.5);
}

#[test]
fn of_a_normal_that_was_not_learned_it_may_leave_a_tenth() {
    // The process is a minute old: what arrives is all that is known.
    let mut story = Story::payments();
    for second in 0..60 {
        let now = story.at(f64::from(second));
        story.traffic.arrive(now, None);
        story.traffic.succeeded(now, QUICK);
    }
    story.trips_from(60.0);
    story.succeeds(94.0);
    let normal = story.pace(94.0) / 0.1;
    let last = (0..60)
        .map(|index| {
            let took = if index < 3 { QUICK } else { SLOW };
            period(&mut story, 94.0 + 10.0 * f64::from(index), Some(took))
        })
        .last()
        .unwrap();
    assert_close(last, 0.1 * normal);
}

#[test]
fn slow_is_five_times_the_base_and_a_quarter_second_more_than_it() {
    // Base: 20 ms, known within a quarter octave. Ten times as long is still too short to feel.
    let quick_enough = Some(Duration::from_millis(200));
    assert_paces(&mut paced_off_beat(), &[quick_enough], &[1.21]);
    let slow = Some(Duration::from_millis(350));
    assert_paces(&mut paced_off_beat(), &[slow], &[0.77]);
    // Base: half a second on the ramp. Four times that is not slow, ten times is.
    let half = Duration::from_millis(500);
    let four_times = paces(&mut paced_off_beat(), half, &[Some(4 * half)]);
    assert_close(four_times[0], 1.21);
    let ten_times = paces(&mut paced_off_beat(), half, &[Some(10 * half)]);
    assert_close(ten_times[0], 0.77);
}

#[test]
fn a_server_that_is_slower_for_good_is_not_starved() {
    let paces = paces(&mut paced_off_beat(), SLOW, &[Some(SLOW); 5]);
    assert_close(paces[4], 1.1_f64.powi(6));
}

#[test]
fn the_limit_is_lifted_when_it_is_far_above_normal() {
    let mut story = paced_off_beat();
    // 1.1 × 1.1^k passes 3 at k = 11.
    let paces = paces(&mut story, QUICK, &[Some(QUICK); 10]);
    assert!(paces[9] < 3.0);
    assert_eq!(story.state(RECOVERED + 129.0), CircuitState::Paced);
    for second in 120..130 {
        let now = RECOVERED + f64::from(second);
        story.earlier_attempt_ends(now, Health::Success, QUICK);
        story.ask(now, &IDEMPOTENT);
    }
    assert_eq!(story.state(RECOVERED + 130.0), CircuitState::Closed);
}

#[test]
fn a_declared_peak_caps_it_at_eleven_tenths_of_that_and_never_raises_it() {
    let declared = |peak| CircuitSettings {
        declared_peak: Some(peak),
        ..off_beat()
    };
    let mut story = Story::paced(declared(0.5), 1.0);
    story.presses(RECOVERED + 1.0);
    assert_close(story.pace(RECOVERED + 25.0), 0.55);
    let mut story = Story::paced(declared(0.5), 1.0);
    let normal = story.normal(RECOVERED);
    let capped = paces(&mut story, QUICK, &[Some(QUICK); 5]);
    assert_close(capped[4] * normal, 0.55);

    let mut story = Story::paced(declared(100.0), 1.0);
    let normal = story.normal(RECOVERED);
    assert_close(story.pace(RECOVERED + 12.5), 0.6 * normal);
}

#[test]
fn the_providers_rate_caps_it_at_that_and_never_raises_it() {
    let allowed = |rate| CircuitSettings {
        provider_rate: Some(rate),
        ..off_beat()
    };
    let mut story = Story::paced(allowed(2.0), 4.0);
    story.presses(RECOVERED + 1.0);
    assert_close(story.pace(RECOVERED + 25.0), 2.0);
    let mut story = Story::paced(allowed(2.0), 4.0);
    let normal = story.normal(RECOVERED);
    let capped = paces(&mut story, QUICK, &[Some(QUICK); 5]);
    assert_close(capped[4] * normal, 2.0);

    let mut story = Story::paced(allowed(100.0), 1.0);
    let normal = story.normal(RECOVERED);
    assert_close(story.pace(RECOVERED + 12.5), 0.6 * normal);
}
