//! The metrics, on logs made by hand.

use super::{FleetMetrics, backlog_drained, busiest, goodput, recovered};
use crate::model::record::{End, FleetRecord, GatewayRecord, PaymentRecord};
use crate::model::scenario::{Scenario, Times};
use std::time::Duration;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A window of 100 s that ends at 700 s of the run; arrivals end 200 s later.
fn scenario() -> Scenario {
    Scenario {
        payments_per_minute: 60.0,
        maintenance: secs(100),
        horizon: secs(900),
        cold_rate: 1.0,
        warm_rate: 1.0,
        ..Scenario::default()
    }
}

const WINDOW_END: u64 = 700;

fn payment(arrived: u64, calls: u32, end: Option<(u64, End)>) -> PaymentRecord {
    PaymentRecord {
        calls,
        end: end.map(|(at, end)| (secs(at), end)),
        ..PaymentRecord::new(secs(arrived))
    }
}

/// One payment a second after the window, each paid at its first call, but for those named.
fn arrivals_but(failing: &[u64]) -> Vec<PaymentRecord> {
    (WINDOW_END..WINDOW_END + 200)
        .map(|at| {
            payment(
                at,
                if failing.contains(&at) { 2 } else { 1 },
                Some((at, End::Paid)),
            )
        })
        .collect()
}

fn record(payments: Vec<PaymentRecord>) -> FleetRecord {
    let mut gateway = GatewayRecord::new(scenario().timeline().end);
    gateway.charges = vec![0; payments.len()];
    FleetRecord { gateway, payments }
}

fn metrics(record: &FleetRecord) -> FleetMetrics {
    FleetMetrics::of("by hand", record, &scenario(), 0.0)
}

#[test]
fn requests_are_counted_in_and_after_the_window() {
    let mut record = record(vec![payment(600, 1, None), payment(699, 1, None)]);
    for at in [599, 600, 650, 699, 700, 701, 702] {
        record.gateway.offered.add(secs(at));
    }
    record.gateway.refused.add(secs(699));
    record.gateway.refused.add(secs(701));
    record.gateway.outstanding.raise(secs(650), 9);
    record.gateway.outstanding.raise(secs(705), 4);
    let metrics = metrics(&record);
    assert_eq!(metrics.attempts, 7);
    assert_eq!(metrics.attempts_in_window, 3);
    assert_eq!(metrics.amplification_in_window, Some(1.5));
    assert_eq!(metrics.peak_requests_per_minute, 5);
    assert_eq!(metrics.gateway_503_after_window, 1);
    assert_eq!(metrics.max_queue_after_window, 4);
}

#[test]
fn the_first_minute_and_the_time_after_have_their_own_peaks() {
    let mut record = record(Vec::new());
    // Normal: 10 in 10 s. In the first minute 5 of them, later 30, before the window more.
    for (at, requests) in [
        (600, 99),
        (730, 3),
        (739, 2),
        (740, 1),
        (800, 20),
        (809, 10),
        (810, 9),
    ] {
        for _ in 0..requests {
            record.gateway.offered.add(secs(at));
        }
    }
    let metrics = metrics(&record);
    assert!((metrics.peak_ratio_first_minute - 0.5).abs() < 1e-9);
    assert!((metrics.peak_ratio_after - 3.0).abs() < 1e-9);
}

#[test]
fn the_busiest_window_of_a_short_series_is_all_of_it() {
    assert_eq!(busiest(&[1, 2, 3, 0], 2), 5);
    assert_eq!(busiest(&[1, 2], 10), 3);
    assert_eq!(busiest(&[], 10), 0);
}

