//! A policy in a file, and what becomes of it.
//!
//! What is written goes through the builder and its checks, like what is coded.

mod backoff;
mod budget;
mod circuit;
#[cfg(feature = "middleware")]
mod moment;
#[cfg(any(feature = "client", feature = "watch"))]
mod nearest;
mod policy;
mod provider;
mod span;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

#[cfg(feature = "middleware")]
pub(crate) use self::moment::Moment;
#[cfg(any(feature = "client", feature = "watch"))]
pub(crate) use self::nearest::nearest;
#[cfg(feature = "client")]
pub(crate) use self::policy::WrittenOverride;
pub(crate) use self::policy::WrittenPolicy;
#[cfg(feature = "client")]
pub(crate) use self::provider::Profile;
pub(crate) use self::span::Span;
use super::{Policy, Violation};

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WrittenPolicy::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        WrittenPolicy::deserialize(deserializer)?
            .build()
            .map_err(|refused| refusal("the policy is refused", refused.violations()))
    }
}

/// Everything that is refused, with the fix as a file writes it.
pub(crate) fn refusal<E: de::Error>(what: &str, violations: &[Violation]) -> E {
    let mut text = what.to_owned();
    for (index, violation) in violations.iter().enumerate() {
        text += if index == 0 { ": " } else { "; " };
        let way_out = violation.rule().map_or_else(String::new, |rule| {
            format!("an entry of `overrides`: `rule = \"{rule}\"` and a `rationale`")
        });
        violation
            .write(&mut text, &way_out)
            .expect("a string takes whatever is written");
    }
    E::custom(text)
}
