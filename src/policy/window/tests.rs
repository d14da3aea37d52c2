//! The window against a naive list, and under threads.

use std::collections::VecDeque;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use proptest::prelude::*;

use super::Window;
use crate::policy::test_threads::meet;

#[test]
fn it_counts_the_last_ticks_and_this_one() {
    let window = Window::<8>::new();
    for tick in 0..5 {
        window.add(tick, tick + 1);
    }
    assert_eq!(window.sum(4, 5), 1 + 2 + 3 + 4 + 5);
    assert_eq!(window.sum(4, 8), 15, "there is nothing before tick 0");
    assert_eq!(window.sum(4, 2), 4 + 5);
    assert_eq!(window.sum(4, 0), 0);
    assert_eq!(
        window.sum(2, 2),
        2 + 3,
        "what is later than asked for does not count"
    );
}

#[test]
fn a_bucket_is_taken_over_by_its_next_tick() {
    let window = Window::<4>::new();
    assert_eq!(window.add(1, 7), 7);
    assert_eq!(window.add(5, 2), 2);
    assert_eq!(window.add(5, 1), 3);
    assert_eq!(window.sum(5, 4), 3);
}

#[test]
fn idle_time_leaves_nothing_behind() {
    let window = Window::<4>::new();
    window.add(3, 7);
    assert_eq!(window.sum(6, 4), 7);
    assert_eq!(window.sum(7, 4), 0);
    assert_eq!(window.sum(u32::MAX, 4), 0);
}

#[test]
fn a_straggler_does_not_wipe_out_the_present() {
    let window = Window::<4>::new();
    window.add(5, 2);
    window.add(1, 100);
    window.take(1);
    assert_eq!(window.sum(5, 4), 2);
    window.add(4, 1);
    assert_eq!(
        window.sum(5, 4),
        3,
        "one that is only a little late still counts"
    );
}

#[test]
fn one_is_taken_back_only_from_the_tick_it_was_added_to() {
    let window = Window::<4>::new();
    window.add(1, 2);
    window.take(1);
    assert_eq!(window.sum(1, 1), 1);
    window.take(1);
    window.take(1);
    assert_eq!(window.sum(1, 1), 0, "never below zero");
    window.add(2, 1);
    window.add(6, 5);
    window.take(2);
    assert_eq!(
        window.sum(6, 4),
        5,
        "tick 2 is gone, and tick 6 in its bucket is not touched"
    );
}

#[test]
fn a_full_bucket_saturates() {
    let window = Window::<4>::new();
    window.add(u32::MAX, u32::MAX);
    assert_eq!(window.add(u32::MAX, 9), u32::MAX);
    window.add(u32::MAX - 1, u32::MAX);
    assert_eq!(window.sum(u32::MAX, 4), 2 * u64::from(u32::MAX));
}

#[test]
fn threads_that_add_and_take_over_buckets_at_once_lose_nothing() {
    const THREADS: u32 = 4;
    const ROUNDS: u32 = 200_000;
    let window = Window::<4>::new();
    let start_line = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start_line.wait();
                for round in 0..ROUNDS {
                    // All go through the ticks in step, so that each bucket is fought over.
                    let tick = round / (ROUNDS / 4);
                    window.add(tick, 3);
                    window.take(tick);
                }
            });
        }
    });
    assert_eq!(window.sum(3, 4), u64::from(THREADS * ROUNDS * 2));
}

#[test]
fn threads_that_take_over_the_same_bucket_at_once_are_each_told_their_own_place() {
    const TICKS: u32 = 20_000;
    let window = Window::<1>::new();
    let arrived = AtomicU32::new(0);
    let places = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for tick in 1..=TICKS {
                    meet(&arrived, 2, tick);
                    places.fetch_add(window.add(tick, 1), SeqCst);
                }
            });
        }
    });
    assert_eq!(places.into_inner(), TICKS * (1 + 2));
}

proptest! {
    #[test]
    fn it_agrees_with_a_list_of_everything(
        steps in prop::collection::vec((0..12_u32, 0..4_u32, 0..5_u32, any::<bool>()), 1..200),
        last in 0..=8_u32,
    ) {
        let window = Window::<8>::new();
        let mut all: VecDeque<(u32, u32)> = VecDeque::new();
        let mut newest = 0_u32;
        for (ahead, behind, n, take) in steps {
            newest += ahead / 4;
            let tick = newest.saturating_sub(behind);
            window.add(tick, n);
            all.push_back((tick, n));
            if take {
                window.take(tick);
                if let Some(one) = all.iter_mut().find(|(t, n)| *t == tick && *n > 0) {
                    one.1 -= 1;
                }
            }
            all.retain(|(t, _)| t + 8 > newest);
            let naive: u32 = all.iter().filter(|(t, _)| t + last > newest).map(|(_, n)| n).sum();
            prop_assert_eq!(window.sum(newest, last), u64::from(naive));
        }
    }
}
