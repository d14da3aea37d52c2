//! A circuit that remembers 40,000 calls must not cost more than one that remembers none.

use std::time::Duration;

use http::{Method, Request};
use tower::Service;

use super::{BARE, OVER_BARE};
use crate::drive::call;
use crate::measure::{Against, Contest, Run, Template};
use crate::peers::{seawall, tower_resilience};
use crate::request::{Body, template};
use crate::transport::{Bare, Manner};

const CALLS: u32 = 40_000;
/// So few calls that an empty window is nearly empty after them.
const FEW: u32 = 500;
/// The calls of the whole run must stay in the window.
const WINDOW: Duration = Duration::from_secs(3_600);
const PEER: &str = "tower-resilience: breaker alone";

pub(super) fn contest() -> Contest {
    let mut contest = Contest::new("window");
    let against = Against {
        tower_resilience: Some(PEER),
        ..OVER_BARE
    };
    let ready = || Bare::new(Manner::Ready);
    let peer = move || tower_resilience::breaker_over(WINDOW, ready());
    let ours = move || seawall::circuit(ready());
    for (variant, filled) in [("empty", false), ("40,000 calls", true)] {
        let bare = Template::new(ready(), &Method::POST);
        contest.add(BARE, variant, OVER_BARE, bare);
        contest.add(PEER, variant, against, Window::new(peer, filled));
        contest.add(
            "seawall: circuit alone",
            variant,
            against,
            Window::new(ours, filled),
        );
    }
    contest
}

/// A circuit that is made anew for each few calls, or one that was filled beforehand.
struct Window<M, S> {
    make: M,
    service: S,
    filled: bool,
    template: Request<Body>,
}

impl<M, S> Window<M, S>
where
    M: Fn() -> S,
    S: Service<Request<Body>>,
{
    fn new(make: M, filled: bool) -> Self {
        let service = make();
        let template = template(&Method::POST);
        let mut window = Self {
            make,
            service,
            filled,
            template,
        };
        if filled {
            window.run(CALLS);
        }
        window
    }
}

impl<M, S> Run for Window<M, S>
where
    M: Fn() -> S,
    S: Service<Request<Body>>,
{
    fn prepare(&mut self) {
        if !self.filled {
            self.service = (self.make)();
            // Whatever is made on the first call is no part of a call's cost.
            self.run(1);
        }
    }

    fn run(&mut self, calls: u32) {
        for _ in 0..calls {
            let answer = call(&mut self.service, self.template.clone());
            drop(std::hint::black_box(answer));
        }
    }

    fn most(&self) -> u32 {
        if self.filled { u32::MAX } else { FEW }
    }
}
