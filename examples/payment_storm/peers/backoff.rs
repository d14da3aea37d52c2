//! Exponential backoff and jitter, and nothing else: tower's retry.

use crate::model::chance::{Stream, stream};
use crate::model::client::{Answer, Call, Client, in_process, payment_request};
use crate::model::gateway::Gateway;
use crate::model::record::lock;
use crate::model::scenario::Scenario;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use rand::Rng;
use rand::rngs::StdRng;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::retry::budget::{Budget, TpsBudget};
use tower::retry::{Policy, Retry};
use tower::timeout::Timeout;
use tower::{BoxError, ServiceExt};

/// Attempts of one call, the first included: as many as `legacy` makes.
const ATTEMPTS: u32 = 4;
/// Just under one second: tower computes jitter for whole seconds and for the rest apart and
/// truncates the first, so that a base of one second would have no jitter at all.
const BASE: Duration = Duration::from_millis(999);
const LONGEST: Duration = Duration::from_secs(60);
const JITTER: f64 = 0.5;

/// A client with tower's retry, exponential backoff and a timeout for each attempt.
#[derive(Debug)]
pub(crate) struct BackoffClient {
    gateway: Timeout<Gateway>,
    backoff: ExponentialBackoffMaker<SharedChance>,
}

impl BackoffClient {
    pub(crate) fn new(gateway: Gateway, scenario: &Scenario, instance: u32) -> Self {
        Self {
            gateway: Timeout::new(gateway, scenario.client_timeout),
            backoff: backoff(scenario.seed, instance),
        }
    }
}

impl Client for BackoffClient {
    async fn pay(&self, call: Call) -> Answer {
        let patience = Patience::new(call.tries_left, &self.backoff, None);
        let tries = Arc::clone(&patience.tries);
        let service = Retry::new(patience, self.gateway.clone());
        match service
            .oneshot(payment_request(call.payment, &in_process()))
            .await
        {
            Ok(response) if response.status() == StatusCode::OK => Answer::Paid,
            _ => Answer::unpaid(tries.load(Ordering::Relaxed)),
        }
    }
}

/// The backoff of one client.
pub(crate) fn backoff(seed: u64, instance: u32) -> ExponentialBackoffMaker<SharedChance> {
    let chance = SharedChance(Arc::new(Mutex::new(stream(seed, Stream::Client(instance)))));
    ExponentialBackoffMaker::new(BASE, LONGEST, JITTER, chance)
        .expect("the constants are a valid backoff")
}

/// A generator that clones share. Tower clones the generator with the policy, which would give every
/// call of a client the same delays.
#[derive(Clone, Debug)]
pub(crate) struct SharedChance(Arc<Mutex<StdRng>>);

impl tower::util::rng::Rng for SharedChance {
    fn next_u64(&mut self) -> u64 {
        lock(&self.0).next_u64()
    }
}

/// The retry policy of one call.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    most: u32,
    backoff: ExponentialBackoff<SharedChance>,
    budget: Option<Arc<TpsBudget>>,
    /// Attempts begun. Tower owns the policy while it works, so it is counted outside.
    pub(crate) tries: Arc<AtomicU32>,
}

impl Patience {
    pub(crate) fn new(
        tries_left: u32,
        backoff: &ExponentialBackoffMaker<SharedChance>,
        budget: Option<&Arc<TpsBudget>>,
    ) -> Self {
        Self {
            most: ATTEMPTS.min(tries_left),
            backoff: backoff.clone().make_backoff(),
            budget: budget.cloned(),
            tries: Arc::new(AtomicU32::new(1)),
        }
    }
}

impl Policy<Request<Full<Bytes>>, Response<Full<Bytes>>, BoxError> for Patience {
    type Future = tokio::time::Sleep;

    fn retry(
        &mut self,
        _: &mut Request<Full<Bytes>>,
        result: &mut Result<Response<Full<Bytes>>, BoxError>,
    ) -> Option<Self::Future> {
        let retryable = match result {
            Ok(response) if response.status() == StatusCode::OK => {
                if let Some(budget) = &self.budget {
                    budget.deposit();
                }
                false
            }
            Ok(_) => true,
            Err(error) => !error.is::<super::peer::BreakerOpen>(),
        };
        let tries = self.tries.load(Ordering::Relaxed);
        if !retryable || tries >= self.most {
            return None;
        }
        if self
            .budget
            .as_ref()
            .is_some_and(|budget| !budget.withdraw())
        {
            return None;
        }
        self.tries.store(tries + 1, Ordering::Relaxed);
        Some(self.backoff.next_backoff())
    }

    fn clone_request(&mut self, request: &Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>> {
        Some(request.clone())
    }
}
