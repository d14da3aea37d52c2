//! So many calls of one kind, for `valgrind --tool=callgrind`.
//!
//! The instructions of one call are those of a long run less those of a short one, by the calls
//! between them: `benches/peers/instructions.sh` prints them.

use std::process::ExitCode;

use ::seawall::{CircuitLayer, Policy, ResilienceLayer};
use http::Method;
use peers::measure::{Run, Template};
use peers::peers::{by_hand, failsafe, floor, recloser, seawall, tower};
use peers::transport::{Bare, Manner};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let kind = args.next().unwrap_or_default();
    let calls = args.next().and_then(|calls| calls.parse().ok());
    let (Some(mut run), Some(calls)) = (make(&kind), calls) else {
        eprintln!(
            "error: count bare|floor|by-hand|circuit|get|post|unkeyed|retried|retried-tower|recloser|refused|\
             refused-stack|failsafe CALLS"
        );
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime can be made");
    let _entered = runtime.enter();
    run.run(calls);
    ExitCode::SUCCESS
}

fn make(kind: &str) -> Option<Box<dyn Run>> {
    let ready = Bare::new(Manner::Ready);
    let payments = seawall::payments;
    let (get, post) = (Method::GET, Method::POST);
    let failing = Bare::new(Manner::FailingFirst);
    Some(match kind {
        "bare" => Box::new(Template::new(ready, &post)),
        "circuit" => Box::new(Template::new(seawall::circuit(ready), &post)),
        "floor" => Box::new(Template::new(floor::floor(ready), &post)),
        "by-hand" => Box::new(Template::new(by_hand::by_hand(ready), &post)),
        "get" => Box::new(Template::new(seawall::stack(payments(), ready), &get)),
        "post" => Box::new(Template::new(seawall::stack(payments(), ready), &post)),
        "unkeyed" => {
            let stack = seawall::stack(Policy::external(), ready);
            Box::new(Template::new(stack, &post))
        }
        "retried" => {
            let stack = seawall::stack(seawall::payments_at_once(), failing);
            Box::new(Template::new(stack, &post))
        }
        "retried-tower" => Box::new(Template::new(tower::stack(failing), &post)),
        "recloser" => Box::new(Template::new(recloser::breaker(ready), &post)),
        "refused" => Box::new(Template::new(seawall::opened(CircuitLayer::new), &post)),
        "refused-stack" => Box::new(Template::new(seawall::opened(ResilienceLayer::over), &post)),
        "failsafe" => Box::new(failsafe::refused()),
        _ => return None,
    })
}
