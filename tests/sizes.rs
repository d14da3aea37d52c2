//! What the futures weigh: every call moves and keeps them, so none may grow unseen.

#![cfg(all(feature = "middleware", target_pointer_width = "64"))]

use std::convert::Infallible;
use std::future::Ready;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use seawall::middleware::Resilience;
use seawall::middleware::attempt_timeout::AttemptTimeout;
use seawall::middleware::circuit::CircuitBreaker;
use seawall::middleware::collect::Collect;
use seawall::middleware::credentials::Authenticate;
use seawall::middleware::deadline::CallDeadline;
use seawall::middleware::idempotency::Idempotency;
use seawall::middleware::require_https::RequireHttps;
use seawall::middleware::retry::Retry;
use seawall::middleware::spans::{AttemptSpan, CallSpan};
use seawall::middleware::throttle::Throttle;
use tower::Service;
use tower::util::ServiceFn;

type Body = Full<Bytes>;
type Answer = Ready<Result<Response<Body>, Infallible>>;
type Inner = ServiceFn<fn(Request<Body>) -> Answer>;

/// The bytes that the future of a service has over the one of the service within it.
fn weight<S: Service<Request<Body>>>() -> usize {
    size_of::<S::Future>() - size_of::<Answer>()
}

/// A bound is the figure of the day it was written. Room between the two is growth that nobody sees.
fn within(name: &str, bytes: usize, bound: usize) {
    assert!(
        bytes <= bound,
        "the future of {name} has {bytes} bytes over its inner one, {bound} at most: keep less across \
         its awaits, or box what is rare; raise the bound only with the reason in the changelog"
    );
    assert!(
        bytes * 10 >= bound * 9,
        "the future of {name} has only {bytes} bytes over its inner one: lower its bound of {bound}"
    );
}

#[test]
fn the_whole_stack_keeps_its_weight() {
    within("the whole stack", weight::<Resilience<Inner>>(), 368);
}

#[test]
fn each_layer_keeps_its_weight() {
    within("CallSpan", weight::<CallSpan<Inner>>(), 40);
    within("RequireHttps", weight::<RequireHttps<Inner>>(), 0);
    within("CallDeadline", weight::<CallDeadline<Inner>>(), 136);
    within("Idempotency", weight::<Idempotency<Inner>>(), 128);
    within("Retry", weight::<Retry<Inner>>(), 528);
    within("Throttle", weight::<Throttle<Inner>>(), 760);
    within("CircuitBreaker", weight::<CircuitBreaker<Inner>>(), 184);
    within("AttemptSpan", weight::<AttemptSpan<Inner>>(), 40);
    within("Authenticate", weight::<Authenticate<Inner>>(), 336);
    within("AttemptTimeout", weight::<AttemptTimeout<Inner>>(), 160);
    within("Collect", weight::<Collect<Inner>>(), 272);
}

#[cfg(feature = "client")]
#[tokio::test]
async fn a_call_of_the_client_keeps_its_weight() {
    let client = seawall::Client::builder(seawall::Policy::external()).build();
    let client = client.expect("a client can be made");
    let call = client.execute(Request::new(seawall::Body::empty()));
    within("Client::execute", size_of_val(&call), 1_032);
}

#[test]
#[should_panic(expected = "over its inner one, 8 at most")]
fn a_future_that_grows_is_told_of() {
    within("an example", 9, 8);
}

#[test]
#[should_panic(expected = "lower its bound of 100")]
fn a_bound_that_is_too_wide_is_told_of() {
    within("an example", 80, 100);
}