#[test]
fn endings_charges_and_losses_are_told_apart() {
    let end = scenario().timeline().end.as_secs();
    let mut record = record(vec![
        payment(650, 1, Some((651, End::Paid))),
        payment(650, 9, Some((660, End::GaveUp))),
        payment(650, 9, Some((660, End::GaveUp))),
        payment(650, 9, Some((660, End::Unknown))),
        PaymentRecord {
            due: secs(end + 50),
            ..payment(650, 1, None)
        },
        PaymentRecord {
            due: secs(end - 601),
            ..payment(650, 1, None)
        },
    ]);
    record.gateway.charges = vec![2, 1, 0, 1, 0, 0];
    let metrics = metrics(&record);
    assert_eq!((metrics.paid, metrics.gave_up, metrics.unknown), (1, 2, 1));
    assert_eq!(metrics.double_charged, 1);
    assert_eq!(
        metrics.charged_but_reported_unpaid, 1,
        "the unknown one was reported honestly"
    );
    assert_eq!(metrics.lost, 1, "one is pending, one is forgotten");
    assert_eq!((metrics.payments, metrics.waiting()), (6, 1));
}

#[test]
fn goodput_counts_open_and_later_payments_as_demand_and_given_up_ones_not() {
    let payments = [
        payment(650, 9, Some((660, End::GaveUp))),
        payment(650, 1, Some((651, End::Paid))),
        payment(650, 2, Some((710, End::Paid))),
        payment(720, 1, Some((721, End::Paid))),
        payment(720, 9, Some((740, End::GaveUp))),
        payment(720, 9, None),
    ];
    assert_eq!(goodput(&payments, &scenario()), Some(0.5));
    assert_eq!(goodput(&payments[..2], &scenario()), None, "nobody asked");
}

#[test]
fn goodput_asks_no_more_than_the_gateway_can_serve() {
    // Capacity: 800 s at 1/s.
    let payments: Vec<_> = (0..1600)
        .map(|id| payment(720, 1, (id < 600).then_some((800, End::Paid))))
        .collect();
    assert_eq!(goodput(&payments, &scenario()), Some(0.75));
}

#[test]
fn recovery_starts_after_the_last_bad_minute() {
    let scenario = scenario();
    assert_eq!(recovered(&arrivals_but(&[]), &scenario), Some(0));
    // One failure in 60 is more than 1 %: the windows that hold it are ill.
    assert_eq!(
        recovered(&arrivals_but(&[WINDOW_END + 50]), &scenario),
        Some(51)
    );
    assert_eq!(
        recovered(&arrivals_but(&[WINDOW_END + 5, WINDOW_END + 50]), &scenario),
        Some(51)
    );
}

#[test]
fn a_fleet_that_relapses_at_the_end_never_recovered() {
    let last = WINDOW_END + 199;
    assert_eq!(recovered(&arrivals_but(&[last]), &scenario()), None);
    assert_eq!(
        recovered(&arrivals_but(&[last - 60]), &scenario()),
        Some(140)
    );
}

#[test]
fn one_failure_in_a_hundred_is_still_healthy() {
    let mut payments = arrivals_but(&[WINDOW_END + 50]);
    payments.extend(arrivals_but(&[]));
    assert_eq!(recovered(&payments, &scenario()), Some(0));
}

#[test]
fn the_backlog_is_drained_when_its_last_payment_is_paid_and_never_if_one_is_not() {
    let window_end = Times::INCIDENT.healthy + secs(100);
    let drained = [
        payment(600, 1, Some((601, End::Paid))),
        payment(650, 2, Some((750, End::Paid))),
        payment(650, 2, Some((900, End::Paid))),
        payment(701, 2, Some((1100, End::Paid))),
    ];
    assert_eq!(backlog_drained(&drained, window_end), Some(200.0));
    assert_eq!(backlog_drained(&drained[..1], window_end), Some(0.0));
    let given_up = [drained[1], payment(690, 9, Some((710, End::GaveUp)))];
    assert_eq!(backlog_drained(&given_up, window_end), None);
    let open = [drained[1], payment(690, 9, None)];
    assert_eq!(backlog_drained(&open, window_end), None);
}
