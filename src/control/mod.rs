//! What an operator sees of the upstreams at run time, and does with them.
//!
//! | act | what it does | how it ends |
//! |---|---|---|
//! | [`open_until`](Control::open_until) | keeps every call away | at its end, with jitter: one probe, then a pace |
//! | [`schedule_maintenance`](Control::schedule_maintenance) | the same, from a moment to come | the same |
//! | [`cancel_maintenance`](Control::cancel_maintenance) | takes those two back | one probe, then a pace |
//! | [`close_until`](Control::close_until) | lets calls pass at a pace, whatever kept them away | failures may trip the circuit again |
//! | [`reset`](Control::reset) | makes the circuit as new, without a pace | |
//! | [`lift_gate`](Control::lift_gate) | opens the gates that a Retry-After has closed | one probe, then a pace |
//! | [`set_rate`](Control::set_rate) | limits the calls per second | by the next `set_rate` |
//! | [`apply`](Control::apply) | puts another policy in force, for all upstreams | by the next `apply` |
//!
//! Each act is told as [`Event::OperatorActed`], or as
//! [`Event::ConfigurationChanged`] what `apply` changes; it wakes whoever waits for the upstream, and
//! holds in this process only.
#![cfg_attr(feature = "watch", doc = "")]
#![cfg_attr(
    feature = "watch",
    doc = "[`watch`] reads them from a file: one edit reaches a whole fleet."
)]

mod act;
mod error;
mod intervention;
mod snapshot;
#[cfg(feature = "watch")]
pub mod watch;
#[cfg(feature = "serde")]
mod written;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

pub use self::act::Act;
pub use self::error::ControlError;
pub use self::intervention::{Intervened, Intervention, PlannedMaintenance};
pub use self::snapshot::{ClosedGate, Snapshot};
#[cfg(feature = "watch")]
pub use self::watch::{ControlFileError, Watch};
use crate::clock::Clocks;
use crate::event::Event;
use crate::policy::Reason;
use crate::upstream::Address;
use crate::{Policy, PolicyError, Upstreams};

/// A handle on the upstreams of a client or a layer, for whoever operates them.
///
/// An upstream is named as in [`upstreams`](Self::upstreams), `https://gateway.example:443`; the usual
/// port may be left out, and a [finer name](crate::UpstreamName) follows a `#`. It may be one that was
/// never called: then its first call finds the act in force. Moments are wall-clock time, measured
/// when the act is made: a step of that clock moves none of them. Clones share everything.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use seawall::{Policy, Upstreams};
///
/// let control = Upstreams::new(Policy::external()).control();
/// let until = SystemTime::now() + Duration::from_secs(20 * 60);
/// control.open_until("https://gateway.example", until, "their maintenance, ticket 4711")?;
///
/// let seen = control.snapshot("https://gateway.example").expect("it is known now");
/// println!("{}: {:?} until {:?}", seen.upstream, seen.refusal, seen.refused_until);
/// # Ok::<(), seawall::ControlError>(())
/// ```
#[derive(Clone)]
pub struct Control {
    upstreams: Upstreams,
}

impl Control {
    pub(crate) const fn new(upstreams: Upstreams) -> Self {
        Self { upstreams }
    }

    /// The names of the upstreams that are known, sorted: those that were called or acted on, and not
    /// forgotten since. `overflow` is what newcomers share when no more can be remembered.
    #[must_use]
    pub fn upstreams(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.upstreams
            .visit(|upstream| names.push(upstream.name().to_string()));
        names.sort();
        names
    }

    /// What is to be seen of each, sorted by name.
    #[must_use]
    pub fn snapshots(&self) -> Vec<Snapshot> {
        let mut seen = Vec::new();
        self.upstreams
            .visit(|upstream| seen.push(Snapshot::of(upstream)));
        seen.sort_by(|a, b| a.upstream.cmp(&b.upstream));
        seen
    }

    /// What is to be seen of this one; `None` if it was never called or acted on, or is forgotten.
    #[must_use]
    pub fn snapshot(&self, upstream: &str) -> Option<Snapshot> {
        if let Some(address) = Address::parse(upstream) {
            let found = self.upstreams.remembered(&address)?;
            return Some(Snapshot::of(&found));
        }
        let overflow = self.upstreams.overflow()?;
        (**overflow.name() == *upstream).then(|| Snapshot::of(overflow))
    }

    /// Refuses every call until then, with the reason in the error. It takes the place of the last
    /// `open_until`; a Retry-After or a break that ends later goes on.
    ///
    /// It ends like a gate: a little later, by a jitter; by one probe; at a pace.
    ///
    /// # Errors
    ///
    /// A [`ControlError`] if that is no upstream, or one that shares its state with others; if the end
    /// has passed or is over 30 days ahead; if the reason is blank.
    pub fn open_until(
        &self,
        upstream: &str,
        until: SystemTime,
        reason: &str,
    ) -> Result<(), ControlError> {
        let reason = Reason::new(reason).ok_or(ControlError::BlankReason)?;
        self.perform(upstream, &Act::OpenUntil { until, reason })
    }

