//! The budget at its edges, and with the floors and ratios that others got wrong.

use std::time::{Duration, Instant};

use super::{Budget, BudgetError, BudgetSettings};
use crate::policy::test_clock::start;

pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) fn budget(ratio: f64, floor: u32, epoch: Instant) -> Budget {
    Budget::new(BudgetSettings::new(ratio, floor).expect("valid"), epoch)
}

fn deposit(budget: &Budget, firsts: u32, now: Instant) {
    for _ in 0..firsts {
        budget.deposit(now);
    }
}

pub(super) fn granted(budget: &Budget, asked: u32, now: Instant) -> usize {
    (0..asked)
        .filter(|_| budget.withdraw(now).is_some())
        .count()
}

#[test]
fn a_floor_of_two_grants_two_retries_at_zero_traffic_and_not_three() {
    let now = start();
    assert_eq!(granted(&budget(0.1, 2, now), 100, now), 2);
    assert_eq!(
        granted(&budget(1.0, 0, now), 100, now),
        0,
        "no floor, no traffic, no retry"
    );
}

#[test]
fn every_ratio_is_exact() {
    let now = start();
    for (ratio, firsts, retries) in [
        (0.2, 5, 1),
        (0.1, 9, 0),
        (0.1, 30, 3),
        (0.1, 70, 7),
        (0.29, 100, 29),
        (0.6, 5, 3),
        (0.6, 1000, 600),
        (0.9, 10, 9),
        (0.9, 1000, 900),
        (1.0 / 3.0, 3, 1),
        (1.0 / 3.0, 2, 0),
        (1.0 / 3.0, 3000, 1000),
        (1.0, 7, 7),
        (f64::MIN_POSITIVE, 1000, 0),
    ] {
        let budget = budget(ratio, 0, now);
        deposit(&budget, firsts, now);
        assert_eq!(granted(&budget, 2000, now), retries, "{ratio} of {firsts}");
    }
}

#[test]
fn retries_earn_nothing_however_well_they_end() {
    // Each call fails once and its retry succeeds: a budget that paid for successes would let the
    // traffic double.
    let epoch = start();
    let budget = budget(0.1, 0, epoch);
    let retried = (0..500)
        .filter(|n| {
            let now = epoch + *n * SECOND / 10;
            budget.deposit(now);
            budget.withdraw(now).is_some()
        })
        .count();
    assert_eq!(retried, 50);
}

#[test]
fn an_idle_week_earns_nothing_and_forgets_everything() {
    let epoch = start();
    let budget = budget(0.5, 1, epoch);
    deposit(&budget, 100, epoch);
    assert_eq!(granted(&budget, 10, epoch), 10);
    let later = epoch + 7 * 24 * 3600 * SECOND;
    assert!((budget.balance(later) - 1.0).abs() < f64::EPSILON);
    assert_eq!(
        granted(&budget, 10, later),
        1,
        "the floor of one minute, not of ten thousand"
    );
}

#[test]
fn a_retry_counts_for_sixty_seconds_and_a_second_more_at_most() {
    let epoch = start();
    for into_the_second in [0, 1, 500, 999].map(Duration::from_millis) {
        let budget = budget(0.1, 1, epoch);
        let then = epoch + into_the_second;
        assert_eq!(granted(&budget, 1, then), 1);
        assert_eq!(
            granted(&budget, 1, then + Duration::new(59, 999_999_999)),
            0
        );
        assert_eq!(granted(&budget, 1, then + 61 * SECOND), 1);
    }
}

#[test]
fn a_first_attempt_earns_for_fifty_nine_seconds_and_sixty_at_most() {
    let epoch = start();
    for into_the_second in [0, 1, 500, 999].map(Duration::from_millis) {
        let budget = budget(1.0, 0, epoch);
        let then = epoch + into_the_second;
        budget.deposit(then);
        assert!(budget.balance(then + 59 * SECOND) >= 1.0);
        assert!(budget.balance(then + 60 * SECOND) < 1.0);
    }
}

#[test]
fn a_grant_given_back_is_granted_again_once() {
    let now = start();
    let budget = budget(0.1, 1, now);
    let grant = budget.withdraw(now).expect("the floor");
    assert!(budget.withdraw(now).is_none());
    budget.give_back(grant);
    assert_eq!(granted(&budget, 5, now), 1);
}

#[test]
fn a_grant_given_back_when_its_minute_is_over_frees_nothing_else() {
    let epoch = start();
    let budget = budget(0.1, 1, epoch);
    let old = budget.withdraw(epoch).expect("the floor");
    // 64 s later: the very bucket that the old grant was counted in.
    let later = epoch + 64 * SECOND;
    assert_eq!(granted(&budget, 1, later), 1);
    budget.give_back(old);
    assert_eq!(granted(&budget, 1, later), 0);
}

#[test]
fn a_first_attempt_that_was_refused_here_earns_nothing() {
    let now = start();
    let budget = budget(1.0, 0, now);
    let deposit = budget.deposit(now);
    budget.undo(deposit);
    assert_eq!(granted(&budget, 5, now), 0);
    budget.deposit(now);
    assert_eq!(granted(&budget, 5, now), 1);
}

#[test]
fn a_refused_withdrawal_costs_nothing() {
    let now = start();
    let budget = budget(0.5, 0, now);
    assert_eq!(granted(&budget, 1000, now), 0);
    deposit(&budget, 2, now);
    assert_eq!(granted(&budget, 1000, now), 1);
}

#[test]
fn a_clock_reading_that_comes_late_does_not_overlook_newer_grants() {
    let epoch = start();
    let budget = budget(0.1, 1, epoch);
    assert_eq!(granted(&budget, 1, epoch + 10 * SECOND), 1);
    assert_eq!(granted(&budget, 1, epoch + 9 * SECOND), 0);
    assert_eq!(granted(&budget, 1, epoch), 0);
}

#[test]
fn an_instant_before_the_epoch_is_the_epoch() {
    let earlier = start();
    let epoch = earlier + 3600 * SECOND;
    let budget = budget(0.1, 1, epoch);
    assert_eq!(granted(&budget, 5, earlier), 1);
    assert_eq!(granted(&budget, 5, epoch), 0);
}

#[test]
fn settings_outside_their_range_are_refused_and_the_bounds_are_not() {
    for ratio in [0.0, -0.1, 1.000_001, 20.0, f64::NAN, f64::INFINITY] {
        let refused = BudgetSettings::new(ratio, 2).expect_err("refused");
        assert!(matches!(refused, BudgetError::Ratio { .. }), "{refused:?}");
    }
    assert!(BudgetSettings::new(1.0, u32::MAX).is_ok());
    assert!(BudgetSettings::new(f64::MIN_POSITIVE, 0).is_ok());
    let text = BudgetSettings::new(20.0, 2)
        .expect_err("refused")
        .to_string();
    assert!(
        text.contains("is 20") && text.contains("at most 1") && text.contains("use 0.1"),
        "{text}"
    );
}

#[test]
fn a_deposit_once_in_a_while_needs_no_window() {
    let epoch = start();
    let budget = budget(1.0, 0, epoch);
    for minute in (0..20).step_by(2) {
        let now = epoch + minute * 60 * SECOND;
        budget.deposit(now);
        assert!((budget.balance(now) - 1.0).abs() < 1e-9);
    }
    assert!(!budget.counts.has_past());
    budget.deposit(epoch + (18 * 60 + 1) * SECOND);
    assert!(budget.counts.has_past());
}
