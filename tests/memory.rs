//! What an idle upstream weighs, exactly: its state, its name, its place in the map. A proxy may reach
//! very many, most of them once.

#![cfg(all(feature = "middleware", target_pointer_width = "64"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Waker};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use seawall::{CircuitLayer, Policy, ResilienceLayer, Upstreams};
use tower::{Layer, Service, service_fn};

type Body = Full<Bytes>;
type Answer = Ready<Result<Response<Body>, Infallible>>;

const UPSTREAMS: usize = 100_000;
const MOST_BYTES: i64 = 512;

fn upstreams(capacity: usize) -> Upstreams {
    Upstreams::builder(Policy::external())
        .capacity(capacity)
        .build()
}

fn answer(request: Request<Body>) -> Answer {
    drop(request);
    ready(Ok(Response::new(Body::default())))
}

fn unavailable(request: Request<Body>) -> Answer {
    let mut answer = answer(request).into_inner().unwrap();
    *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    ready(Ok(answer))
}

/// Calls that many upstreams once.
fn call_each<S: Service<Request<Body>>>(service: &mut S, upstreams: usize) {
    for number in 0..upstreams {
        let url = format!("https://gateway-{number:06}.example/payments");
        let request = Request::get(url).body(Body::default()).unwrap();
        let mut call = pin!(service.call(request));
        let mut cx = Context::from_waker(Waker::noop());
        while call.as_mut().poll(&mut cx).is_pending() {}
    }
}

/// The bytes that are still held for each, of so many that were called once.
fn held_for_each<S: Service<Request<Body>>>(mut service: S, called: usize, held: usize) -> i64 {
    // Timers need a runtime, though nobody waits.
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().build().unwrap();
    let _entered = runtime.enter();
    // What is made once, for the first.
    call_each(&mut service, 1);
    let counted = allocation_counter::measure(|| call_each(&mut service, called));
    counted.bytes_current / i64::try_from(held).unwrap()
}

fn circuit(capacity: usize) -> impl Service<Request<Body>> {
    let layer = CircuitLayer::new(upstreams(capacity));
    layer.layer(service_fn(answer))
}

#[test]
fn one_of_a_hundred_thousand_by_the_circuit_alone() {
    let held = held_for_each(circuit(UPSTREAMS), UPSTREAMS, UPSTREAMS);
    assert!((100..=MOST_BYTES).contains(&held), "{held} bytes");
}

#[test]
fn one_of_a_hundred_thousand_by_the_whole_stack() {
    let stack = ResilienceLayer::over(upstreams(UPSTREAMS)).layer(service_fn(answer));
    let held = held_for_each(stack, UPSTREAMS, UPSTREAMS);
    assert!((100..=MOST_BYTES).contains(&held), "{held} bytes");
}

#[test]
fn one_that_has_failed_weighs_more() {
    let layer = CircuitLayer::new(upstreams(1_000));
    let held = held_for_each(layer.layer(service_fn(unavailable)), 1_000, 1_000);
    assert!(held > MOST_BYTES, "{held} bytes");
}

#[test]
fn what_is_forgotten_weighs_nothing() {
    let held = held_for_each(circuit(1_000), 20_000, 1_000);
    assert!((100..=2 * MOST_BYTES).contains(&held), "{held} bytes");
}
