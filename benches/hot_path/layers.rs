//! Each layer alone.

use std::time::Duration;

use criterion::Criterion;
use http::{Method, Request};
use seawall::{
    AttemptSpanLayer, AttemptTimeoutLayer, CallSpanLayer, CircuitLayer, CollectLayer,
    DeadlineLayer, IdempotencyLayer, Policy, Provider, RequireHttpsLayer, RetryLayer,
    ThrottleLayer, Upstreams,
};
use tower::{Layer, Service};

use crate::bare::{Bare, Body, Group, measure, timers};

pub(crate) fn each_alone(criterion: &mut Criterion) {
    let runtime = timers();
    let _entered = runtime.enter();
    let policy = Policy::external_payments(Provider::generic());
    let upstreams = || Upstreams::new(policy.clone());
    let mut group = criterion.benchmark_group("layers_alone");
    measure(&mut group, "bare", Bare::Ready, &Method::POST);
    alone(&mut group, "call_span", &CallSpanLayer::new());
    alone(
        &mut group,
        "require_https",
        &RequireHttpsLayer::new(upstreams()),
    );
    alone(&mut group, "deadline", &DeadlineLayer::over(upstreams()));
    alone(
        &mut group,
        "idempotency",
        &IdempotencyLayer::new(upstreams()),
    );
    alone(&mut group, "retry", &RetryLayer::new(upstreams()));
    alone(&mut group, "throttle", &ThrottleLayer::new(upstreams()));
    alone(&mut group, "circuit", &CircuitLayer::new(upstreams()));
    alone(&mut group, "attempt_span", &AttemptSpanLayer::new());
    alone(
        &mut group,
        "attempt_timeout",
        &AttemptTimeoutLayer::over(upstreams()),
    );
    let collect = CollectLayer::new(1 << 20, Duration::from_secs(30));
    alone(&mut group, "collect", &collect);
    group.finish();
}

fn alone<L>(group: &mut Group<'_>, name: &str, layer: &L)
where
    L: Layer<Bare, Service: Service<Request<Body>>>,
{
    measure(group, name, layer.layer(Bare::Ready), &Method::POST);
}
