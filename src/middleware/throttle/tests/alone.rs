//! The throttle without a circuit below it, and what both make of an answer.

use std::sync::{Arc, Mutex};

use super::*;
use crate::event::{Event, Observer};
use crate::middleware::circuit::CircuitLayer;
use crate::policy::circuit::SlowedBy;

/// Writes down what slows the rate.
#[derive(Default)]
struct Slower(Mutex<Vec<(f64, SlowedBy)>>);

impl Observer for Slower {
    fn observe(&self, event: &Event<'_>) {
        if let Event::ThrottleSlowed { rate, because, .. } = *event {
            let tenths = (rate * 10.0).round() / 10.0;
            self.0.lock().unwrap().push((tenths, because));
        }
    }
}

fn watched(policy: PolicyBuilder) -> (Arc<Slower>, Upstreams) {
    let slower = Arc::new(Slower::default());
    let upstreams = Upstreams::builder(policy.build().unwrap())
        .observer(Arc::clone(&slower))
        .build();
    (slower, upstreams)
}

fn quota(code: u16, field: &str) -> Step {
    status(code).header("ratelimit", field)
}

/// What each of these answers makes of the rate: once to the throttle alone, once to both layers.
async fn told(answers: fn() -> Vec<Step>) -> Vec<(f64, SlowedBy)> {
    let (alone, upstreams) = watched(peak());
    let service = ThrottleLayer::new(upstreams).layer(Script::new(answers()));
    let (both, upstreams) = watched(peak());
    let circuit = CircuitLayer::new(upstreams.clone()).layer(Script::new(answers()));
    let guarded = ThrottleLayer::new(upstreams).layer(circuit);
    for _ in answers() {
        let _ = service.clone().oneshot(put()).await;
        let _ = guarded.clone().oneshot(put()).await;
        pass(secs(2)).await;
    }
    let told = alone.0.lock().unwrap().clone();
    assert_eq!(
        told,
        *both.0.lock().unwrap(),
        "neither none of it nor twice"
    );
    told
}

#[tokio::test(start_paused = true)]
async fn a_429_slows_it_once_whether_a_circuit_is_there_or_not() {
    let slowed = told(|| vec![status(429), retry_after(429, 1), status(200), status(500)]).await;
    let because = SlowedBy::TooManyRequests;
    assert_eq!(slowed, [(7.7, because), (5.4, because)]);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_runs_out_slows_it_before_there_is_a_429() {
    let slowed = told(|| vec![quota(200, r#""day";r=90;t=60"#), quota(200, "garbage")]).await;
    assert_eq!(slowed, [(1.5, SlowedBy::RateLimitHeader)]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_limits_no_header_slows() {
    let (slower, upstreams) = watched(at_most(3));
    let answers = [
        quota(200, r#""day";r=0;t=60"#),
        quota(429, r#""day";r=0;t=60"#),
    ];
    let service = ThrottleLayer::new(upstreams).layer(Script::new(answers));
    for _ in 0..3 {
        assert!(service.clone().oneshot(put()).await.is_ok());
    }
    assert!(slower.0.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn alone_it_recovers_by_its_own_successes() {
    let (_, upstreams) = watched(peak());
    let service = ThrottleLayer::new(upstreams.clone()).layer(Script::new([status(429)]));
    let mut sent_in = Vec::new();
    for _ in 0..12 {
        let mut sent = 0;
        let ends = clock::now() + secs(5);
        while clock::now() < ends {
            sent += usize::from(service.clone().oneshot(put()).await.is_ok());
        }
        sent_in.push(sent);
    }
    assert!(sent_in[0] < 50 && sent_in[11] >= 54, "{sent_in:?}");
}

#[tokio::test(start_paused = true)]
async fn alone_it_obeys_the_gate_that_a_429_closes() {
    let (_, upstreams) = watched(peak());
    let upstream = Script::new([retry_after(429, 60)]);
    let service = ThrottleLayer::new(upstreams).layer(upstream.clone());
    assert_eq!(service.clone().oneshot(put()).await.unwrap().status(), 429);
    let refused = service.clone().oneshot(put()).await;
    assert_eq!(refusal(&refused), Some(Refusal::RateLimit));
    let other = with_header(put(), "authorization", "another");
    assert!(service.clone().oneshot(other).await.is_ok());
    pass(secs(67)).await;
    assert!(service.clone().oneshot(put()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn alone_it_leaves_failures_and_the_gate_of_a_503_to_a_circuit() {
    let (_, upstreams) = watched(peak());
    let answers = (0..10).map(|_| retry_after(503, 600));
    let service = ThrottleLayer::new(upstreams).layer(Script::new(answers));
    for _ in 0..10 {
        assert_eq!(service.clone().oneshot(put()).await.unwrap().status(), 503);
        pass(secs(1)).await;
    }
    assert_eq!(service.clone().oneshot(put()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn it_is_ready_when_the_inner_service_is() {
    let layer = ThrottleLayer::new(Upstreams::new(at_most(1).build().unwrap()));
    let (mut service, mut inner) = tower_test::mock::spawn_layer::<Call, Response<()>, _>(layer);
    inner.allow(0);
    assert!(service.poll_ready().is_pending());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
}

#[tokio::test(start_paused = true)]
async fn an_inner_error_passes_unchanged() {
    let (_, upstreams) = watched(peak().max_concurrency(1));
    let upstream = Script::new([failure(crate::policy::Failure::Refused)]);
    let service = ThrottleLayer::new(upstreams).layer(upstream);
    let error = service.clone().oneshot(put()).await.unwrap_err();
    assert_eq!(error.failure(), Some(crate::policy::Failure::Refused));
    assert!(service.oneshot(put()).await.is_ok(), "its place is free");
}
