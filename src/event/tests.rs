//! What is told, in order.

mod attempts;
mod balance;
mod names;
mod observers;

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower::ServiceExt;
use tower_layer::Layer;

use super::*;
use crate::middleware::testing::*;
use crate::policy::Failure;
use crate::{Policy, PolicyBuilder, Provider, ResilienceLayer, Rule, Upstreams};

/// Writes down what it is told, and forgets it when it is read.
#[derive(Debug, Default)]
struct Diary(Mutex<Vec<String>>);

impl Observer for Diary {
    fn observe(&self, event: &Event<'_>) {
        let what = match event {
            // What follows it says as much.
            Event::AttemptStarted { .. } => return,
            Event::AttemptFinished { number, end, .. } => format!(" {number} {}", end.as_str()),
            Event::RetryScheduled {
                number,
                after,
                because,
                ..
            } => {
                format!(
                    " {number} in {:.0}s after {}",
                    after.as_secs_f64(),
                    because.as_str()
                )
            }
            Event::RetryRefused {
                attempts,
                reason,
                because,
                ..
            } => {
                format!(
                    " {} after {attempts}, {}",
                    reason.as_str(),
                    because.as_str()
                )
            }
            Event::CallRefused { refusal, .. } => format!(" {}", refusal.as_str()),
            Event::GateClosed { status, asked, .. } => {
                format!(" {} for {}s", status.as_str(), asked.as_secs())
            }
            Event::ThrottleSlowed { rate, because, .. } => {
                format!(" to {rate:.1}/s by {}", because.as_str())
            }
            Event::CircuitChanged { from, to, .. } => format!(" {from:?} to {to:?}"),
            _ => String::new(),
        };
        let line = format!("{}{what}", event.name());
        self.0.lock().unwrap().push(line);
    }
}

/// A stack whose events are written down.
struct Watched {
    diary: Arc<Diary>,
    service: crate::middleware::Resilience<Script>,
}

impl Watched {
    fn new(policy: PolicyBuilder, upstream: &Script) -> Self {
        let diary = Arc::new(Diary::default());
        let upstreams = Upstreams::builder(policy.build().unwrap())
            .seed(7)
            .observer(Arc::clone(&diary))
            .build();
        let service = ResilienceLayer::over(upstreams).layer(upstream.clone());
        Self { diary, service }
    }

