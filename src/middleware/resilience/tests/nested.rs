//! A stack of these layers below another.

use super::both::above;
use super::*;
use crate::{ResilienceLayer, Upstreams};

#[test]
fn what_an_inner_stack_says_is_heard_alike() {
    for first in [
        || status(200),
        || status(500),
        || retry_after(503, 2),
        || retry_after(429, 9),
        || failure(Failure::Reset),
        || failure(Failure::Refused),
        || Step::Hang,
    ] {
        for times in 1..7 {
            let steps = || (0..times).map(|_| first()).collect();
            let inner = || {
                let policy = Policy::internal().to_builder().budget(0.5, 10);
                ResilienceLayer::over(Upstreams::with_seed(policy.build().unwrap(), 8))
            };
            above(inner, &payments(), steps, async |run| {
                run.send(get()).await;
                run.send(post()).await;
                run.send(get()).await;
            });
        }
    }
}
