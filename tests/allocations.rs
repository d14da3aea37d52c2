//! What a call allocates over the service within, exactly. A figure that falls is lowered here; one
//! that rises needs its reason in the changelog.

#![cfg(feature = "middleware")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use seawall::{Backoff, CircuitLayer, Jitter, Policy, Provider, ResilienceLayer, Rule, Upstreams};
use tower::{Layer, Service, service_fn};

type Body = Full<Bytes>;
type Answer = Result<Response<Body>, Infallible>;

/// Calls that are counted one by one. The median is told: a map that grows now and then is not a
/// call's cost.
const CALLS: usize = 301;

/// A request as an application has just built it: eight headers and 64 bytes, nothing shared so far.
fn fresh(method: &Method) -> Request<Body> {
    let mut request = Request::new(Full::new(Bytes::copy_from_slice(&[b'x'; 64])));
    *request.method_mut() = method.clone();
    *request.uri_mut() = Uri::try_from("https://gateway.test/payments").unwrap();
    let names = ["accept", "accept-encoding", "authorization", "content-type"];
    let more = ["traceparent", "user-agent", "x-request-id", "x-tenant"];
    for name in names.into_iter().chain(more) {
        let value = HeaderValue::from_bytes(b"a-value-of-some-length").unwrap();
        let name = HeaderName::from_static(name);
        request.headers_mut().insert(name, value);
    }
    request
}

/// Requests cloned from one whose bytes are shared already.
fn cloned(method: &Method) -> impl Fn() -> Request<Body> + use<> {
    let template = fresh(method);
    drop(template.clone());
    move || template.clone()
}

fn answer(request: Request<Body>) -> Ready<Answer> {
    drop(request);
    ready(Ok(Response::new(Body::default())))
}

/// Answers at the second poll.
struct Pending(Option<Ready<Answer>>);

impl Future for Pending {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
        match self.0.take() {
            Some(_) => Poll::Pending,
            None => Poll::Ready(Ok(Response::new(Body::default()))),
        }
    }
}

fn pending_once(request: Request<Body>) -> Pending {
    Pending(Some(answer(request)))
}