    /// What one call makes it write down.
    async fn told_by(&self, request: Call) -> Vec<String> {
        let _ = self.service.clone().oneshot(request).await;
        std::mem::take(&mut *self.diary.0.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_tells_of_each_attempt_and_of_the_wait_between() {
    let upstream = Script::new([status(500), failure(Failure::Reset), status(200)]);
    let watched = Watched::new(payments().backoff(steady()), &upstream);
    assert_eq!(
        watched.told_by(keyed()).await,
        [
            "attempt_finished 1 500",
            "retry_scheduled 2 in 1s after 500",
            "attempt_finished 2 reset",
            "retry_scheduled 3 in 2s after reset",
            "attempt_finished 3 200",
        ]
    );
    assert_eq!(watched.told_by(get()).await, ["attempt_finished 1 200"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_sent_again_says_why() {
    let upstream = Script::new([status(402), failure(Failure::Reset)]);
    let watched = Watched::new(payments(), &upstream);
    let declined = watched.told_by(keyed()).await;
    assert_eq!(declined[1..], ["retry_refused permanent after 1, 402"]);
    let unkeyed = Watched::new(external(), &upstream).told_by(post()).await;
    assert_eq!(
        unkeyed[1..],
        ["retry_refused not_idempotent after 1, reset"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_maintenance_is_told_from_its_first_answer_to_the_last_limit_lifted() {
    let upstream = Script::new([retry_after(503, 1_200)]);
    let watched = Watched::new(payments(), &upstream);
    assert_eq!(
        watched.told_by(keyed()).await,
        [
            "attempt_finished 1 503",
            "gate_closed 503 for 1200s",
            "circuit_changed Closed to Open",
            "retry_refused deadline_too_near after 1, 503",
        ]
    );
    assert_eq!(watched.told_by(keyed()).await, ["call_refused gate_closed"]);

    pass(secs(1_300)).await;
    assert_eq!(
        watched.told_by(keyed()).await,
        [
            "gate_lifted",
            "circuit_changed Open to HalfOpen",
            "attempt_finished 1 200",
            "circuit_changed HalfOpen to Paced",
        ]
    );
    pass(secs(600)).await;
    assert_eq!(
        watched.told_by(keyed()).await,
        ["circuit_changed Paced to Closed", "attempt_finished 1 200"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_longer_retry_after_moves_the_gate_a_shorter_one_is_no_news() {
    let slow = |seconds| retry_after(503, seconds).after(secs(10));
    let upstream = Script::new([slow(600), slow(60), slow(1_200)]);
    let watched = Watched::new(payments(), &upstream);
    let calls = ["a", "b", "c"].map(|key| {
        let request = with_header(post(), "idempotency-key", key);
        watched.service.clone().oneshot(request)
    });
    for call in calls.map(tokio::spawn) {
        let _ = call.await.unwrap();
    }
    let told = std::mem::take(&mut *watched.diary.0.lock().unwrap());
    let gates: Vec<_> = told
        .iter()
        .filter(|line| line.starts_with("gate"))
        .collect();
    assert_eq!(
        gates,
        ["gate_closed 503 for 600s", "gate_closed 503 for 1200s"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_429_closes_a_gate_and_leaves_the_circuit_alone() {
    let upstream = Script::new([retry_after(429, 60)]);
    let told = Watched::new(external(), &upstream).told_by(get()).await;
    assert_eq!(
        told[..2],
        ["attempt_finished 1 429", "gate_closed 429 for 60s"]
    );
    assert!(!told.iter().any(|line| line.starts_with("circuit")));
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_falls_is_told_with_the_reason() {
    let slow = status(200).header("ratelimit", "\"day\";r=30;t=60");
    let upstream = Script::new([slow, status(429)]);
    let policy = external().declared_peak_per_second(10.0).max_attempts(1);
    let watched = Watched::new(policy, &upstream);
    let told = watched.told_by(get()).await;
    assert_eq!(
        told,
        [
            "attempt_finished 1 200",
            "throttle_slowed to 1.1/s by rate_limit_header"
        ]
    );
    pass(secs(61)).await;
    let told = watched.told_by(get()).await;
    assert_eq!(told[1], "throttle_slowed to 7.7/s by too_many_requests");
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_that_means_nothing_is_told() {
    let upstream = Script::new([status(503).header("retry-after", "soon")]);
    let told = Watched::new(external(), &upstream).told_by(get()).await;
    assert!(told.contains(&"retry_after_ignored".to_owned()), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_policy_dares_is_told_when_it_is_put_to_use() {
    let bold = external().max_attempts(3).require_https(false);
    let bold = bold.allow(Rule::PlainHttp, "a sidecar does TLS");
    let watched = Watched::new(bold, &Script::new([]));
    assert_eq!(
        watched.told_by(get()).await,
        ["override_in_force", "attempt_finished 1 200"]
    );
    let mistaken = Provider {
        key_life: Duration::ZERO,
        ..Provider::generic()
    };
    let diary = Arc::new(Diary::default());
    let _ = Upstreams::builder(Policy::external_payments(mistaken))
        .observer(Arc::clone(&diary))
        .build();
    assert_eq!(*diary.0.lock().unwrap(), ["profile_ignored"]);
}

/// Everything that can be printed of every event.
#[derive(Default)]
struct Gossip(Mutex<String>);

impl Observer for Gossip {
    fn observe(&self, event: &Event<'_>) {
        writeln!(self.0.lock().unwrap(), "{event:?}").unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn no_event_holds_a_secret() {
    let gossip = Arc::new(Gossip::default());
    let upstreams = Upstreams::builder(payments().build().unwrap())
        .observer(Arc::clone(&gossip))
        .build();
    let upstream = Script::new([
        status(500).header("set-cookie", "s3cret"),
        Step::Fail("s3cret".into()),
        retry_after(503, 600),
    ]);
    let service = ResilienceLayer::over(upstreams).layer(upstream);
    for _ in 0..3 {
        let request = with_header(keyed(), "authorization", "Bearer s3cret");
        let _ = service.clone().oneshot(request).await;
    }
    let told = gossip.0.lock().unwrap();
    assert!(told.contains("GateClosed") && told.contains("CallRefused"));
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn what_wakes_somebody_is_an_open_circuit_and_a_long_gate() {
    use crate::policy::circuit::CircuitState::{Closed, Open, Paced};

    let changed = |from, to| Event::CircuitChanged {
        upstream: "https://gateway.test:443",
        from,
        to,
    };
    assert!(changed(Closed, Open).is_alarming());
    assert!(!changed(Paced, Closed).is_alarming());
    let closed = |seconds| Event::GateClosed {
        upstream: "https://gateway.test:443",
        status: http::StatusCode::SERVICE_UNAVAILABLE,
        asked: secs(seconds),
    };
    assert!(closed(301).is_alarming());
    assert!(!closed(300).is_alarming());
}
