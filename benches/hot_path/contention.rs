//! Two workers on one shared upstream: the time in which each of them makes a call.

use std::time::{Duration, Instant};

use criterion::Criterion;
use http::{Method, Request};
use seawall::{CircuitLayer, Policy, Provider, ResilienceLayer, Upstreams};
use tokio::runtime::Handle;
use tower::{Layer, Service};

use crate::bare::{Bare, Body, Group, call, template, timers};

pub(crate) fn two_workers(criterion: &mut Criterion) {
    let runtime = timers();
    let _entered = runtime.enter();
    let payments = || Policy::external_payments(Provider::generic());
    let circuit = CircuitLayer::new(Upstreams::new(payments())).layer(Bare::Ready);
    let stack = ResilienceLayer::new(payments()).layer(Bare::Ready);
    let mut group = criterion.benchmark_group("contention");
    for workers in [1, 2] {
        together(&mut group, "bare", &Bare::Ready, workers);
        together(&mut group, "circuit", &circuit, workers);
        together(&mut group, "post_with_key", &stack, workers);
    }
    group.finish();
}

fn together<S>(group: &mut Group<'_>, name: &str, service: &S, workers: u32)
where
    S: Service<Request<Body>> + Clone + Send,
{
    group.bench_function(format!("{name}/{workers}"), |bencher| {
        bencher.iter_custom(|calls| timed(service, workers, calls));
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark reads the real clock"
)]
fn timed<S>(service: &S, workers: u32, calls: u64) -> Duration
where
    S: Service<Request<Body>> + Clone + Send,
{
    let runtime = Handle::current();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (mut service, runtime) = (service.clone(), runtime.clone());
            scope.spawn(move || {
                let _entered = runtime.enter();
                // Its own: requests of one template would meet in the counts of their bytes.
                let template = template(&Method::POST);
                for _ in 0..calls {
                    call(&mut service, template.clone());
                }
            });
        }
    });
    start.elapsed()
}
