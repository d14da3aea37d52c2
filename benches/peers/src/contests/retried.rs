//! One retry without delay: a 502, then a 200.

use http::Method;
use tokio::runtime::Runtime;

use super::{BARE, OVER_BARE};
use crate::measure::{Against, Contest, Run, Template};
use crate::peers::{seawall, tower, tower_resilience};
use crate::request::template;
use crate::transport::{Bare, Manner};

const TOWER: &str = "tower: one retry";
const RESILIENCE: &str = "tower-resilience: one retry";
const SEAWALL: &str = "seawall: one retry of a POST with key";

pub(super) fn contest() -> Contest {
    let mut contest = Contest::new("one retry without delay");
    let against = Against {
        tower: Some(TOWER),
        ..OVER_BARE
    };
    let post = Method::POST;
    let bare = Template::new(Bare::new(Manner::Ready), &post);
    contest.add(BARE, "T", OVER_BARE, bare);
    contest.add(TOWER, "T", against, tower());
    contest.add(SEAWALL, "T", against, seawall());
    contest
}

/// The same by the wall's clock, for who sleeps where no delay was asked for.
pub(super) fn by_the_wall(runtime: &'static Runtime) -> Contest {
    let mut contest = Contest::by_the_wall("one retry without delay, by the wall");
    let against = Against {
        tower: Some(TOWER),
        tower_resilience: Some(RESILIENCE),
        ..OVER_BARE
    };
    let bare = Template::new(Bare::new(Manner::Ready), &Method::POST);
    contest.add(BARE, "T, wall", OVER_BARE, bare);
    contest.add(TOWER, "T, wall", against, tower());
    contest.add(RESILIENCE, "T, wall", against, sleeping(runtime));
    contest.add(SEAWALL, "T, wall", against, seawall());
    contest
}

fn tower() -> impl Run {
    let failing = Bare::new(Manner::FailingFirst);
    Template::new(tower::stack(failing), &Method::POST)
}

fn seawall() -> impl Run {
    let failing = Bare::new(Manner::FailingFirst);
    let stack = seawall::stack(seawall::payments_at_once(), failing);
    Template::new(stack, &Method::POST)
}

/// tower-resilience sleeps for a delay of zero too, so that somebody has to turn the clock's wheel.
fn sleeping(runtime: &'static Runtime) -> impl FnMut(u32) {
    let mut stack = tower_resilience::stack(Bare::new(Manner::FailingFirst));
    let template = template(&Method::POST);
    move |calls| {
        for _ in 0..calls {
            let request = template.clone();
            let answer = runtime.block_on(tower::call(&mut stack, request));
            drop(std::hint::black_box(answer));
        }
    }
}
