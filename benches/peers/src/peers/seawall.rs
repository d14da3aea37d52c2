//! seawall, as one layer and as the circuit alone.

use std::time::{Duration, SystemTime};

use http::Request;
use seawall::{Backoff, CircuitLayer, Jitter, Policy, Provider, ResilienceLayer, Rule, Upstreams};
use tower::{Layer, Service};

use crate::request::{Body, URL};
use crate::transport::{Bare, Manner};

/// The preset for payments: a key is generated for each POST.
#[must_use]
pub fn payments() -> Policy {
    Policy::external_payments(Provider::generic())
}

/// The preset for payments, but a retry comes at once and the budget never ends.
///
/// # Panics
///
/// If that is no policy.
#[must_use]
pub fn payments_at_once() -> Policy {
    let why = "a benchmark of one retry without delay";
    let at_once = Backoff::new(Duration::ZERO, 1.0, Duration::ZERO, Jitter::None)
        .expect("no delay is a backoff");
    payments()
        .to_builder()
        .backoff(at_once)
        .budget(1.0, u32::MAX)
        .allow(Rule::BackoffBase, why)
        .allow(Rule::Jitter, why)
        .allow(Rule::BudgetRatio, why)
        .allow(Rule::BudgetFloor, why)
        .build()
        .expect("a valid policy")
}

/// The service within the whole stack.
pub fn stack<S>(policy: Policy, service: S) -> seawall::middleware::Resilience<S> {
    ResilienceLayer::new(policy).layer(service)
}

/// The service within the circuit alone.
pub fn circuit<S>(service: S) -> seawall::middleware::circuit::CircuitBreaker<S> {
    CircuitLayer::new(Upstreams::new(payments())).layer(service)
}

/// The same, of a client that remembers so many upstreams.
pub fn circuit_of_many<S>(
    service: S,
    upstreams: usize,
) -> seawall::middleware::circuit::CircuitBreaker<S> {
    let upstreams = Upstreams::builder(payments()).capacity(upstreams);
    CircuitLayer::new(upstreams.build()).layer(service)
}

/// The whole stack, or the circuit alone, with the circuit open.
///
/// # Panics
///
/// If it cannot be opened.
pub fn opened<L, S>(layer: impl FnOnce(Upstreams) -> L) -> S
where
    L: Layer<Bare, Service = S>,
{
    let upstreams = Upstreams::new(payments());
    let until = SystemTime::now() + Duration::from_secs(36_000);
    upstreams
        .control()
        .open_until(URL.trim_end_matches("/payments"), until, "a benchmark")
        .expect("an upstream that can be opened");
    layer(upstreams).layer(Bare::new(Manner::Ready))
}

/// The whole stack, with the gate closed by an answer.
///
/// # Panics
///
/// If the gate stays open.
#[must_use]
pub fn gated() -> impl Service<Request<Body>> {
    let layer = ResilienceLayer::new(payments());
    let mut unavailable = layer.layer(Bare::new(Manner::Unavailable));
    let first = crate::request::fresh(&http::Method::POST);
    drop(crate::drive::call(&mut unavailable, first));
    let mut gated = layer.layer(Bare::new(Manner::Ready));
    let second = crate::request::fresh(&http::Method::POST);
    let refused = crate::drive::call(&mut gated, second);
    assert!(refused.is_err(), "the gate is closed");
    gated
}
