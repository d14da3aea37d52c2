//! What the stack costs on the hot retry path, side by side with the bare service and with tower's
//! own timeout + retry + timeout. Read the ratios of one run; an absolute time means nothing.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::Full;
use seawall::{
    Backoff, CircuitLayer, Jitter, Policy, Provider, ResilienceLayer, RetryLayer, Rule, Upstreams,
};
use tower::retry::{Policy as TowerPolicy, RetryLayer as TowerRetry};
use tower::timeout::TimeoutLayer;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

type Body = Full<Bytes>;

/// Eight headers and 64 bytes, as a payment has them.
fn payment(method: Method) -> Request<Body> {
    let mut request = Request::new(Full::new(Bytes::from_static(&[b'x'; 64])));
    *request.method_mut() = method;
    *request.uri_mut() = http::Uri::from_static("https://gateway.example/payments");
    let names = ["accept", "accept-encoding", "authorization", "content-type"];
    let more = ["user-agent", "x-request-id", "x-tenant", "traceparent"];
    for name in names.into_iter().chain(more) {
        request
            .headers_mut()
            .insert(name, HeaderValue::from_static("a-value-of-some-length"));
    }
    request
}

fn ready() -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Send + Future<Output = Result<Response<Body>, Infallible>>,
> + Clone {
    service_fn(|request: Request<Body>| async move {
        black_box(request);
        Ok(Response::new(Body::default()))
    })
}

fn measure<S, C>(
    group: &mut BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    service: &S,
    method: &Method,
) where
    S: Service<Request<Body>, Response = Response<C>> + Clone,
    S::Error: std::fmt::Debug,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be made");
    let template = payment(method.clone());
    group.bench_function(name, |bencher| {
        bencher.to_async(&runtime).iter(|| {
            let (service, request) = (service.clone(), template.clone());
            async move { service.oneshot(request).await.expect("the service answers") }
        });
    });
}

/// Retries nothing here, but keeps what a retry would need.
#[derive(Clone)]
struct Keep;

impl<E> TowerPolicy<Request<Body>, Response<Body>, E> for Keep {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut Request<Body>,
        _: &mut Result<Response<Body>, E>,
    ) -> Option<Self::Future> {
        None
    }

    fn clone_request(&mut self, request: &Request<Body>) -> Option<Request<Body>> {
        Some(request.clone())
    }
}

fn calls(criterion: &mut Criterion) {
    let second = Duration::from_secs(1);
    let payments = || Policy::external_payments(Provider::generic());
    let mut group = criterion.benchmark_group("post_with_key");
    measure(&mut group, "bare", &ready(), &Method::POST);
    let tower = TimeoutLayer::new(90 * second)
        .layer(TowerRetry::new(Keep).layer(TimeoutLayer::new(30 * second).layer(ready())));
    measure(
        &mut group,
        "tower",
        &tower.map_err(|error: BoxError| error),
        &Method::POST,
    );
    let circuit = CircuitLayer::new(Upstreams::new(payments())).layer(ready());
    measure(&mut group, "circuit_alone", &circuit, &Method::POST);
    let stack = ResilienceLayer::new(payments()).layer(ready());
    measure(&mut group, "seawall", &stack, &Method::POST);
    group.finish();
}

/// One retry without delay: a 503 first, then an answer.
fn retries(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("one_retry_without_delay");
    let at_once = Backoff::new(Duration::ZERO, 1.0, Duration::ZERO, Jitter::None)
        .expect("no delay is a backoff");
    let policy = Policy::internal()
        .to_builder()
        .backoff(at_once)
        .budget(1.0, u32::MAX)
        .without_circuit()
        .allow(Rule::BackoffBase, "a benchmark")
        .build()
        .expect("a valid policy");
    let service = RetryLayer::new(Upstreams::new(policy)).layer(failing_first());
    measure(&mut group, "seawall", &service, &Method::GET);
    group.finish();
}

fn failing_first() -> impl Service<
    Request<Body>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Send + Future<Output = Result<Response<Body>, Infallible>>,
> + Clone {
    let calls = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    service_fn(move |request: Request<Body>| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move {
            black_box(request);
            let mut response = Response::new(Body::default());
            if call.is_multiple_of(2) {
                *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
            }
            Ok(response)
        }
    })
}

criterion_group!(benches, calls, retries);
criterion_main!(benches);
