//! One upstream among 100,000, against one alone. The base finds its way among as many URLs.

use http::{Method, Request, Uri};
use tower::Service;

use super::{BARE, OVER_BARE};
use crate::drive::call;
use crate::measure::{Contest, Run};
use crate::peers::seawall;
use crate::request::{Body, template};
use crate::transport::{Bare, Manner};

const UPSTREAMS: u32 = 100_000;
/// Prime, so that the walk comes by every upstream, and never by neighbours.
const STRIDE: usize = 7_919;

pub(super) fn contest() -> Contest {
    let mut contest = Contest::new("lookup");
    let ready = || Bare::new(Manner::Ready);
    for (variant, upstreams) in [("1 upstream", 1), ("100,000 upstreams", UPSTREAMS)] {
        contest.add(BARE, variant, OVER_BARE, Walk::new(ready(), upstreams));
        let circuit = seawall::circuit_of_many(ready(), UPSTREAMS as usize);
        let ours = Walk::new(circuit, upstreams);
        contest.add("seawall: circuit alone", variant, OVER_BARE, ours);
    }
    contest
}

/// Calls of one upstream after the other.
struct Walk<S> {
    service: S,
    template: Request<Body>,
    uris: Vec<Uri>,
    next: usize,
}

impl<S: Service<Request<Body>>> Walk<S> {
    fn new(service: S, upstreams: u32) -> Self {
        let uri = |number| {
            let url = format!("https://gateway-{number:06}.example/payments");
            Uri::try_from(url).expect("a valid URL")
        };
        let mut walk = Self {
            service,
            template: template(&Method::POST),
            uris: (0..upstreams).map(uri).collect(),
            next: 0,
        };
        walk.run(upstreams);
        walk
    }
}

impl<S: Service<Request<Body>>> Run for Walk<S> {
    fn run(&mut self, calls: u32) {
        for _ in 0..calls {
            let mut request = self.template.clone();
            *request.uri_mut() = self.uris[self.next].clone();
            self.next = (self.next + STRIDE) % self.uris.len();
            drop(std::hint::black_box(call(&mut self.service, request)));
        }
    }
}
