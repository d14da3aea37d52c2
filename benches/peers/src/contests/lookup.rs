//! One upstream among 100,000, against one alone. The base finds its way among as many URLs.
//!
//! Who calls each of the 100,000 in turn pays for memory that is far away. Who calls a few of them in turn,
//! while all are remembered, pays for the lookup. Who calls the last of them again and again finds it at
//! hand, though those that came before had been there.

use std::thread;
use std::time::Duration;

use http::{Method, Request, Uri};
use tower::Service;

use super::{BARE, OVER_BARE};
use crate::drive::call;
use crate::measure::{Contest, Run};
use crate::peers::seawall;
use crate::request::{Body, template};
use crate::transport::{Bare, Manner};

const UPSTREAMS: u32 = 100_000;
/// So many of them stay near the processor.
const A_FEW: usize = 64;
/// Prime, so that the walk comes by every upstream, and never by neighbours.
const STRIDE: usize = 7_919;

pub(super) fn contest() -> Contest {
    let mut contest = Contest::new("lookup");
    let ready = || Bare::new(Manner::Ready);
    let all = UPSTREAMS as usize;
    for (variant, upstreams, called) in [
        ("1 upstream", 1, 1),
        ("1 of 100,000", UPSTREAMS, 1),
        ("64 of 100,000", UPSTREAMS, A_FEW),
        ("100,000 upstreams", UPSTREAMS, all),
    ] {
        let base = Walk::new(ready(), upstreams).among(called);
        contest.add(BARE, variant, OVER_BARE, base);
        let circuit = seawall::circuit_of_many(ready(), all);
        let ours = Walk::new(circuit, upstreams).among(called);
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
        if upstreams > 1 {
            // What is called in a second second gets room for its minutes, and not while that is measured.
            thread::sleep(Duration::from_secs(1));
            walk.run(upstreams);
        }
        walk
    }

    /// The last ones from now on: of those that were called before, some are at hand, and need no lookup.
    fn among(mut self, called: usize) -> Self {
        self.uris.drain(..self.uris.len() - called);
        self.next = 0;
        self
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
