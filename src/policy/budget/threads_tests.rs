//! The budget under threads.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use super::Budget;
use super::tests::{SECOND, budget, granted};
use crate::policy::test_clock::start;
use crate::policy::test_threads::meet;

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
                // Each of three threads may have made one that it is about to undo. The whole part
                // is what would be granted: the rest is the slack of the ratio's product.
                assert!(seen.floor() <= f64::from(told + 3), "{seen} of {told}");
            }
        });
    });
    let left = budget.balance(epoch + 50 * SECOND);
    assert!((left - f64::from(3 * EACH / 2)).abs() < 1e-3, "{left}");
}
