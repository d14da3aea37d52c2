//! Calls that are refused: over the cost of the request alone, since no service is called.

use std::hint::black_box;

use ::seawall::{CircuitLayer, ResilienceLayer};
use http::Method;

use crate::measure::{Against, Contest, Template};
use crate::peers::{failsafe, seawall};
use crate::request::template;

const REQUEST: &str = "request cloned and dropped";

pub(super) fn contest() -> Contest {
    let mut contest = Contest::new("refused");
    let against = Against {
        base: Some(REQUEST),
        ..Against::default()
    };
    let post = Method::POST;
    let request = template(&post);
    let alone = move |calls| {
        for _ in 0..calls {
            drop(black_box(request.clone()));
        }
    };
    contest.add(REQUEST, "T", against, alone);
    contest.add("failsafe: refused", "T", against, failsafe::refused());
    let circuit = Template::new(seawall::opened(CircuitLayer::new), &post);
    contest.add("seawall: circuit alone, open", "T", against, circuit);
    let stack = Template::new(seawall::opened(ResilienceLayer::over), &post);
    contest.add("seawall: POST with key, circuit open", "T", against, stack);
    let gated = Template::new(seawall::gated(), &post);
    contest.add("seawall: POST with key, gate closed", "T", against, gated);
    contest
}
