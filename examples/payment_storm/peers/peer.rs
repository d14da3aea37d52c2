//! A careful stack of other crates: tower's retry with its budget, and failsafe's circuit breaker.
//!
//! What is used, and how: `tower::retry` with its `ExponentialBackoff` and its `TpsBudget` at the
//! default (20 % and ten retries a second), `tower::timeout`, and a `failsafe::StateMachine` that
//! opens after five consecutive failures for 30 s to 5 min. failsafe reads the standard library's
//! clock, which does not stop for a paused runtime; its hidden `clock::freeze` mock is set to tokio's
//! time around every question to it. Its open time has no jitter here: failsafe draws jitter from a
//! generator that cannot be seeded.

use super::backoff::{Patience, SharedChance, backoff};
use crate::model::client::{Answer, Call, Client, in_process, payment_request};
use crate::model::clock::Clock;
use crate::model::gateway::Gateway;
use crate::model::scenario::Scenario;
use bytes::Bytes;
use failsafe::failure_policy::{ConsecutiveFailures, consecutive_failures};
use failsafe::{Config, StateMachine};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tower::retry::Retry;
use tower::retry::backoff::ExponentialBackoffMaker;
use tower::retry::budget::TpsBudget;
use tower::timeout::Timeout;
use tower::{BoxError, Service, ServiceExt};

const FAILURES: u32 = 5;
const OPEN: Duration = Duration::from_secs(30);
const LONGEST_OPEN: Duration = Duration::from_secs(300);
/// failsafe's mock clock starts at the real time and can only be moved forward, so virtual time is
/// shown to it from a day ahead: a run takes less than a day of real time.
const AHEAD: Duration = Duration::from_secs(86_400);

/// A client with retries, a budget and a breaker.
#[derive(Debug)]
pub(crate) struct PeerClient {
    gateway: Guarded,
    backoff: ExponentialBackoffMaker<SharedChance>,
    budget: Arc<TpsBudget>,
}

impl PeerClient {
    pub(crate) fn new(gateway: Gateway, clock: Clock, scenario: &Scenario, instance: u32) -> Self {
        let open = failsafe::backoff::exponential(OPEN, LONGEST_OPEN);
        let breaker = Config::new()
            .failure_policy(consecutive_failures(FAILURES, open))
            .build();
        Self {
            gateway: Guarded {
                inner: Timeout::new(gateway, scenario.client_timeout),
                breaker: Breaker {
                    clock,
                    machine: breaker,
                },
            },
            backoff: backoff(scenario.seed, instance),
            budget: Arc::new(TpsBudget::default()),
        }
    }
}

impl Client for PeerClient {
    /// A try that the breaker refuses counts as one of the application's ten: it cannot tell.
    /// Not counting it would be worse for this fleet, whose whole backlog would return at once when
    /// the breakers half-open.
    async fn pay(&self, call: Call) -> Answer {
        let patience = Patience::new(call.tries_left, &self.backoff, Some(&self.budget));
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

/// The breaker refused an attempt.
#[derive(Debug)]
pub(crate) struct BreakerOpen;

impl fmt::Display for BreakerOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the circuit breaker is open")
    }
}

impl std::error::Error for BreakerOpen {}

/// failsafe's breaker on tokio's time.
#[derive(Clone, Debug)]
struct Breaker {
    clock: Clock,
    machine: StateMachine<ConsecutiveFailures<failsafe::backoff::Exponential>, ()>,
}

impl Breaker {
    fn permits(&self) -> bool {
        self.at_virtual_now(StateMachine::is_call_permitted)
    }

    fn record(&self, success: bool) {
        self.at_virtual_now(|machine| {
            if success {
                machine.on_success();
            } else {
                machine.on_error();
            }
        });
    }

    fn at_virtual_now<R>(
        &self,
        ask: impl FnOnce(&StateMachine<ConsecutiveFailures<failsafe::backoff::Exponential>, ()>) -> R,
    ) -> R {
        let virtual_now = self.clock.std_now() + AHEAD;
        failsafe::clock::freeze(|mock| {
            mock.advance(virtual_now.saturating_duration_since(mock.now()));
            ask(&self.machine)
        })
    }
}

/// One attempt behind the breaker.
#[derive(Clone, Debug)]
struct Guarded {
    inner: Timeout<Gateway>,
    breaker: Breaker,
}

impl Service<Request<Full<Bytes>>> for Guarded {
    type Response = Response<Full<Bytes>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        ready!(self.inner.poll_ready(cx))?;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        if !self.breaker.permits() {
            return Box::pin(std::future::ready(Err(BreakerOpen.into())));
        }
        let breaker = self.breaker.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let result = answer.await;
            breaker.record(matches!(&result, Ok(response) if response.status() == StatusCode::OK));
            result
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, FAILURES, LONGEST_OPEN, OPEN};
    use crate::model::clock::Clock;
    use failsafe::Config;
    use failsafe::failure_policy::consecutive_failures;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn the_breaker_follows_the_virtual_clock() {
        let clock = Clock::start();
        let open = failsafe::backoff::exponential(OPEN, LONGEST_OPEN);
        let machine = Config::new()
            .failure_policy(consecutive_failures(FAILURES, open))
            .build();
        let breaker = Breaker { clock, machine };
        for _ in 0..FAILURES {
            assert!(breaker.permits());
            breaker.record(false);
        }
        assert!(!breaker.permits());
        clock.sleep_until(Duration::from_millis(29_999)).await;
        assert!(!breaker.permits());
        clock.sleep_until(Duration::from_millis(30_001)).await;
        assert!(breaker.permits(), "half-open");
    }
}
