//! One upstream among many. The bare service finds its way among as many URLs.

use criterion::Criterion;
use http::{Method, Request, Uri};
use seawall::{CircuitLayer, Policy, Upstreams};
use tower::{Layer, Service};

use crate::bare::{Bare, Body, Group, call, template, timers};

const UPSTREAMS: usize = 100_000;
/// Prime, so that the walk comes by every upstream, and never by neighbours.
const STRIDE: usize = 7_919;

pub(crate) fn among_many(criterion: &mut Criterion) {
    let runtime = timers();
    let _entered = runtime.enter();
    let uri = |number| {
        let url = format!("https://gateway-{number:06}.example/payments");
        Uri::try_from(url).expect("a valid URL")
    };
    let uris: Vec<Uri> = (0..UPSTREAMS).map(uri).collect();
    let mut group = criterion.benchmark_group("lookup");
    for among in [1, UPSTREAMS] {
        let upstreams = Upstreams::builder(Policy::external()).capacity(UPSTREAMS);
        let circuit = CircuitLayer::new(upstreams.build());
        let uris = &uris[..among];
        walk(&mut group, &format!("bare/{among}"), Bare::Ready, uris);
        let name = format!("circuit/{among}");
        walk(&mut group, &name, circuit.layer(Bare::Ready), uris);
    }
    group.finish();
}

fn walk<S>(group: &mut Group<'_>, name: &str, mut service: S, uris: &[Uri])
where
    S: Service<Request<Body>>,
{
    let template = template(&Method::POST);
    let mut next = 0;
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let mut request = template.clone();
            *request.uri_mut() = uris[next].clone();
            next = (next + STRIDE) % uris.len();
            call(&mut service, request);
        });
    });
}
