//! How a snapshot is written: durations and moments as in the configuration, names that are stable.

use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

use crate::config::written::{Moment, Span};
use crate::policy::Refusal;
use crate::policy::circuit::CircuitState;

pub(super) fn moment<S: Serializer>(at: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    Moment(*at).serialize(to)
}

pub(super) fn span<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
    Span(*span).serialize(to)
}

#[expect(clippy::ref_option, reason = "serde hands over the field")]
pub(super) fn maybe_moment<S: Serializer>(
    at: &Option<SystemTime>,
    to: S,
) -> Result<S::Ok, S::Error> {
    at.map(Moment).serialize(to)
}

#[expect(clippy::ref_option, reason = "serde hands over the field")]
pub(super) fn maybe_span<S: Serializer>(span: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    span.map(Span).serialize(to)
}

impl Serialize for CircuitState {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}
