//! What an operator has put in force, and has planned.

use std::time::SystemTime;

#[cfg(feature = "serde")]
use super::written;
use crate::clock::Clocks;
use crate::policy::circuit;

/// What an operator has put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Intervention {
    /// What it does.
    pub what: Intervened,
    /// Why, where a reason is asked for.
    pub reason: Option<String>,
    /// Its end, as the operator said it.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::moment"))]
    pub until: SystemTime,
}

/// What an intervention does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Intervened {
    /// Calls are kept away, by a decision of the moment.
    Open,
    /// Calls are kept away, as it was planned.
    Maintenance,
    /// Calls pass, and no failure trips the circuit.
    Closed,
}

/// A maintenance that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PlannedMaintenance {
    /// Its beginning.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::moment"))]
    pub from: SystemTime,
    /// Its end, as the operator said it.
    #[cfg_attr(feature = "serde", serde(serialize_with = "written::moment"))]
    pub until: SystemTime,
    /// Why.
    pub reason: String,
}

impl Intervention {
    pub(super) fn of(intervention: &circuit::Intervention, clocks: &Clocks) -> Self {
        match intervention {
            circuit::Intervention::Maintenance(plan) => Self {
                what: if plan.planned {
                    Intervened::Maintenance
                } else {
                    Intervened::Open
                },
                reason: Some(plan.reason.to_string()),
                until: clocks.wall_at(plan.until),
            },
            circuit::Intervention::Closed(until) => Self {
                what: Intervened::Closed,
                reason: None,
                until: clocks.wall_at(*until),
            },
        }
    }
}

impl PlannedMaintenance {
    pub(super) fn of(plan: &circuit::Maintenance, clocks: &Clocks) -> Self {
        Self {
            from: clocks.wall_at(plan.from),
            until: clocks.wall_at(plan.until),
            reason: plan.reason.to_string(),
        }
    }
}
