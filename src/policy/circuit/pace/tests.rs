//! The arithmetic of the pace.

use proptest::prelude::*;

use super::*;
use crate::policy::test_clock;

const RAMP: Duration = Duration::from_secs(30);

fn learned(rate: f64) -> Normal {
    Normal {
        rate,
        learned: true,
    }
}

fn recovering(start: Instant, rate: f64) -> Pace {
    Pace::recovering(start, learned(rate), None, RAMP, None)
}

fn after(start: Instant, seconds: f64) -> Instant {
    start + Duration::from_secs_f64(seconds)
}

#[track_caller]
fn assert_close(value: f64, expected: f64) {
    assert!(
        (value - expected).abs() <= 1e-6 * expected.abs().max(1.0),
        "{value} is not {expected}"
    );
}

#[test]
fn what_comes_in_on_the_ramp_is_the_area_under_it() {
    let start = test_clock::start();
    let pace = recovering(start, 10.0);
    let accrued = |from, to| pace.accrued(after(start, from), after(start, to));
    assert_close(accrued(0.0, 0.0), 0.0);
    assert_close(accrued(0.0, 30.0), 30.0 * (1.0 + 11.0) / 2.0);
    assert_close(accrued(0.0, 15.0), 15.0 * (1.0 + 6.0) / 2.0);
    assert_close(accrued(15.0, 30.0), 15.0 * (6.0 + 11.0) / 2.0);
    assert_close(accrued(30.0, 40.0), 110.0);
    assert_close(accrued(15.0, 40.0), 127.5 + 110.0);
    assert_close(accrued(40.0, 30.0), 0.0);
}

#[test]
fn it_comes_in_the_same_however_often_it_is_looked_at() {
    let start = test_clock::start();
    let mut often = recovering(start, 0.1);
    (1..=300).for_each(|tenth| often.fill(after(start, f64::from(tenth) / 10.0)));
    let mut once = recovering(start, 0.1);
    once.fill(after(start, 30.0));
    assert_close(often.tokens, once.tokens);
    assert_close(once.tokens, 1.8);
}

#[test]
fn without_a_ramp_the_rate_is_level_from_the_start() {
    let start = test_clock::start();
    let pace = Pace::slowed(start, learned(10.0), None, RAMP);
    assert_close(pace.rate(start), 7.0);
    assert_close(pace.accrued(start, after(start, 10.0)), 70.0);
    assert_close(pace.time_to_accrue(start, 7.0).as_secs_f64(), 1.0);
}

#[test]
fn the_bucket_holds_ten_seconds_of_the_pace_and_at_least_two_calls() {
    let start = test_clock::start();
    let pace = recovering(start, 10.0);
    assert_close(pace.burst(start), 10.0);
    assert_close(pace.burst(after(start, 30.0)), 110.0);
    assert_close(recovering(start, 0.1).burst(after(start, 60.0)), 2.0);
}

/// Calls that pass at once.
fn at_once(pace: &mut Pace, now: Instant) -> usize {
    (0..10_000)
        .take_while(|_| pace.take(now, Duration::ZERO) == Turn::Now)
        .count()
}

#[test]
fn a_week_of_idleness_saves_up_one_bucket_and_costs_nothing() {
    let start = test_clock::start();
    let mut pace = recovering(start, 10.0);
    pace.succeeded(after(start, 1.0), Duration::from_millis(20));
    let week = 7.0 * 86_400.0;
    assert_eq!(at_once(&mut pace, after(start, week)), 110);
    assert_close(pace.rate(after(start, week)), 11.0);
    // Periods go on as if nothing had been.
    let begun = after(start, week);
    assert!(pace.period_ends > begun && pace.period_ends <= begun + PERIOD);
}

#[test]
fn a_clock_that_stands_still_or_goes_back_gives_nothing() {
    let start = test_clock::start();
    let mut pace = recovering(start, 10.0);
    at_once(&mut pace, after(start, 30.0));
    assert_eq!(at_once(&mut pace, after(start, 30.0)), 0);
    assert_eq!(at_once(&mut pace, start), 0);
    assert_eq!(at_once(&mut pace, after(start, 30.0)), 0);
}

#[test]
fn a_token_put_back_can_be_taken_again_and_the_bucket_does_not_overflow() {
    let start = test_clock::start();
    let mut pace = recovering(start, 10.0);
    let full = after(start, 30.0);
    assert_eq!(at_once(&mut pace, full), 110);
    pace.put_back(full);
    assert_eq!(at_once(&mut pace, full), 1);
    (0..500).for_each(|_| pace.put_back(full));
    assert_eq!(at_once(&mut pace, full), 110);
}

#[test]
fn a_rate_next_to_nothing_and_a_patience_without_end_overflow_nothing() {
    let start = test_clock::start();
    let mut crawling = Pace::recovering(start, learned(10.0), None, RAMP, Some(f64::MIN_POSITIVE));
    assert_eq!(crawling.take(start, Duration::MAX), Turn::No);
    assert_eq!(crawling.take(after(start, 60.0), Duration::MAX), Turn::No);
    let mut racing = recovering(start, f64::MAX / 4.0);
    assert_eq!(racing.take(after(start, 1.0), Duration::MAX), Turn::Now);
}

proptest! {
    #[test]
    fn the_time_to_accrue_is_the_inverse_of_what_accrues(
        rate in 0.1..1_000.0_f64,
        peak in prop::option::of(0.1..1_000.0_f64),
        into in 0.0..60.0_f64,
        tokens in 0.01..500.0_f64,
    ) {
        let start = test_clock::start();
        let pace = Pace::recovering(start, learned(rate), None, RAMP, peak);
        let now = after(start, into);
        let wait = pace.time_to_accrue(now, tokens);
        let accrued = pace.accrued(now, now + wait);
        // A nanosecond of the fastest pace is the unit in which time is told.
        let tolerance = 1e-6 * tokens + 2e-9 * pace.limit;
        prop_assert!((accrued - tokens).abs() <= tolerance, "{accrued} for {tokens} in {wait:?}");
    }

    #[test]
    fn no_more_passes_than_came_in(
        rate in 0.1..100.0_f64,
        asks in prop::collection::vec((0.0..3.0_f64, 0.0..6.0_f64), 1..200),
    ) {
        let start = test_clock::start();
        let mut pace = recovering(start, rate);
        let (mut now, mut taken, mut latest) = (start, 0.0, start);
        for (pause, patience) in asks {
            now += Duration::from_secs_f64(pause);
            match pace.take(now, Duration::from_secs_f64(patience)) {
                Turn::Now => taken += 1.0,
                Turn::At(at) => {
                    prop_assert!(at >= now && at <= now + Duration::from_secs_f64(patience));
                    taken += 1.0;
                    latest = latest.max(at);
                }
                Turn::No => {}
            }
        }
        let until = latest.max(now);
        prop_assert!(taken <= pace.accrued(start, until) + 1e-6);
    }
}
