//! The circuit layer alone, on a service that knows nothing of it.

mod gate;
mod half_open;
mod rate_limit;
mod told;
mod trip;
mod waiting;

use http::Response;
use tokio::task::JoinHandle;
use tower::ServiceExt;
use tower_layer::Layer;

use super::{CircuitBreaker, CircuitLayer};
use crate::middleware::attempt_timeout::{AttemptTimeout, AttemptTimeoutLayer};
use crate::middleware::testing::*;
use crate::policy::{Delivery, Failure, Refusal};
use crate::{Error, PolicyBuilder, Upstreams, clock};

/// A circuit around an upstream, with the timeout inside it.
#[derive(Clone)]
struct Guarded {
    upstreams: Upstreams,
    service: CircuitBreaker<AttemptTimeout<Script>>,
}

impl Guarded {
    fn new(policy: PolicyBuilder, upstream: &Script) -> Self {
        Self::seeded(policy, upstream, 7)
    }

    fn seeded(policy: PolicyBuilder, upstream: &Script, seed: u64) -> Self {
        let policy = policy.build().unwrap();
        let timed = AttemptTimeoutLayer::new(policy.attempt_timeout()).layer(upstream.clone());
        let upstreams = Upstreams::with_seed(policy, seed);
        Self {
            service: CircuitLayer::new(upstreams.clone()).layer(timed),
            upstreams,
        }
    }

    async fn send(&self, request: Call) -> Outcome {
        self.service.clone().oneshot(request).await
    }

    /// Sends it in a task of its own, as far as it goes without time.
    async fn start(&self, request: Call) -> JoinHandle<Outcome> {
        let call = tokio::spawn(self.service.clone().oneshot(request));
        settle().await;
        call
    }

    /// Ten calls a second for five minutes: what the upstream is used to.
    async fn healthy(&self) {
        for _ in 0..3_010 {
            self.send(put()).await.unwrap();
            pass(millis(100)).await;
        }
    }
}

fn refusal(outcome: &Outcome) -> Option<Refusal> {
    outcome.as_ref().err().and_then(Error::refusal)
}

/// As many failures as trip the circuit, a second apart.
fn tripping() -> impl Iterator<Item = Step> {
    (0..5).map(|_| status(500))
}

async fn trip(circuit: &Guarded) {
    for _ in 0..5 {
        assert_eq!(refusal(&circuit.send(put()).await), None);
        pass(secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn while_nothing_is_wrong_answers_and_errors_pass_unchanged() {
    let upstream = Script::new([
        status(200),
        status(404),
        failure(Failure::Refused),
        status(200),
    ]);
    let circuit = Guarded::new(external(), &upstream);
    assert_eq!(circuit.send(get()).await.unwrap().status(), 200);
    assert_eq!(circuit.send(get()).await.unwrap().status(), 404);
    let error = circuit.send(get()).await.unwrap_err();
    assert_eq!(error.failure(), Some(Failure::Refused));
    assert_eq!(circuit.send(post()).await.unwrap().status(), 200);
}

#[test]
fn a_call_that_passes_at_once_makes_no_timer() {
    let answered = without_timers(async {
        let upstream = Script::new([status(503)]);
        let layer = CircuitLayer::new(Upstreams::new(external().build().unwrap()));
        layer.layer(upstream).oneshot(get()).await
    });
    assert_eq!(answered.unwrap().status(), 503);
}

#[tokio::test]
async fn it_is_ready_when_the_inner_service_is() {
    let layer = CircuitLayer::new(Upstreams::new(external().build().unwrap()));
    let (mut service, mut inner) = tower_test::mock::spawn_layer::<Call, Response<()>, _>(layer);
    inner.allow(0);
    assert!(service.poll_ready().is_pending());
    inner.allow(1);
    assert!(service.poll_ready().is_ready());
}