fn drive<F: Future>(call: F) -> F::Output {
    let mut cx = Context::from_waker(Waker::noop());
    let mut call = pin!(call);
    loop {
        if let Poll::Ready(output) = call.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// The allocations of one call once the service is warm.
fn of_one_call<S: Service<Request<Body>>>(
    mut service: S,
    request: impl Fn() -> Request<Body>,
) -> i64 {
    // Timers need a runtime, though nobody waits.
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().build().unwrap();
    let _entered = runtime.enter();
    let mut counts: Vec<u64> = (0..CALLS)
        .map(|_| {
            let mut request = Some(request());
            let counted = allocation_counter::measure(|| {
                drop(drive(service.call(request.take().unwrap())));
            });
            counted.count_total
        })
        .collect();
    counts.sort_unstable();
    counts[CALLS / 2].try_into().unwrap()
}

/// Over the same call of the service alone.
fn extra<L, S>(layer: &L, request: impl Fn() -> Request<Body>) -> i64
where
    L: Layer<tower::util::ServiceFn<fn(Request<Body>) -> Ready<Answer>>, Service = S>,
    S: Service<Request<Body>>,
{
    let inner = || service_fn(answer as fn(Request<Body>) -> Ready<Answer>);
    of_one_call(layer.layer(inner()), &request) - of_one_call(inner(), &request)
}

fn payments() -> ResilienceLayer {
    ResilienceLayer::new(Policy::external_payments(Provider::generic()))
}

#[test]
fn a_post_with_a_generated_key_cloned_from_a_template() {
    assert_eq!(extra(&payments(), cloned(&Method::POST)), 2);
}

#[test]
fn a_post_with_a_generated_key_freshly_built() {
    assert_eq!(extra(&payments(), || fresh(&Method::POST)), 2);
}

#[test]
fn a_post_with_a_generated_key_whose_transport_pends() {
    let pending = payments().layer(service_fn(pending_once));
    let bare = of_one_call(service_fn(pending_once), cloned(&Method::POST));
    assert_eq!(of_one_call(pending, cloned(&Method::POST)) - bare, 2);
}

#[test]
fn a_get() {
    assert_eq!(extra(&payments(), cloned(&Method::GET)), 0);
    assert_eq!(extra(&payments(), || fresh(&Method::GET)), 1);
}

#[test]
fn a_post_without_a_key_that_cannot_be_retried() {
    let layer = ResilienceLayer::new(Policy::external());
    assert_eq!(extra(&layer, cloned(&Method::POST)), 0);
}

/// The same request to so many hosts in turn.
fn to_hosts(count: usize, method: &Method) -> impl Fn() -> Request<Body> + use<> {
    let next = std::cell::Cell::new(0);
    let to = |host| {
        let url = format!("https://gateway-{host}.test/payments");
        let mut template = fresh(method);
        *template.uri_mut() = Uri::try_from(url).unwrap();
        drop(template.clone());
        template
    };
    let templates: Vec<_> = (0..count).map(to).collect();
    move || templates[next.replace((next.get() + 1) % count)].clone()
}

#[test]
fn as_many_where_eight_upstreams_are_called() {
    assert_eq!(extra(&payments(), to_hosts(8, &Method::POST)), 2);
    assert_eq!(extra(&payments(), to_hosts(8, &Method::GET)), 0);
    let layer = CircuitLayer::new(Upstreams::new(Policy::external()));
    assert_eq!(extra(&layer, to_hosts(8, &Method::POST)), 0);
}

#[test]
fn none_by_the_circuit_alone_where_more_are_called_than_are_at_hand() {
    let layer = CircuitLayer::new(Upstreams::new(Policy::external()));
    assert_eq!(extra(&layer, to_hosts(60, &Method::POST)), 0);
}

/// Answers each call in turn with a 502 and a 200.
fn failing_first(request: Request<Body>) -> Ready<Answer> {
    thread_local! {
        static FAILS: std::cell::Cell<bool> = const { std::cell::Cell::new(true) };
    }
    let mut answer = answer(request).into_inner().unwrap();
    if FAILS.replace(!FAILS.get()) {
        *answer.status_mut() = StatusCode::BAD_GATEWAY;
    }
    ready(Ok(answer))
}

#[test]
fn a_post_with_a_generated_key_that_is_sent_again_at_once() {
    let why = "a test of one retry without delay";
    let at_once = Backoff::new(Duration::ZERO, 1.0, Duration::ZERO, Jitter::None).unwrap();
    let policy = Policy::external_payments(Provider::generic()).to_builder();
    let policy = policy.backoff(at_once).budget(1.0, u32::MAX);
    let rules = [
        Rule::BackoffBase,
        Rule::Jitter,
        Rule::BudgetRatio,
        Rule::BudgetFloor,
    ];
    let policy = rules
        .into_iter()
        .fold(policy, |policy, rule| policy.allow(rule, why));
    let layer = ResilienceLayer::new(policy.build().unwrap());
    let bare = of_one_call(service_fn(answer), cloned(&Method::POST));
    let retried = layer.layer(service_fn(failing_first));
    assert_eq!(of_one_call(retried, cloned(&Method::POST)) - bare, 14);
}

#[test]
fn the_circuit_alone() {
    let policy = Policy::external_payments(Provider::generic());
    let layer = CircuitLayer::new(Upstreams::new(policy));
    assert_eq!(extra(&layer, cloned(&Method::POST)), 0);
}

#[test]
fn a_call_that_an_open_circuit_refuses() {
    let layer = payments();
    #[expect(
        clippy::disallowed_methods,
        reason = "an operator's end is wall-clock time"
    )]
    let until = SystemTime::now() + Duration::from_secs(3_600);
    let control = layer.control();
    control
        .open_until("https://gateway.test", until, "a test")
        .unwrap();
    assert_eq!(extra(&layer, cloned(&Method::POST)), 1);
    let circuit = CircuitLayer::new(layer.upstreams().clone());
    assert_eq!(extra(&circuit, cloned(&Method::POST)), 1);
}

#[test]
fn a_call_that_a_closed_gate_refuses() {
    let layer = payments();
    let unavailable = |request| {
        let mut answer = answer(request).into_inner().unwrap();
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let hour = HeaderValue::from_static("3600");
        answer.headers_mut().insert("retry-after", hour);
        ready(Ok::<_, Infallible>(answer))
    };
    of_one_call(layer.layer(service_fn(unavailable)), cloned(&Method::GET));
    assert_eq!(extra(&layer, cloned(&Method::POST)), 1);
}