    /// Does the same from one moment to another, beside what else is planned. It begins by itself, and
    /// now if `from` has passed.
    ///
    /// # Errors
    ///
    /// Those of [`open_until`](Self::open_until); and if it does not begin before it ends, or if 64 are
    /// planned already.
    pub fn schedule_maintenance(
        &self,
        upstream: &str,
        from: SystemTime,
        until: SystemTime,
        reason: &str,
    ) -> Result<(), ControlError> {
        let reason = Reason::new(reason).ok_or(ControlError::BlankReason)?;
        let act = Act::ScheduleMaintenance {
            from,
            until,
            reason,
        };
        self.perform(upstream, &act)
    }

    /// Takes back every `open_until` and `schedule_maintenance` that was made by this handle or a clone;
    /// what is under way ends now, by one probe and a pace.
    ///
    /// # Errors
    ///
    /// A [`ControlError`] if that is no upstream, or one that shares its state with others.
    pub fn cancel_maintenance(&self, upstream: &str) -> Result<(), ControlError> {
        self.perform(upstream, &Act::CancelMaintenance)
    }

    /// Lets calls pass, at the pace of a recovery, whatever keeps them away: a break, a gate, a
    /// maintenance under way. Until then no failure trips the circuit; afterwards it judges for itself.
    /// A new Retry-After is obeyed all the same, and what is planned begins.
    ///
    /// # Errors
    ///
    /// A [`ControlError`] if that is no upstream, or one that shares its state with others; if the end
    /// has passed or is over 30 days ahead.
    pub fn close_until(&self, upstream: &str, until: SystemTime) -> Result<(), ControlError> {
        self.perform(upstream, &Act::CloseUntil { until })
    }

    /// Makes the circuit as new: closed, no gate, no failure remembered, nothing forced. Calls pass at
    /// once and as many as come; [`close_until`](Self::close_until) is gentler. What was learned in
    /// healthy times stays, and so do the rate and what is planned for later.
    ///
    /// # Errors
    ///
    /// A [`ControlError`] if that is no upstream, or one that shares its state with others.
    pub fn reset(&self, upstream: &str) -> Result<(), ControlError> {
        self.perform(upstream, &Act::Reset)
    }

    /// Opens the gates that a Retry-After has closed, those of single credentials too. The next call is
    /// the probe, unless a break or a maintenance goes on. For a server that has lied, or has come back
    /// early.
    ///
    /// # Errors
    ///
    /// A [`ControlError`] if that is no upstream, or one that shares its state with others.
    pub fn lift_gate(&self, upstream: &str) -> Result<(), ControlError> {
        self.perform(upstream, &Act::LiftGate)
    }

    /// Holds calls to so many a second, beside the policy's own limits; `None` takes that back.
    ///
    /// # Errors
    ///
    /// A [`ControlError`] if that is no upstream, or one that shares its state with others; if the rate
    /// is not above zero, or infinite.
    pub fn set_rate(&self, upstream: &str, per_second: Option<f64>) -> Result<(), ControlError> {
        self.perform(upstream, &Act::SetRate(per_second))
    }

    /// Puts another policy in force for all upstreams, under traffic: see [`Upstreams::apply`]. Calls that
    /// have begun go by the old one to their end; no circuit, gate, budget or history starts over, and
    /// what an operator has decided stays.
    ///
    /// ```
    /// use seawall::{Policy, Upstreams};
    ///
    /// let control = Upstreams::new(Policy::external()).control();
    /// let calmer = control.policy().to_builder().declared_peak_per_second(20.0).build()?;
    /// control.apply(calmer)?;
    /// assert_eq!(control.policy().circuit().declared_peak, Some(20.0));
    /// # Ok::<(), seawall::PolicyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A [`PolicyError`] with all that speaks against it, and nothing has changed.
    pub fn apply(&self, policy: Policy) -> Result<(), PolicyError> {
        self.upstreams.apply(policy)
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        self.upstreams.policy()
    }

    fn perform(&self, upstream: &str, act: &Act) -> Result<(), ControlError> {
        let address =
            Address::parse(upstream).ok_or_else(|| ControlError::no_upstream(upstream))?;
        let clocks = Clocks::read();
        act.check(clocks.wall)?;
        let found = self.upstreams.named(&address);
        let upstream = found.ok_or_else(|| ControlError::Full {
            upstream: address.to_string(),
        })?;
        act.carry_out(&upstream, &clocks)?;
        let name = upstream.name();
        upstream.tell(&Event::OperatorActed {
            upstream: name,
            act,
        });
        Ok(())
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("upstreams", &self.upstreams())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
