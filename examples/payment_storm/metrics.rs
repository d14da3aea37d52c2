//! What every number of the report means, and how it is computed.
//!
//! Times ending in `_s` are seconds since the window's end. "Offered" requests are those that reached
//! the gateway, whatever it answered. "Paid" means that the application was told so: a charge nobody
//! was told of is no goodput.

use crate::model::gateway::Rates;
use crate::model::record::{End, FleetRecord, PaymentRecord};
use crate::model::scenario::{Scenario, Timeline};
use serde::Serialize;
use std::time::Duration;

/// A payment that is still open at the horizon is lost if nothing was due to happen to it for this
/// long: no client promises an answer this late, so whoever held it has forgotten it.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// The numbers of one fleet, in the order of `--json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct FleetMetrics {
    pub(crate) name: &'static str,
    /// Payments that arrived, over the whole run.
    pub(crate) payments: usize,
    /// Offered requests, over the whole run.
    pub(crate) attempts: u64,
    /// Offered requests from the window's start to its end.
    pub(crate) attempts_in_window: u64,
    /// The most offered requests in any 60 s, at steps of one second, over the whole run.
    pub(crate) peak_requests_per_minute: u64,
    /// `attempts_in_window` / payments that arrived in the window. Null if none did.
    pub(crate) amplification_in_window: Option<f64>,
    /// Requests refused after the window, because the queue was full.
    pub(crate) gateway_503_after_window: u64,
    /// The most requests outstanding at the gateway after the window (queued and in service), seen
    /// at each arrival of a request.
    pub(crate) max_queue_after_window: u32,
    /// Offered requests in the busiest 10 s of the first minute after the window, at steps of one
    /// second, over the normal 10 s mean: the mean number of *payments* that arrive in 10 s. Each needs
    /// one request when all is well; a fleet that sends more than one when healthy gets no discount.
    pub(crate) peak_ratio_first_minute: f64,
    /// The same over all the time after the window.
    pub(crate) peak_ratio_after: f64,
    /// See [`goodput`]. Null if nothing could have been paid.
    pub(crate) goodput_after_window: Option<f64>,
    /// When the first application was told "paid" after the window's end. Null if none was.
    pub(crate) first_success_after_window_s: Option<f64>,
    /// See [`recovered`]. Null if never.
    pub(crate) recovered_after_window_s: Option<u64>,
    /// Payments by how they ended for their application, over the whole run. The three and those still
    /// open at the horizon add up to `payments`.
    pub(crate) paid: usize,
    /// Told, finally, that the payment was not made.
    pub(crate) gave_up: usize,
    /// Told that nobody knows whether it was made. Only a client that knows deliveries can say so;
    /// the other fleets take every failure for "not paid".
    pub(crate) unknown: usize,
    /// Payments that the ledger holds more than once.
    pub(crate) double_charged: usize,
    /// Payments that the ledger holds, and whose application gave up believing they were not made.
    /// One reported as unknown is not counted: asking the provider will find the charge.
    pub(crate) charged_but_reported_unpaid: usize,
    /// Neither paid nor reported nor pending: open at the horizon, though nothing had been due to
    /// happen to it for ten minutes.
    pub(crate) lost: usize,
    /// When the last of the payments that were open at the window's end was paid. Null if one of them
    /// never was; 0 if none was open.
    pub(crate) backlog_drained_s: Option<f64>,
    /// Real seconds that this fleet's simulation took. The only field that differs between two runs
    /// with the same parameters.
    pub(crate) wall_clock_s: f64,
}

impl FleetMetrics {
    pub(crate) fn of(
        name: &'static str,
        record: &FleetRecord,
        scenario: &Scenario,
        wall_clock_s: f64,
    ) -> Self {
        let Timeline {
            window_start,
            window_end,
            end,
            ..
        } = scenario.timeline();
        let gateway = &record.gateway;
        let payments = &record.payments;
        let first_minute = (window_end + Duration::from_secs(60)).min(end);
        let normal = scenario.payments_per_minute / 6.0;
        let peak = |to| busiest(gateway.offered.between(window_end, to), 10) as f64 / normal;
        let ended = |how| payments.iter().filter(|payment| payment.ended(how)).count();
        let attempts_in_window = sum(gateway.offered.between(window_start, window_end));
        let arrived_in_window = payments
            .iter()
            .filter(|p| (window_start..window_end).contains(&p.arrived))
            .count();
        Self {
            name,
            payments: payments.len(),
            attempts: sum(gateway.offered.all()),
            attempts_in_window,
            peak_requests_per_minute: busiest(gateway.offered.all(), 60),
            amplification_in_window: ratio(attempts_in_window as f64, arrived_in_window as f64),
            gateway_503_after_window: sum(gateway.refused.between(window_end, end)),
            max_queue_after_window: highest(gateway.outstanding.between(window_end, end)),
            peak_ratio_first_minute: rounded(peak(first_minute)),
            peak_ratio_after: rounded(peak(end)),
            goodput_after_window: goodput(payments, scenario),
            first_success_after_window_s: first_success(payments, window_end),
            recovered_after_window_s: recovered(payments, scenario),
            paid: ended(End::Paid),
            gave_up: ended(End::GaveUp),
            unknown: ended(End::Unknown),
            double_charged: gateway
                .charges
                .iter()
                .filter(|charges| **charges > 1)
                .count(),
            charged_but_reported_unpaid: charged_but_reported_unpaid(record),
            lost: lost(payments, end),
            backlog_drained_s: backlog_drained(payments, window_end),
            wall_clock_s: rounded(wall_clock_s),
        }
    }
}

