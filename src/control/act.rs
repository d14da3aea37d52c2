//! What an operator does with an upstream.

use std::fmt;
use std::time::SystemTime;

use super::ControlError;
use crate::clock::Clocks;
use crate::policy::Reason;
use crate::policy::circuit::{Author, Circuit, LONGEST, Maintenance, Traffic};
use crate::upstream::Upstream;

/// What an operator has done with an upstream, as [`Event::OperatorActed`] tells it.
///
/// [`Event::OperatorActed`]: crate::event::Event::OperatorActed
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Act {
    /// [`Control::open_until`](super::Control::open_until)
    OpenUntil {
        /// The end.
        until: SystemTime,
        /// Why.
        reason: Reason,
    },
    /// [`Control::schedule_maintenance`](super::Control::schedule_maintenance)
    ScheduleMaintenance {
        /// The beginning.
        from: SystemTime,
        /// The end.
        until: SystemTime,
        /// Why.
        reason: Reason,
    },
    /// [`Control::cancel_maintenance`](super::Control::cancel_maintenance)
    CancelMaintenance,
    /// [`Control::close_until`](super::Control::close_until)
    CloseUntil {
        /// The end.
        until: SystemTime,
    },
    /// [`Control::reset`](super::Control::reset)
    Reset,
    /// [`Control::lift_gate`](super::Control::lift_gate)
    LiftGate,
    /// [`Control::set_rate`](super::Control::set_rate)
    SetRate(Option<f64>),
}

impl Act {
    /// The stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::OpenUntil { .. } => "open_until",
            Self::ScheduleMaintenance { .. } => "schedule_maintenance",
            Self::CancelMaintenance => "cancel_maintenance",
            Self::CloseUntil { .. } => "close_until",
            Self::Reset => "reset",
            Self::LiftGate => "lift_gate",
            Self::SetRate(_) => "set_rate",
        }
    }

    /// Why, where a reason is asked for.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::OpenUntil { reason, .. } | Self::ScheduleMaintenance { reason, .. } => {
                Some(reason.as_str())
            }
            _ => None,
        }
    }

    /// Its end, where it needs one.
    #[must_use]
    pub const fn until(&self) -> Option<SystemTime> {
        match self {
            Self::OpenUntil { until, .. }
            | Self::ScheduleMaintenance { until, .. }
            | Self::CloseUntil { until } => Some(*until),
            _ => None,
        }
    }

    /// Whether it makes sense now.
    pub(super) fn check(&self, wall: SystemTime) -> Result<(), ControlError> {
        if let Some(until) = self.until() {
            check_end(until, wall)?;
        }
        match self {
            Self::ScheduleMaintenance { from, until, .. } => check_order(*from, *until),
            Self::SetRate(Some(rate)) => check_rate(*rate),
            _ => Ok(()),
        }
    }

    /// Does it.
    pub(super) fn carry_out(
        &self,
        upstream: &Upstream,
        clocks: &Clocks,
    ) -> Result<(), ControlError> {
        upstream.operate(|circuit, traffic, unit| {
            let had_room = self.change(circuit, clocks, unit, traffic);
            had_room.then_some(()).ok_or(ControlError::TooManyPlans)
        })
    }

    /// `false`: there is no room for it.
    fn change(&self, circuit: &mut Circuit, clocks: &Clocks, unit: f64, traffic: &Traffic) -> bool {
        let now = clocks.now;
        let maintenance =
            |from: SystemTime, until: SystemTime, reason: &Reason, planned| Maintenance {
                from: clocks.instant_at(from),
                until: clocks.instant_at(until),
                reason: reason.clone(),
                planned,
                author: Author::Handle,
            };
        match self {
            Self::OpenUntil { until, reason } => {
                let plan = maintenance(clocks.wall, *until, reason, false);
                return circuit.maintain(now, plan, unit, traffic);
            }
            Self::ScheduleMaintenance {
                from,
                until,
                reason,
            } => {
                let plan = maintenance(*from, *until, reason, true);
                return circuit.maintain(now, plan, unit, traffic);
            }
            Self::CancelMaintenance => circuit.replan(now, Author::Handle, [], unit, traffic),
            Self::CloseUntil { until } => {
                circuit.close_until(now, clocks.instant_at(*until), traffic);
            }
            Self::Reset => circuit.reset(now, traffic),
            Self::LiftGate => circuit.lift_gate(now, None, traffic),
            Self::SetRate(rate) => circuit.set_rate(now, *rate),
        }
        true
    }
}

fn check_end(until: SystemTime, wall: SystemTime) -> Result<(), ControlError> {
    check_ahead(until, wall)?;
    match wall.duration_since(until) {
        Ok(ago) => Err(ControlError::Past { ago }),
        Err(_) => Ok(()),
    }
}

/// An end that has passed is another question.
pub(super) fn check_ahead(until: SystemTime, wall: SystemTime) -> Result<(), ControlError> {
    let ahead = until.duration_since(wall).unwrap_or_default();
    if ahead <= LONGEST {
        Ok(())
    } else {
        Err(ControlError::TooFar { ahead })
    }
}

pub(super) fn check_order(from: SystemTime, until: SystemTime) -> Result<(), ControlError> {
    if from < until {
        return Ok(());
    }
    let by = from.duration_since(until).unwrap_or_default();
    Err(ControlError::Backwards { by })
}

pub(super) fn check_rate(rate: f64) -> Result<(), ControlError> {
    if rate > 0.0 && rate.is_finite() {
        Ok(())
    } else {
        Err(ControlError::Rate { rate })
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::SetRate(Some(rate)) => write!(f, " {rate}/s"),
            Self::SetRate(None) => f.write_str(" none"),
            _ => self
                .reason()
                .map_or(Ok(()), |reason| write!(f, ": {reason}")),
        }
    }
}
