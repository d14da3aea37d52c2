//! A client with metrics around a scripted upstream, and what is scraped of it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use prometheus::{Encoder, Registry, TextEncoder};
use seawall::metrics::{DURATION_BUCKETS, Metrics};
use seawall::middleware::throttle::ThrottledBody;
use seawall::otel::OtelMetrics;
use seawall::{Policy, ResilienceLayer, Upstreams};
use tokio::time::{Instant, sleep_until};
use tower::{Layer, Service, ServiceExt};

use crate::exposition::{self, Sample};

pub(crate) type Call = Request<Full<Bytes>>;

/// What the upstream answers to one request; a wait comes first.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u64>,
    pub(crate) after: Duration,
}

pub(crate) fn status(status: u16) -> Step {
    Step {
        status,
        retry_after: None,
        after: Duration::ZERO,
    }
}

/// An upstream that answers by its script, and past that the same for ever.
#[derive(Clone)]
pub(crate) struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    then: u16,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>, then: u16) -> Self {
        Self {
            steps: Arc::new(Mutex::new(steps.into_iter().collect())),
            then,
        }
    }

    pub(crate) fn add(&self, steps: impl IntoIterator<Item = Step>) {
        self.steps.lock().unwrap().extend(steps);
    }
}

impl Service<Call> for Script {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<()>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Call) -> Self::Future {
        let step = self.steps.lock().unwrap().pop_front();
        let step = step.unwrap_or_else(|| status(self.then));
        Box::pin(async move {
            pass(step.after).await;
            let mut response = Response::new(());
            *response.status_mut() = step.status.try_into().unwrap();
            if let Some(seconds) = step.retry_after {
                response.headers_mut().insert("retry-after", seconds.into());
            }
            Ok(response)
        })
    }
}

/// A client whose metrics both sinks record.
pub(crate) struct Shop {
    pub(crate) upstreams: Upstreams,
    upstream: Script,
    pub(crate) metrics: Metrics,
    scraped: PrometheusHandle,
    otel: Registry,
    /// It records nothing more once it is dropped.
    _provider: SdkMeterProvider,
    recorder: metrics::LocalRecorderGuard<'static>,
}

impl Shop {
    /// It records what happens on this thread.
    pub(crate) fn new(policy: Policy, upstream: &Script) -> Self {
        let duration = Matcher::Full("http.client.request.duration".to_owned());
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(duration, &DURATION_BUCKETS)
            .unwrap()
            .build_recorder();
        let scraped = recorder.handle();
        let recorder = metrics::set_default_local_recorder(Box::leak(Box::new(recorder)));
        let otel = Registry::new();
        let provider = provider(&otel);
        let metrics = Metrics::new();
        let upstreams = Upstreams::builder(policy)
            .seed(7)
            .observer(Arc::new(metrics.clone()))
            .observer(OtelMetrics::with_meter(&provider.meter("seawall")))
            .build();
        Self {
            upstreams,
            upstream: upstream.clone(),
            metrics,
            scraped,
            otel,
            _provider: provider,
            recorder,
        }
    }

    /// The client goes; what it has recorded stays.
    pub(crate) fn leave(self) -> (PrometheusHandle, metrics::LocalRecorderGuard<'static>) {
        (self.scraped, self.recorder)
    }

    pub(crate) async fn send(&self, request: Call) -> Result<Response<()>, seawall::Error> {
        let layer = ResilienceLayer::over(self.upstreams.clone());
        let response = layer.layer(self.upstream.clone()).oneshot(request).await?;
        Ok(response.map(ThrottledBody::into_inner))
    }

    /// What the exporter of the `metrics` facade shows.
    pub(crate) fn scrape(&self) -> Vec<Sample> {
        exposition::parse(&self.scraped.render())
    }

    /// What the exporter of OpenTelemetry shows.
    pub(crate) fn scrape_otel(&self) -> Vec<Sample> {
        let mut text = Vec::new();
        let families = self.otel.gather();
        TextEncoder::new().encode(&families, &mut text).unwrap();
        exposition::parse(&String::from_utf8(text).unwrap())
    }
}

fn provider(registry: &Registry) -> SdkMeterProvider {
    let exporter = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .scope_info_enabled(false)
        .without_target_info()
        .build()
        .unwrap();
    SdkMeterProvider::builder().with_reader(exporter).build()
}

pub(crate) fn request(method: Method, url: &str) -> Call {
    let request = Request::builder().method(method).uri(url);
    request.body(Full::default()).unwrap()
}

pub(crate) fn get() -> Call {
    request(Method::GET, "https://gateway.test/payments/17")
}

#[expect(clippy::disallowed_methods, reason = "a test reads the paused clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "an operator's wishes are wall-clock time"
)]
pub(crate) fn wall() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// Lets that much time pass.
pub(crate) async fn pass(time: Duration) {
    sleep_until(now() + time).await;
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
