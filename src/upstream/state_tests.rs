//! What a healthy call counts, and what of an upstream is made only when it is needed.

use super::*;
use crate::clock;
use crate::policy::circuit::Ending;
use crate::policy::{Health, Priority};
use crate::upstream::Upstreams;

const SECOND: Duration = Duration::from_secs(1);

fn upstream(policy: Policy) -> Arc<Upstream> {
    let upstreams = Upstreams::bounded(policy, 8);
    upstreams.find(&http::Request::get("https://api.example/").body(()).unwrap())
}

fn background() -> Call {
    Call {
        priority: Priority::Background,
        ..Call::default()
    }
}

/// Calls per second that arrived, and retries that were earned.
fn counted(upstream: &Upstream, now: Instant) -> (f64, f64) {
    let floor = upstream.budget().settings().floor_per_minute();
    let earned = upstream.budget().balance(now) - f64::from(floor);
    (upstream.normal(now).rate, earned)
}

fn near(counted: (f64, f64), expected: (f64, f64)) -> bool {
    (counted.0 - expected.0).abs() < 1e-9 && (counted.1 - expected.1).abs() < 1e-9
}

#[tokio::test]
async fn what_is_begun_at_once_counts_as_each_of_its_parts_does() {
    let now = clock::now();
    let (by_parts, at_once) = (upstream(Policy::internal()), upstream(Policy::internal()));
    for key in [Some(1), Some(2), None, Some(2)] {
        let call = Call {
            key,
            ..Call::default()
        };
        by_parts.arrive(now, &call);
        let permit = by_parts.admit_untroubled(now, &call).unwrap();
        by_parts.budget().deposit(now);
        let (same, _) = at_once.begin_first(now, &call).unwrap();
        assert_eq!(permit, same);
    }
    // Over ten seconds, and a fifth of the first attempts.
    assert!(near(counted(&by_parts, now), (0.3, 0.8)));
    assert!(near(counted(&at_once, now), (0.3, 0.8)));
    assert!(at_once.begin(now, &Call::default(), || None).is_some());
    assert!(
        near(counted(&at_once, now), (0.4, 0.8)),
        "no deposit of its own"
    );
}

#[tokio::test]
async fn what_cannot_begin_at_once_counts_nothing() {
    let now = clock::now();
    let upstream = upstream(Policy::internal());
    assert!(upstream.begin(now, &background(), || None).is_none());
    assert!(upstream.begin_first(now, &background()).is_none());
    assert!(near(counted(&upstream, now), (0.1, 0.0)));
    let permit = upstream.begin(now, &Call::default(), || None).unwrap();
    upstream.finish(now, permit, &Ending::new(Health::Failure));
    assert!(upstream.begin_first(now, &Call::default()).is_none());
    assert!(near(counted(&upstream, now), (0.1, 0.0)));
}

#[tokio::test]
async fn a_deposit_that_was_begun_at_once_can_be_undone() {
    let (now, upstream) = (clock::now(), upstream(Policy::internal()));
    let (_, deposit) = upstream.begin_first(now, &Call::default()).unwrap();
    upstream.budget().undo(deposit);
    assert!(near(counted(&upstream, now), (0.1, 0.0)));
}

#[tokio::test]
async fn looking_at_a_healthy_upstream_makes_no_circuit_and_a_failure_does() {
    let (now, upstream) = (clock::now(), upstream(Policy::external()));
    let permit = upstream.begin(now, &Call::default(), || None).unwrap();
    upstream.finish(now, permit, &Ending::new(Health::Success));
    assert!(upstream.is_idle(now) && upstream.blocked(now, &background()).is_none());
    assert_eq!(upstream.snapshot(now).consecutive_failures, 0);
    assert!(!upstream.circuit.is_made());
    upstream.finish(now, permit, &Ending::new(Health::Failure));
    assert!(upstream.circuit.is_made() && !upstream.is_idle(now));
    assert_eq!(upstream.snapshot(now).consecutive_failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_is_made_late_is_as_old_as_its_upstream() {
    let upstream = upstream(Policy::external());
    let epoch = upstream.traffic.epoch();
    let policy = Policy::external();
    let mut early = Circuit::new(policy.circuit().clone(), epoch);
    tokio::time::advance(100 * SECOND).await;
    let now = clock::now();
    let late = upstream.snapshot(now);
    assert_eq!(late, early.snapshot(now, &upstream.traffic));
    upstream.finish(now, Permit::untroubled(0), &Ending::new(Health::Failure));
    early.finish(
        now,
        Permit::untroubled(0),
        &Ending::new(Health::Failure),
        0.5,
        &upstream.traffic,
    );
    assert_eq!(format!("{:?}", *upstream.circuit()), format!("{early:?}"));
}

#[tokio::test]
async fn a_circuit_that_is_made_late_goes_by_the_policy_in_force() {
    let upstreams = Upstreams::bounded(Policy::external(), 8);
    let request = http::Request::get("https://api.example/").body(()).unwrap();
    let upstream = upstreams.find(&request);
    let quick = upstreams.policy().to_builder();
    let quick = quick.declared_peak_per_second(7.0).build().unwrap();
    upstreams.apply(quick).unwrap();
    assert!(!upstream.circuit.is_made());
    assert!(upstream.limits_rate() && !upstream.is_untroubled(clock::now()));
    let limit = upstream.circuit().rate_limit().unwrap();
    assert!((limit - 7.7).abs() < 1e-9, "{limit}");
}

#[tokio::test(start_paused = true)]
async fn whoever_listens_before_it_asks_hears_the_next_change() {
    let (now, upstream) = (clock::now(), upstream(Policy::external()));
    assert!(upstream.changed.get().is_none());
    upstream.notify();
    let changed = upstream.changed();
    upstream.notify();
    let heard = tokio::time::timeout(SECOND, changed).await;
    assert!(heard.is_ok());
    assert!(upstream.is_untroubled(now));
}
