//! Calls that succeed: where nothing is wrong, nothing should be paid.

use ::seawall::Policy;
use ::tower::Service;
use http::{Method, Request};

use super::{AGAIN, BARE, OVER_BARE, RESILIENCE, TOWER};
use crate::measure::{Against, Contest, Fresh, Template};
use crate::peers::{by_hand, floor, recloser, seawall, tower, tower_resilience};
use crate::request::Body;
use crate::transport::{Bare, Manner};

const AGAINST_PEERS: Against = Against {
    base: Some(BARE),
    tower: Some(TOWER),
    tower_resilience: Some(RESILIENCE),
};

/// The whole stacks, in every variant.
pub(super) fn contest() -> Contest {
    let mut contest = Contest::new("success");
    let post = Method::POST;
    everywhere(&mut contest, BARE, OVER_BARE, &post, |bare| bare);
    everywhere(&mut contest, AGAIN, OVER_BARE, &post, |bare| bare);
    everywhere(&mut contest, TOWER, AGAINST_PEERS, &post, tower::stack);
    let peer = tower_resilience::stack;
    everywhere(&mut contest, RESILIENCE, AGAINST_PEERS, &post, peer);
    let row = "the floor: clock, key, kept head";
    everywhere(&mut contest, row, AGAINST_PEERS, &post, floor::floor);
    let row = "by hand: what the rules write down";
    everywhere(&mut contest, row, AGAINST_PEERS, &post, by_hand::by_hand);
    let payments = |bare| seawall::stack(seawall::payments(), bare);
    everywhere(
        &mut contest,
        "seawall: POST with key",
        AGAINST_PEERS,
        &post,
        payments,
    );
    everywhere(
        &mut contest,
        "seawall: GET",
        AGAINST_PEERS,
        &Method::GET,
        payments,
    );
    let external = |bare| seawall::stack(Policy::external(), bare);
    everywhere(
        &mut contest,
        "seawall: POST without key",
        AGAINST_PEERS,
        &post,
        external,
    );
    contest
}

/// The circuit breakers alone.
pub(super) fn circuits() -> Contest {
    let mut contest = Contest::new("circuit alone");
    let post = Method::POST;
    let breaker = "tower-resilience: breaker alone";
    let against = Against {
        tower_resilience: Some(breaker),
        ..OVER_BARE
    };
    let ready = || Bare::new(Manner::Ready);
    contest.add(BARE, "T", OVER_BARE, Template::new(ready(), &post));
    let peer = Template::new(recloser::breaker(ready()), &post);
    contest.add("recloser: breaker alone", "T", against, peer);
    let peer = Template::new(tower_resilience::breaker(ready()), &post);
    contest.add(breaker, "T", against, peer);
    let ours = Template::new(seawall::circuit(ready()), &post);
    contest.add("seawall: circuit alone", "T", against, ours);
    contest
}

fn everywhere<S>(
    contest: &mut Contest,
    row: &'static str,
    against: Against,
    method: &Method,
    stack: impl Fn(Bare) -> S,
) where
    S: Service<Request<Body>> + 'static,
{
    let over = |manner| stack(Bare::new(manner));
    let template = Template::new(over(Manner::Ready), method);
    contest.add(row, "T", against, template);
    let fresh = Fresh::new(over(Manner::Ready), method.clone());
    contest.add(row, "F", against, fresh);
    let pending = Template::new(over(Manner::PendingOnce), method);
    contest.add(row, "P", against, pending);
}