impl FleetMetrics {
    /// Payments still open at the horizon, and not lost.
    pub(crate) fn waiting(&self) -> usize {
        self.payments
            .saturating_sub(self.paid + self.gave_up + self.unknown + self.lost)
    }
}

impl PaymentRecord {
    fn ended(&self, how: End) -> bool {
        self.end.is_some_and(|(_, end)| end == how)
    }
}

/// Payments paid after the window, over what could have been: min(demand, capacity).
///
/// *Paid* are those whose application was told so between the window's end and the horizon.
/// *Demand* are the payments that were open at the window's end and those that arrived later. What an
/// application had given up before the window's end is not demand: nobody was asking for it any more.
/// What it gives up later is, since it could still have been paid. *Capacity* is what an undisturbed
/// gateway serves from the window's end to the horizon: it starts cold and is never set back. So a
/// storm that keeps the gateway cold, slots spent on clients that have gone, second charges, and pace
/// held back too long all count against a fleet.
fn goodput(payments: &[PaymentRecord], scenario: &Scenario) -> Option<f64> {
    let Timeline {
        window_end, end, ..
    } = scenario.timeline();
    let paid = payments
        .iter()
        .filter_map(PaymentRecord::paid_at)
        .filter(|at| *at >= window_end)
        .count();
    let demand = payments
        .iter()
        .filter(|payment| payment.arrived >= window_end || payment.is_open_at(window_end))
        .count();
    let capacity = Rates::of(scenario).capacity(end.saturating_sub(window_end));
    ratio(paid as f64, capacity.min(demand as f64))
}

/// The earliest second `s` after the window's end such that in `[s, s + 60)`, and in every 60 s that
/// starts at a later second, at least 99 % of the payments that arrive are paid at their first call.
///
/// (`--sockets`, which has no minutes to spare, looks at 5 s instead of 60 s.)
///
/// Only windows that end before arrivals do are looked at (ten minutes before the horizon, so that
/// each of these payments had the time to finish). A window without arrivals proves nothing and passes.
/// How long the call took does not matter here: a client that made its callers wait for slots would be
/// bounded by its own rule (5 s), and the queue by `max_queue_after_window`.
fn recovered(payments: &[PaymentRecord], scenario: &Scenario) -> Option<u64> {
    let timeline = scenario.timeline();
    let steady = scenario.times.steady.as_secs() as usize;
    let span = timeline
        .arrivals_end
        .saturating_sub(timeline.window_end)
        .as_secs() as usize;
    let mut arrived = vec![0_u32; span];
    let mut paid = vec![0_u32; span];
    for payment in payments {
        let Some(since) = payment.arrived.checked_sub(timeline.window_end) else {
            continue;
        };
        let second = since.as_secs() as usize;
        if let (Some(arrived), Some(paid)) = (arrived.get_mut(second), paid.get_mut(second)) {
            *arrived += 1;
            *paid += u32::from(payment.paid_at_first_call());
        }
    }
    let healthy = arrived
        .windows(steady)
        .zip(paid.windows(steady))
        .map(|(arrived, paid)| {
            u64::from(paid.iter().sum::<u32>()) * 100 >= u64::from(arrived.iter().sum::<u32>()) * 99
        });
    let healthy: Vec<bool> = healthy.collect();
    let ill = healthy.iter().rposition(|healthy| !healthy);
    let first = ill.map_or(0, |last_ill| last_ill + 1);
    (first < healthy.len()).then_some(first as u64)
}

/// When the last payment that was open at the window's end was paid.
fn backlog_drained(payments: &[PaymentRecord], window_end: Duration) -> Option<f64> {
    payments
        .iter()
        .filter(|payment| payment.is_open_at(window_end))
        .try_fold(window_end, |last, payment| {
            Some(last.max(payment.paid_at()?))
        })
        .map(|last| seconds_between(window_end, last))
}

fn first_success(payments: &[PaymentRecord], window_end: Duration) -> Option<f64> {
    let paid = payments.iter().filter_map(PaymentRecord::paid_at);
    let first = paid.filter(|at| *at >= window_end).min()?;
    Some(seconds_between(window_end, first))
}

fn charged_but_reported_unpaid(record: &FleetRecord) -> usize {
    let payments = record.payments.iter().zip(&record.gateway.charges);
    payments
        .filter(|(payment, charges)| payment.ended(End::GaveUp) && **charges > 0)
        .count()
}

fn lost(payments: &[PaymentRecord], end: Duration) -> usize {
    let forgotten =
        |payment: &&PaymentRecord| payment.end.is_none() && payment.due + FORGOTTEN < end;
    payments.iter().filter(forgotten).count()
}

fn highest(counts: &[u32]) -> u32 {
    counts.iter().max().copied().unwrap_or(0)
}

/// The largest sum of `width` neighbours (of all, if there are fewer).
fn busiest(counts: &[u32], width: usize) -> u64 {
    counts
        .windows(width.min(counts.len()).max(1))
        .map(sum)
        .max()
        .unwrap_or(0)
}

fn sum(counts: &[u32]) -> u64 {
    counts.iter().copied().map(u64::from).sum()
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| rounded(part / whole))
}

fn seconds_between(from: Duration, to: Duration) -> f64 {
    rounded(to.saturating_sub(from).as_secs_f64())
}

/// Three decimals: more would be noise.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests;
