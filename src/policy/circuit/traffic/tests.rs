//! Traffic as its upstream was used.

use std::thread;
use std::time::{Duration, Instant};

use super::normal::{MIN_NORMAL, MIN_OBSERVED};
use super::{Normal, Traffic};
use crate::policy::test_clock;

fn after(start: Instant, seconds: f64) -> Instant {
    start + Duration::from_secs_f64(seconds)
}

#[test]
fn ten_healthy_minutes_teach_the_rate_sent() {
    let start = test_clock::start();
    let traffic = Traffic::new(start);
    (0..1_200).for_each(|half| traffic.sent(after(start, f64::from(half) / 2.0)));
    let normal = traffic.normal(after(start, 600.0));
    assert!(
        normal.learned && (normal.rate - 2.0).abs() < 0.05,
        "{normal:?}"
    );
}

#[test]
fn an_outage_is_not_part_of_the_healthy_minutes() {
    let start = test_clock::start();
    let traffic = Traffic::new(start);
    (0..600).for_each(|s| traffic.sent(after(start, f64::from(s))));
    traffic.stop(after(start, 600.0));
    let during = traffic.normal(after(start, 1_800.0));
    assert!(
        during.learned && (during.rate - 1.0).abs() < 0.05,
        "{during:?}"
    );
    traffic.resume(after(start, 1_800.0));
    let later = traffic.normal(after(start, 1_830.0));
    assert!(
        (later.rate - 0.95).abs() < 0.06,
        "thirty idle seconds of ten minutes: {later:?}"
    );
}

#[test]
fn a_young_process_goes_by_what_arrives_and_counts_a_key_once() {
    let start = test_clock::start();
    let traffic = Traffic::new(start);
    for call in 0..60_u64 {
        for again in 0..10 {
            let at = after(start, call as f64 + 0.1 * f64::from(again));
            traffic.arrive(at, Some(call + 1));
        }
    }
    let normal = traffic.normal(after(start, 60.0));
    assert!(
        !normal.learned && (normal.rate - 1.0).abs() < 0.05,
        "{normal:?}"
    );
}

#[test]
fn the_first_moment_is_not_a_rate() {
    let start = test_clock::start();
    let traffic = Traffic::new(start);
    (0..3).for_each(|_| traffic.arrive(start, None));
    assert!((traffic.normal(start).rate - 0.3).abs() < 1e-9);
}

#[test]
fn an_idle_upstream_has_a_normal_all_the_same() {
    let start = test_clock::start();
    let normal = Traffic::new(start).normal(after(start, 86_400.0));
    assert_eq!(
        normal,
        Normal {
            rate: MIN_NORMAL,
            learned: true
        }
    );
}

#[test]
fn the_median_follows_a_server_that_became_slower_for_good() {
    let start = test_clock::start();
    let traffic = Traffic::new(start);
    (0..3_000)
        .for_each(|s| traffic.succeeded(after(start, f64::from(s)), Duration::from_millis(20)));
    (3_000..6_000).for_each(|s| {
        traffic.succeeded(after(start, f64::from(s)), Duration::from_millis(200));
    });
    assert!(traffic.median().unwrap() > Duration::from_millis(190));
}

#[test]
fn what_this_second_holds_and_what_is_behind_it_are_one_count() {
    let start = test_clock::start();
    let traffic = Traffic::new(start);
    for second in [0.0, 0.5, 1.0, 1.5, 1.5] {
        traffic.succeeded(after(start, second), Duration::ZERO);
    }
    traffic.failed(after(start, 1.0));
    let now = after(start, 1.9);
    assert_eq!(traffic.successes(now, 1), 3);
    assert_eq!(traffic.successes(now, 2), 5);
    assert_eq!((traffic.failures(now, 2), traffic.answers(now, 2)), (1, 6));
    assert_eq!(traffic.answers(after(start, 62.0), 60), 0);
}

#[test]
fn a_call_once_in_a_while_needs_no_history() {
    let start = test_clock::start();
    let traffic = Traffic::new(start);
    for hour in 0..5 {
        let now = after(start, f64::from(hour) * 3_600.0);
        traffic.arrive(now, Some(7));
        traffic.sent(now);
        traffic.succeeded(now, Duration::from_millis(20));
        assert_eq!(traffic.successes(now, 60), 1);
    }
    assert!(traffic.history.get().is_none());
    traffic.sent(after(start, 4.0 * 3_600.0 + 1.0));
    assert!(traffic.history.get().is_some());
}

#[test]
fn what_was_sent_just_before_an_outage_belongs_to_the_time_before() {
    let start = test_clock::start();
    let traffic = Traffic::new(start);
    (0..600).for_each(|s| traffic.sent(after(start, f64::from(s))));
    // All in the last second, which no later one has handed on.
    (0..600).for_each(|_| traffic.sent(after(start, 599.5)));
    traffic.stop(after(start, 600.0));
    traffic.resume(after(start, 100_000.0));
    let later = traffic.normal(after(start, 100_000.0));
    assert!((later.rate - 2.0).abs() < 0.1, "{later:?}");
}

#[test]
fn threads_that_count_at_once_lose_nothing() {
    const EACH: u32 = 50_000;
    let start = test_clock::start();
    let traffic = Traffic::new(start);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for call in 0..EACH {
                    let now = start + Duration::from_millis(u64::from(call) / 20);
                    traffic.arrive(now, None);
                    traffic.sent(now);
                    traffic.succeeded(now, Duration::from_millis(20));
                }
            });
        }
    });
    let now = after(start, 2.5);
    assert_eq!(traffic.successes(now, 60), u64::from(4 * EACH));
    let arrived = traffic.normal(now).rate * MIN_OBSERVED.as_secs_f64();
    assert!((arrived - f64::from(4 * EACH)).abs() < 1e-3, "{arrived}");
    traffic.stop(now);
    traffic.resume(now);
    let arrived = traffic.normal(now).rate * MIN_OBSERVED.as_secs_f64();
    assert!((arrived - f64::from(4 * EACH)).abs() < 1e-3, "{arrived}");
    assert!(traffic.median().unwrap() >= Duration::from_millis(20));
}
