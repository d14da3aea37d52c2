//! Limits that come, change and go while calls are made.

use super::*;
use crate::middleware::throttle::Throttle;

/// The throttle without a circuit, and without a limit.
fn alone(upstream: &Script) -> (Upstreams, Throttle<Script>) {
    let upstreams = Upstreams::with_seed(external().build().unwrap(), 7);
    let layer = ThrottleLayer::new(upstreams.clone());
    (upstreams, layer.layer(upstream.clone()))
}

fn apply(upstreams: &Upstreams, change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) {
    let builder = upstreams.policy().to_builder();
    let policy = change(builder).build().unwrap();
    upstreams.apply(policy).unwrap();
}

fn limit(upstreams: &Upstreams, rate: Option<f64>) {
    let control = upstreams.control();
    control.set_rate("https://gateway.test", rate).unwrap();
}

/// Started all at once; how many have got through without time.
async fn burst<S>(service: &S, calls: usize) -> (usize, Vec<JoinHandle<Throttled>>)
where
    S: Service<Call, Response = Response<ThrottledBody<Tracked>>, Error = Error> + Clone,
    S: Send + 'static,
    S::Future: Send,
{
    let mut started = Vec::new();
    for number in 0..calls {
        started.push(start(service, numbered(number)).await);
    }
    let through = started.iter().filter(|call| call.is_finished()).count();
    (through, started)
}

#[tokio::test(start_paused = true)]
async fn an_operators_rate_is_kept_by_the_throttle_alone_too() {
    let upstream = Script::new([]);
    let (upstreams, service) = alone(&upstream);
    assert_eq!(burst(&service, 50).await.0, 50);
    limit(&upstreams, Some(2.0));
    let (through, waiting) = burst(&service, 6).await;
    assert_eq!(through, 2);
    pass(millis(1_010)).await;
    assert_eq!(upstream.count(), 50 + 4);
    limit(&upstreams, None);
    settle().await;
    assert!(
        waiting.iter().all(JoinHandle::is_finished),
        "nothing is waited for any more"
    );
    assert_eq!(burst(&service, 50).await.0, 50);
}

#[tokio::test(start_paused = true)]
async fn an_operators_rate_of_another_upstream_does_not_concern_it() {
    let (upstreams, service) = alone(&Script::new([]));
    let control = upstreams.control();
    control.set_rate("https://other.test", Some(0.1)).unwrap();
    assert_eq!(burst(&service, 50).await.0, 50);
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_a_new_policy_allows_holds_from_then_on() {
    let upstream = Script::new([]);
    let (upstreams, service) = alone(&upstream);
    assert_eq!(burst(&service, 50).await.0, 50);
    apply(&upstreams, |policy| policy.declared_peak_per_second(1.0));
    burst(&service, 50).await;
    assert_eq!(upstream.count(), 50 + 11);
}

#[tokio::test(start_paused = true)]
async fn in_the_whole_stack_no_attempt_of_a_new_limit_counts_twice() {
    let upstream = Script::new([]);
    let (upstreams, service) = whole(external(), &upstream);
    assert_eq!(burst(&service, 50).await.0, 50);
    limit(&upstreams, Some(10.0));
    assert_eq!(burst(&service, 30).await.0, 10);
}

#[tokio::test(start_paused = true)]
async fn where_no_circuit_follows_the_rate_holds_again_when_a_maintenance_is_over() {
    let upstream = Script::new([]);
    let (upstreams, service) = alone(&upstream);
    limit(&upstreams, Some(2.0));
    let until = clock::wall() + secs(60);
    let control = upstreams.control();
    control
        .open_until("https://gateway.test", until, "ticket 4711")
        .unwrap();
    let refused = service.clone().oneshot(put()).await;
    assert_eq!(refusal(&refused), Some(Refusal::Maintenance));
    pass(secs(70)).await;
    let begun = clock::now();
    while clock::now() < begun + secs(100) {
        let _ = burst(&service, 20).await;
        pass(secs(1)).await;
    }
    let sent = upstream.count();
    assert!((190..=204).contains(&sent), "two a second: {sent}");
}

#[tokio::test(start_paused = true)]
async fn a_higher_number_at_once_lets_those_who_wait_go() {
    let upstream = Script::new([]);
    let (upstreams, service) = whole(at_most(2), &upstream);
    let (through, waiting) = burst(&service, 10).await;
    assert_eq!(through, 2);
    apply(&upstreams, |policy| policy.max_concurrency(5));
    settle().await;
    assert_eq!(waiting.iter().filter(|call| call.is_finished()).count(), 5);
    assert_eq!(paths(&upstream, 2), ["/2", "/3", "/4"]);
}

#[tokio::test(start_paused = true)]
async fn a_lower_one_holds_once_the_calls_under_way_are_over() {
    let upstream = Script::new([]);
    let (upstreams, service) = whole(at_most(4), &upstream);
    let (_, mut held) = burst(&service, 4).await;
    apply(&upstreams, |policy| policy.max_concurrency(2));
    let next = start(&service, numbered(4)).await;
    for left in [3, 2] {
        drop(held.pop().unwrap().await);
        settle().await;
        assert!(!next.is_finished(), "{left} are under way");
    }
    drop(held.pop().unwrap().await);
    settle().await;
    assert!(next.is_finished());
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_any_more_nobody_waits_for_a_place() {
    let upstream = Script::new([]);
    let (upstreams, service) = whole(at_most(1), &upstream);
    let (_, waiting) = burst(&service, 10).await;
    let unlimited = external().build().unwrap();
    upstreams.apply(unlimited).unwrap();
    settle().await;
    assert!(waiting.iter().all(JoinHandle::is_finished));
    assert_eq!(burst(&service, 50).await.0, 50);
}

#[tokio::test(start_paused = true)]
async fn a_number_at_once_that_a_new_policy_allows_holds_from_then_on() {
    let upstream = Script::new([]);
    let (upstreams, service) = alone(&upstream);
    assert_eq!(burst(&service, 50).await.0, 50);
    apply(&upstreams, |policy| policy.max_concurrency(3));
    assert_eq!(burst(&service, 50).await.0, 3);
}

#[tokio::test(start_paused = true)]
async fn lowered_and_raised_again_it_counts_those_who_never_gave_their_place_back() {
    let (upstreams, service) = whole(at_most(4), &Script::new([]));
    let (_, calls) = burst(&service, 12).await;
    apply(&upstreams, |policy| policy.max_concurrency(1));
    apply(&upstreams, |policy| policy.max_concurrency(6));
    settle().await;
    assert_eq!(calls.iter().filter(|call| call.is_finished()).count(), 6);
}

#[tokio::test(start_paused = true)]
async fn where_a_circuit_follows_a_maintenance_ends_by_a_probe_and_a_pace() {
    let (upstreams, service) = whole(peak(), &Script::new([]));
    let control = upstreams.control();
    let until = clock::wall() + secs(60);
    control
        .open_until("https://gateway.test", until, "ticket 4711")
        .unwrap();
    pass(secs(70)).await;
    service.clone().oneshot(put()).await.unwrap();
    let seen = control.snapshot("https://gateway.test").unwrap();
    assert_eq!(seen.state, crate::policy::circuit::CircuitState::Paced);
}
