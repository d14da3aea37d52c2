//! `http-client-go` 2.3.1, as it was in the incident.

use crate::model::client::{Answer, Call, Client, payment_request};
use crate::model::clock::Clock;
use crate::model::scenario::Scenario;
use bytes::Bytes;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::Full;
use std::time::Duration;
use tokio::task::JoinSet;
use tower::{Service, ServiceExt};

/// Retries after the first request of a call failed: at 0, 1 and 2 s after it, so that each payment
/// becomes 4 requests within 2 s. They are timers: a retry that hangs does not hold back the next.
/// Retry-After is never read and no key is sent.
const RETRIES: u32 = 3;

/// The client that stormed, on any transport.
#[derive(Debug)]
pub(crate) struct LegacyClient<S> {
    transport: S,
    uri: Uri,
    clock: Clock,
    timeout: Duration,
    step: Duration,
}

impl<S> LegacyClient<S> {
    pub(crate) fn new(transport: S, uri: Uri, clock: Clock, scenario: &Scenario) -> Self {
        let timeout = scenario.client_timeout;
        Self {
            transport,
            uri,
            clock,
            timeout,
            step: scenario.times.legacy_step,
        }
    }
}

impl<S, B> LegacyClient<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone,
{
    /// One request, at a time that may have passed; whether it was paid.
    fn attempt(&self, payment: usize, at: Duration) -> impl Future<Output = bool> + use<S, B> {
        let answer = self
            .transport
            .clone()
            .oneshot(payment_request(payment, &self.uri));
        let (clock, timeout) = (self.clock, self.timeout);
        async move {
            clock.sleep_until(at).await;
            matches!(
                tokio::time::timeout(timeout, answer).await,
                Ok(Ok(response)) if response.status() == StatusCode::OK
            )
        }
    }
}

impl<S, B> Client for LegacyClient<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Send + 'static,
{
    async fn pay(&self, call: Call) -> Answer {
        if self.attempt(call.payment, self.clock.now()).await {
            return Answer::Paid;
        }
        let failed = self.clock.now();
        let retries = RETRIES.min(call.tries_left.saturating_sub(1));
        let mut pending: JoinSet<bool> = (0..retries)
            .map(|retry| self.attempt(call.payment, failed + self.step * retry))
            .collect();
        while let Some(paid) = pending.join_next().await {
            if paid.unwrap_or(false) {
                return Answer::Paid;
            }
        }
        Answer::unpaid(1 + retries)
    }
}

#[cfg(test)]
mod tests {
    use super::LegacyClient;
    use crate::model::client::{Answer, Call, Client, in_process};
    use crate::model::clock::Clock;
    use crate::model::gateway::Gateway;
    use crate::model::scenario::Scenario;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_payment_becomes_four_requests_within_two_seconds_or_what_is_left_of_the_ten() {
        let (scenario, clock) = (Scenario::default(), Clock::start());
        let gateway = Gateway::start(&scenario, 1, clock);
        let client = LegacyClient::new(gateway.clone(), in_process(), clock, &scenario);
        let start = scenario.times.healthy;
        clock.sleep_until(start).await;
        let call = |tries_left| Call {
            payment: 0,
            tries_left,
            background: false,
        };
        assert_eq!(client.pay(call(10)).await, Answer::unpaid(4));
        // Each answer takes 10 ms; the steps count from the first failure.
        assert_eq!(clock.now(), start + Duration::from_millis(2_020));
        assert_eq!(client.pay(call(2)).await, Answer::unpaid(2));
        let offered = gateway.take_record().offered;
        assert_eq!(
            offered.between(start, start + Duration::from_secs(3)),
            [2, 1, 3]
        );
    }
}
