//! The whole stack: calls that succeed, that are retried once, that are refused.

use std::time::{Duration, SystemTime};

use criterion::Criterion;
use http::{Method, Request};
use seawall::{Backoff, Jitter, Policy, Provider, ResilienceLayer, Rule};
use tower::{Layer, Service};

use crate::bare::{Bare, Body, Group, measure, measure_fresh, timers};

fn payments() -> Policy {
    Policy::external_payments(Provider::generic())
}

fn stack(policy: Policy, bare: Bare) -> impl Service<Request<Body>> {
    ResilienceLayer::new(policy).layer(bare)
}

/// T: cloned from a template; F: freshly built; P: the transport pends once.
pub(crate) fn success(criterion: &mut Criterion) {
    let runtime = timers();
    let _entered = runtime.enter();
    let mut group = criterion.benchmark_group("success_t");
    beside_the_bare(&mut group, Bare::Ready);
    group.finish();
    let mut group = criterion.benchmark_group("success_f");
    let post = Method::POST;
    measure_fresh(&mut group, "bare", Bare::Ready, &post);
    measure_fresh(
        &mut group,
        "post_with_key",
        stack(payments(), Bare::Ready),
        &post,
    );
    measure_fresh(
        &mut group,
        "get",
        stack(payments(), Bare::Ready),
        &Method::GET,
    );
    group.finish();
    let mut group = criterion.benchmark_group("success_p");
    beside_the_bare(&mut group, Bare::PendingOnce);
    group.finish();
}

fn beside_the_bare(group: &mut Group<'_>, bare: Bare) {
    measure(group, "bare", bare, &Method::POST);
    measure(
        group,
        "post_with_key",
        stack(payments(), bare),
        &Method::POST,
    );
    measure(group, "get", stack(payments(), bare), &Method::GET);
    let unkeyed = stack(Policy::external(), bare);
    measure(group, "post_without_key", unkeyed, &Method::POST);
}

/// One retry without delay: a 502, then a 200.
pub(crate) fn retried(criterion: &mut Criterion) {
    let runtime = timers();
    let _entered = runtime.enter();
    let why = "a benchmark of one retry without delay";
    let at_once = Backoff::new(Duration::ZERO, 1.0, Duration::ZERO, Jitter::None)
        .expect("no delay is a backoff");
    let policy = payments()
        .to_builder()
        .backoff(at_once)
        .budget(1.0, u32::MAX)
        .allow(Rule::BackoffBase, why)
        .allow(Rule::Jitter, why)
        .allow(Rule::BudgetRatio, why)
        .allow(Rule::BudgetFloor, why)
        .build()
        .expect("a valid policy");
    let mut group = criterion.benchmark_group("one_retry_without_delay");
    measure(&mut group, "bare", Bare::Ready, &Method::POST);
    let failing = Bare::FailingFirst { fails: true };
    measure(
        &mut group,
        "post_with_key",
        stack(policy, failing),
        &Method::POST,
    );
    group.finish();
}

/// A call that an open circuit refuses.
pub(crate) fn refused(criterion: &mut Criterion) {
    let runtime = timers();
    let _entered = runtime.enter();
    let layer = ResilienceLayer::new(payments());
    #[expect(
        clippy::disallowed_methods,
        reason = "an operator's end is wall-clock time"
    )]
    let until = SystemTime::now() + Duration::from_secs(36_000);
    layer
        .control()
        .open_until("https://gateway.example", until, "a benchmark")
        .expect("an upstream that can be opened");
    let mut group = criterion.benchmark_group("refused");
    measure(&mut group, "bare", Bare::Ready, &Method::POST);
    let refusing = layer.layer(Bare::Ready);
    measure(&mut group, "post_with_key", refusing, &Method::POST);
    group.finish();
}
