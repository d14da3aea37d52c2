//! The whole stack around a scripted upstream.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tower::ServiceExt;
use tower_layer::Layer;

use super::*;
use crate::middleware::throttle::ThrottledBody;
use crate::middleware::{Resilience, ResilienceLayer};
use crate::policy::backoff::{Backoff, Jitter};
use crate::policy::{Delivery, StopReason};
use crate::{Error, Policy, PolicyBuilder, Provider, Report, Upstreams};

/// Payments with a provider that honours keys, and a budget that does not get in the way.
pub(crate) fn payments() -> PolicyBuilder {
    Policy::external_payments(Provider::generic())
        .to_builder()
        .budget(0.5, 10)
}

/// Someone else's API, and a budget that does not get in the way.
pub(crate) fn external() -> PolicyBuilder {
    Policy::external().to_builder().budget(0.5, 10)
}

/// A backoff of exactly 1 s, 2 s, 4 s. External policies want jitter, so it is next to none.
pub(crate) fn steady() -> Backoff {
    Backoff::new(secs(1), 2.0, secs(60), Jitter::Proportional(1e-6)).unwrap()
}

/// The whole stack around an upstream, and what its calls share.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    pub(crate) upstreams: Upstreams,
    service: Resilience<Script>,
}

impl Stack {
    pub(crate) fn new(policy: PolicyBuilder, upstream: &Script) -> Self {
        Self::seeded(policy, upstream, 7)
    }

    pub(crate) fn seeded(policy: PolicyBuilder, upstream: &Script, seed: u64) -> Self {
        let upstreams = Upstreams::with_seed(policy.build().unwrap(), seed);
        let service = ResilienceLayer::over(upstreams.clone()).layer(upstream.clone());
        Self { upstreams, service }
    }

    pub(crate) async fn send(&self, request: Call) -> Outcome {
        read_on(self.service.clone().oneshot(request)).await
    }

    /// Sends it in a task of its own, as far as it goes without time.
    pub(crate) async fn start(&self, request: Call) -> JoinHandle<Outcome> {
        let call = self.spawn(request);
        settle().await;
        call
    }

    /// Sends it in a task of its own.
    pub(crate) fn spawn(&self, request: Call) -> JoinHandle<Outcome> {
        tokio::spawn(read_on(self.service.clone().oneshot(request)))
    }
}

/// The outcome of a call whose body holds no place.
pub(crate) async fn read_on<C>(
    call: impl Future<Output = Result<Response<ThrottledBody<C>>, Error>>,
) -> Result<Response<C>, Error> {
    let mut response = call.await?;
    Report::move_to_extensions(&mut response);
    Ok(response.map(ThrottledBody::into_inner))
}

/// What a test asks of an outcome, response or error.
pub(crate) trait Tell {
    fn report(&self) -> Report;

    fn stop(&self) -> StopReason {
        self.report().stop_reason()
    }

    fn delivery(&self) -> Delivery {
        self.report().delivery()
    }

    fn attempts(&self) -> u32 {
        self.report().attempts()
    }

    fn comes_again(&self) -> Option<Duration> {
        self.report().retry_after()
    }
}

impl Tell for Outcome {
    fn report(&self) -> Report {
        match self {
            Ok(response) => Report::in_extensions(response).expect("a report").clone(),
            Err(error) => error.report().clone(),
        }
    }
}

/// Runs `future` where making a timer panics.
pub(crate) fn without_timers<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}
