//! A policy in a file, and what becomes of it.
//!
//! What is written goes through the builder and its checks, like what is coded.

mod backoff;
mod budget;
mod circuit;
#[cfg(feature = "middleware")]
mod moment;
mod policy;
mod provider;
mod span;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

#[cfg(feature = "middleware")]
pub(crate) use self::moment::Moment;
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
            .map_err(|refused| refusal(&refused, refused.violations()))
    }
}

/// What is refused, in its own words, and how a file says an override.
pub(crate) fn refusal<E: de::Error>(
    refused: &impl std::fmt::Display,
    violations: &[Violation],
) -> E {
    let rule = violations.iter().find_map(Violation::rule);
    match rule {
        Some(rule) => E::custom(format!(
            "{refused}; in a file that is an entry of `overrides`, with `rule = \"{rule}\"` and a \
             `rationale`"
        )),
        None => E::custom(refused),
    }
}
