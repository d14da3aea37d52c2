//! A short storm, seen through.

use super::*;
use crate::view::{Phase, StormClock};

fn short() -> Scenario {
    Scenario {
        maintenance: Duration::from_secs(120),
        retry_after: crate::model::scenario::RetryAfter::Seconds(120),
        horizon: Duration::from_secs(1_500),
        services: 4,
        instances: 2,
        payments_per_minute: 8.0 * 21.7,
        ..Scenario::default()
    }
}

/// The views of the window, those before it and those after it.
fn views(storm: &Storm) -> (Vec<View>, Vec<View>, Vec<View>) {
    let (mut before, mut during, mut after) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(view) = storm.step() {
        match view.phase {
            Phase::Healthy => before.push(view),
            Phase::Maintenance(_) => during.push(view),
            Phase::Restarted => after.push(view),
        }
    }
    (before, during, after)
}

#[test]
fn the_fleet_closes_its_circuits_for_the_window_and_is_well_again_after_it() {
    let storm = Storm::start(short()).unwrap();
    let (before, during, after) = views(&storm);
    assert!(
        before
            .iter()
            .all(|view| view.states().closed == view.states().all())
    );

    let late = &during[during.len() - 2];
    assert_eq!((late.states().open, late.states().all()), (8, 8));
    let service = &late.services[0];
    assert_eq!(service.header.as_deref(), Some("503 Retry-After: 120"));
    assert!(service.refused_for.is_some() && late.seen.last_minute < 20);

    assert!(
        after.iter().any(|view| view.states().paced > 4),
        "they come back at a pace"
    );
    let end = after.last().unwrap();
    assert_eq!((end.states().closed, end.tally.open), (8, 0));
    assert_eq!(end.clock, StormClock::After(Duration::from_secs(1_500)));
    let most = after.iter().map(|view| view.seen.last_minute).max();
    assert!(
        most.is_some_and(|most| most <= 382),
        "a peak of twice the mean, and a tenth: {most:?}"
    );
}

/// The views just before an order in the middle of the healthy time, and just after it.
fn around(order: Order) -> (View, View) {
    let storm = Storm::start(short()).unwrap();
    let before = (1..60).fold(storm.step(), |_, _| storm.step()).unwrap();
    storm.order(order);
    (before, storm.step().and_then(|_| storm.step()).unwrap())
}

#[test]
fn one_order_opens_every_circuit() {
    let (before, after) = around(Order::Open);
    assert_eq!(before.states().open, 0);
    assert_eq!(after.states().open, before.states().all());
}

#[test]
fn to_lift_gates_opens_nothing() {
    let (before, after) = around(Order::LiftGates);
    assert_eq!(after.states().closed, before.states().all());
}
