//! Two workers on one shared upstream. Instructions do not see atomics; this does.

use http::{Method, Request};
use tower::Service;

use super::{BARE, OVER_BARE};
use crate::measure::{Contest, Row, SpeedUp, Workers};
use crate::peers::{recloser, seawall, tower_resilience};
use crate::request::Body;
use crate::transport::{Bare, Manner};

const ONE: &str = "1 worker";
const TWO: &str = "2 workers";

pub(super) fn contest() -> Contest {
    let mut contest = Contest::by_the_wall("two workers");
    let ready = || Bare::new(Manner::Ready);
    both(&mut contest, BARE, &ready());
    both(
        &mut contest,
        "recloser: breaker alone",
        &recloser::breaker(ready()),
    );
    let peer = tower_resilience::breaker(ready());
    both(&mut contest, "tower-resilience: breaker alone", &peer);
    let circuit = seawall::circuit(ready());
    both(&mut contest, "seawall: circuit alone", &circuit);
    let stack = seawall::stack(seawall::payments(), ready());
    both(&mut contest, "seawall: POST with key", &stack);
    contest
}

fn both<S>(contest: &mut Contest, row: &'static str, service: &S)
where
    S: Service<Request<Body>> + Clone + Send + 'static,
{
    for (variant, workers) in [(ONE, 1), (TWO, 2)] {
        let run = Workers::new(service, workers, Method::POST);
        contest.add(row, variant, OVER_BARE, run);
    }
}

/// What the second worker is worth in each row that has one.
#[must_use]
pub fn speed_ups(rows: &[Row]) -> Vec<SpeedUp> {
    let alone = rows.iter().filter(|row| row.variant == ONE);
    let found = alone.filter_map(|one| {
        let mut rows = rows.iter();
        let two = rows.find(|two| two.row == one.row && two.variant == TWO)?;
        Some(SpeedUp {
            row: one.row.clone(),
            one_worker_ns: one.median_ns,
            two_workers_ns: two.median_ns,
            speed_up: one.median_ns / two.median_ns,
        })
    });
    found.collect()
}
