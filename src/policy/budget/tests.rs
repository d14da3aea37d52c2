//! The budget under threads, at its edges, and with the floors and ratios that others got wrong.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use super::{Budget, BudgetError, BudgetSettings};
use crate::policy::test_clock::start;
use crate::policy::test_threads::meet;

const SECOND: Duration = Duration::from_secs(1);

fn budget(ratio: f64, floor: u32, epoch: Instant) -> Budget {
    Budget::new(BudgetSettings::new(ratio, floor).expect("valid"), epoch)
}

fn deposit(budget: &Budget, firsts: u32, now: Instant) {
    for _ in 0..firsts {
        budget.deposit(now);
    }
}

fn granted(budget: &Budget, asked: u32, now: Instant) -> usize {
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
fn of_two_threads_that_ask_for_the_last_grant_at_once_one_gets_it() {
    let now = start();
    let budgets: Vec<Budget> = (0..20_000).map(|_| budget(0.1, 1, now)).collect();
    let arrived = AtomicU32::new(0);
    let outcomes: Vec<Vec<bool>> = thread::scope(|scope| {
        let ask = || {
            let ask_one = |(round, budget): (u32, &Budget)| {
                meet(&arrived, 2, round);
                budget.withdraw(now).is_some()
            };
            (1..).zip(&budgets).map(ask_one).collect()
        };
        let threads = [scope.spawn(ask), scope.spawn(ask)];
        threads
            .map(|thread| thread.join().expect("no panic"))
            .into()
    });
    assert!(
        outcomes[0]
            .iter()
            .zip(&outcomes[1])
            .all(|(one, other)| one != other)
    );
}

#[test]
fn threads_that_ask_all_at_once_get_what_there_is() {
    let now = start();
    let budget = budget(0.1, 100, now);
    let got = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| got.fetch_add(granted(&budget, 1_000, now), SeqCst));
        }
    });
    assert_eq!(got.into_inner(), 100);
}

#[test]
fn threads_on_both_sides_of_a_tick_that_also_give_back_never_hold_too_many() {
    let epoch = start();
    let budget = budget(0.1, 3, epoch);
    let held = AtomicI64::new(0);
    let most = AtomicI64::new(0);
    let granted = AtomicU32::new(0);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (budget, held, most, granted) = (&budget, &held, &most, &granted);
            scope.spawn(move || {
                for round in 0..20_000 {
                    let now = epoch + SECOND * ((thread + round) % 2);
                    if let Some(grant) = budget.withdraw(now) {
                        granted.fetch_add(1, SeqCst);
                        most.fetch_max(held.fetch_add(1, SeqCst) + 1, SeqCst);
                        held.fetch_sub(1, SeqCst);
                        budget.give_back(grant);
                    }
                }
            });
        }
    });
    assert!(most.into_inner() <= 3);
    assert!(
        granted.into_inner() > 3,
        "what is given back is granted again"
    );
    assert!(
        (budget.balance(epoch + SECOND) - 3.0).abs() < f64::EPSILON,
        "nothing leaked"
    );
}

#[test]
fn while_threads_deposit_and_undo_across_ticks_no_reader_sees_too_many() {
    const EACH: u32 = 100_000;
    let epoch = start();
    let budget = budget(1.0, 0, epoch);
    let (begun, over) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for call in 0..EACH {
                    let now = epoch + Duration::from_millis(u64::from(call) / 2);
                    // Told before it is made, so that what is seen was told.
                    if call % 2 == 0 {
                        begun.fetch_add(1, SeqCst);
                    }
                    let deposit = budget.deposit(now);
                    if call % 2 == 1 {
                        budget.undo(deposit);
                    }
                }
                over.fetch_add(1, SeqCst);
            });
        }
        scope.spawn(|| {
            while over.load(SeqCst) < 3 {
                let seen = budget.balance(epoch + 50 * SECOND);
                let told = begun.load(SeqCst);
                // Each of three threads may have made one that it is about to undo.
                assert!(seen <= f64::from(told + 3), "{seen} of {told}");
            }
        });
    });
    let left = budget.balance(epoch + 50 * SECOND);
    assert!((left - f64::from(3 * EACH / 2)).abs() < 1e-3, "{left}");
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
