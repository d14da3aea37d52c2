//! One upstream at one moment, for people and for gauges.

use std::time::{Duration, SystemTime};

#[cfg(feature = "serde")]
use super::written;
use super::{Intervention, PlannedMaintenance};
use crate::clock::Clocks;
use crate::policy::Refusal;
use crate::policy::circuit::{self, CircuitState};
use crate::upstream::Upstream;

/// One upstream at one moment.
///
/// It shows what the next call would meet: a circuit whose break has ended is `HalfOpen`, also if
/// nobody has called since, and a limit that has become pointless is lifted. Moments are wall-clock
/// time, as of when the snapshot was taken: a step of that clock moves none of them.
///
/// With the feature `serde` it can be serialised: durations as `"1m 30s"`, moments as
/// `"2026-11-20T12:20:00.000Z"`, states and reasons by their stable names.
///
/// ```
/// # use seawall::{Policy, Upstreams};
/// # let control = Upstreams::new(Policy::external()).control();
/// for snapshot in control.snapshots() {
///     if let (Some(refusal), Some(wait)) = (snapshot.refusal, snapshot.refused_for) {
///         println!("{} for {wait:?}: {refusal}", snapshot.upstream);
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Snapshot {
    /// Scheme, host, port and finer name.
    pub upstream: String,
    /// When this was seen.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::moment"))]
    pub taken_at: SystemTime,
    /// The state of its circuit.
    pub state: CircuitState,
    /// Why every call is refused now; `None`: calls pass, if need be at the [`pace`](Self::pace). What
    /// one credential's gate refuses is counted in [`rate_gates`](Self::rate_gates).
    pub refusal: Option<Refusal>,
    /// When that ends, jitter included; `None` also while a probe is under way.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::maybe_moment"))]
    pub refused_until: Option<SystemTime>,
    /// The same as a wait from now.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::maybe_span"))]
    pub refused_for: Option<Duration>,
    /// The upstream's gate, if a Retry-After has closed it.
    pub gate: Option<ClosedGate>,
    /// How many credentials a Retry-After on 429 keeps away.
    pub rate_gates: usize,
    /// Calls per second that are admitted while it recovers, or after a 429; `None`: no pace limits
    /// them.
    pub pace: Option<f64>,
    /// Calls per second that it is held to even when all is well; `None`: as many as come.
    pub rate_limit: Option<f64>,
    /// Calls per second that it is used to.
    pub normal_rate: f64,
    /// Whether that was learned in healthy minutes, or is only what arrives.
    pub normal_is_learned: bool,
    /// Retries left in the budget; the whole part is how many would be granted now.
    pub retries_left: f64,
    /// Calls that wait for a gate, a probe or a slot.
    pub waiting: usize,
    /// Failures with no success between that count towards the next trip.
    pub consecutive_failures: usize,
    /// The median time of successes while it was well, at most a fifth above the truth; `None` before
    /// the first.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::maybe_span"))]
    pub median_success: Option<Duration>,
    /// What an operator has put in force. A rate is in
    /// [`rate_limit`](Self::rate_limit).
    pub intervention: Option<Intervention>,
    /// The maintenances that are to come, the next one first.
    pub planned: Vec<PlannedMaintenance>,
}

/// A gate that a Retry-After has closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ClosedGate {
    /// The status that it came with.
    pub status: u16,
    /// How the header was written: at most 64 characters, what is not printable ASCII as `?`.
    pub header: String,
    /// What it asked for. The gate is closed no longer than the policy's cap.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::span"))]
    pub asked: Duration,
    /// When the gate closed: by the first of its headers, if a later one has moved the end.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::moment"))]
    pub closed_at: SystemTime,
    /// The end, jitter included.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::moment"))]
    pub until: SystemTime,
}

impl Snapshot {
    pub(crate) fn of(upstream: &Upstream) -> Self {
        let clocks = Clocks::read();
        let now = clocks.now;
        let circuit = upstream.snapshot(now);
        let normal = upstream.normal(now);
        let refused_until = circuit.refused_until;
        Self {
            upstream: upstream.name().to_string(),
            taken_at: clocks.wall,
            state: circuit.state,
            refusal: circuit.refusal,
            refused_until: refused_until.map(|until| clocks.wall_at(until)),
            refused_for: refused_until.map(|until| until.saturating_duration_since(now)),
            gate: circuit.gate.map(|gate| ClosedGate::of(&gate, &clocks)),
            rate_gates: circuit.rate_gates,
            pace: circuit.pace,
            rate_limit: circuit.rate_limit,
            normal_rate: normal.rate,
            normal_is_learned: normal.learned,
            retries_left: upstream.budget().balance(now),
            waiting: circuit.waiting,
            consecutive_failures: circuit.consecutive_failures,
            median_success: upstream.median_success(),
            intervention: circuit
                .intervention
                .map(|intervention| Intervention::of(&intervention, &clocks)),
            planned: circuit
                .planned
                .iter()
                .map(|plan| PlannedMaintenance::of(plan, &clocks))
                .collect(),
        }
    }
}

impl ClosedGate {
    fn of(gate: &circuit::ClosedGate, clocks: &Clocks) -> Self {
        Self {
            status: circuit::ClosedGate::STATUS.as_u16(),
            header: gate.text.to_string(),
            asked: gate.asked,
            closed_at: clocks.wall_at(gate.closed_at),
            until: clocks.wall_at(gate.until),
        }
    }
}
