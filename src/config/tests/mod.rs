//! What was asked for: the presets, the safety rules, and what makes no sense.

#[cfg(feature = "serde")]
mod files;
mod nonsense;
mod presets;
mod safety;

use std::time::Duration;

use super::*;
use crate::policy::Provider;
use crate::policy::backoff::{Backoff, Jitter};

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn payments() -> Policy {
    Policy::external_payments(Provider::generic())
}

type Change = fn(PolicyBuilder) -> PolicyBuilder;

fn refused(builder: PolicyBuilder) -> PolicyError {
    builder.build().expect_err("the policy is refused")
}
