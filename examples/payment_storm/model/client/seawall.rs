//! The library itself: its layers on the in-process gateway, and its client on real sockets.

use super::{Answer, BODY, Call, Client, in_process, payment_request};
use crate::model::chance::client_seed;
use crate::model::gateway::{Gateway, IDEMPOTENCY_KEY, REFERENCE};
use crate::model::scenario::Scenario;
use ::seawall::{
    self, Backoff, Delivery, IdempotencyKey, Jitter, Policy, Priority, Provider, ResilienceLayer,
    Upstreams, UpstreamsBuilder,
};
use http::{HeaderValue, StatusCode, Uri};
use std::time::Duration;
use tower::ServiceExt;
use tower_layer::Layer;

/// One client of the library's layers: the preset for payments, and what this instance expects at its
/// peak. Nothing else is set.
#[derive(Clone, Debug)]
pub(crate) struct SeawallClient {
    service: <ResilienceLayer as Layer<Gateway>>::Service,
}

impl SeawallClient {
    /// Fails only if the library refuses the policy; the message says why.
    pub(crate) fn new(
        gateway: Gateway,
        scenario: &Scenario,
        instance: u32,
    ) -> Result<Self, String> {
        let upstreams = Self::upstreams(scenario, instance)?.build();
        Ok(Self::over(upstreams, gateway))
    }

    /// What its calls share, in the making.
    pub(crate) fn upstreams(
        scenario: &Scenario,
        instance: u32,
    ) -> Result<UpstreamsBuilder, String> {
        let policy = Policy::external_payments(Provider::generic())
            .to_builder()
            .declared_peak_per_second(2.0 * scenario.mean_per_client())
            .build()
            .map_err(|error| error.to_string())?;
        let seed = client_seed(scenario.seed, instance);
        Ok(Upstreams::builder(policy).seed(seed))
    }

    pub(crate) fn over(upstreams: Upstreams, gateway: Gateway) -> Self {
        Self {
            service: ResilienceLayer::over(upstreams).layer(gateway),
        }
    }
}

impl Client for SeawallClient {
    async fn pay(&self, call: Call) -> Answer {
        let mut request = payment_request(call.payment, &in_process());
        request
            .headers_mut()
            .insert(IDEMPOTENCY_KEY, key(call.payment));
        if call.background {
            request.extensions_mut().insert(Priority::Background);
        }
        match self.service.clone().oneshot(request).await {
            Ok(response) => answer(response.status(), seawall::Report::of(&response)),
            Err(error) => failed(error.delivery(), error.retry_after()),
        }
    }
}

/// The library's own HTTP client, on real connections.
#[derive(Clone, Debug)]
pub(crate) struct SocketClient {
    client: seawall::Client,
    uri: Uri,
}

impl SocketClient {
    /// The preset for payments, with its times shortened as the storm's are: what takes the incident a
    /// minute takes `--sockets` half a second to a few seconds.
    ///
    /// Fails only if the library refuses the policy; the message says why.
    pub(crate) fn new(uri: Uri, scenario: &Scenario) -> Result<Self, String> {
        let millis = Duration::from_millis;
        let backoff = Backoff::new(millis(100), 2.0, millis(3_000), Jitter::Proportional(0.3))
            .map_err(|error| error.to_string())?;
        let policy = Policy::external_payments(Provider::generic())
            .to_builder()
            .declared_peak_per_second(2.0 * scenario.mean_per_client())
            .backoff(backoff)
            .attempt_timeout(millis(3_000))
            .deadline(millis(9_000))
            .ramp(millis(3_000))
            .break_duration(millis(2_000), millis(8_000))
            .build()
            .map_err(|error| error.to_string())?;
        let client = seawall::Client::builder(policy)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, uri })
    }
}

impl Client for SocketClient {
    async fn pay(&self, call: Call) -> Answer {
        let mut request = self
            .client
            .post(self.uri.to_string())
            .header(REFERENCE, HeaderValue::from(call.payment as u64))
            .header(IDEMPOTENCY_KEY, key(call.payment))
            .body(BODY);
        if call.background {
            request = request.priority(Priority::Background);
        }
        match request.send().await {
            Ok(response) => answer(response.status(), Some(response.report())),
            Err(error) => failed(error.delivery(), error.retry_after()),
        }
    }
}

/// The same key on every call for a payment, also after a restart: it is derived from the id.
fn key(payment: usize) -> HeaderValue {
    IdempotencyKey::for_operation("payment-storm", "charge", &payment.to_string()).to_header_value()
}

fn answer(status: StatusCode, report: Option<&seawall::Report>) -> Answer {
    if status == StatusCode::OK {
        return Answer::Paid;
    }
    // An answer without a report proves nothing.
    let delivery = report.map_or(Delivery::Unknown, seawall::Report::delivery);
    failed(delivery, report.and_then(seawall::Report::retry_after))
}

/// A call counts as one of an impatient application's ten tries, also when nothing was sent.
fn failed(delivery: Delivery, retry_after: Option<Duration>) -> Answer {
    Answer::Failed {
        tries: 1,
        delivery,
        retry_after,
    }
}
