//! What you asked for: a [`Policy`], checked when it is built.
//!
//! A preset is a plain value; a builder starts from one. There is no default policy: whoever builds
//! a client or a layer names what it is for. The incident of November 2025 began with defaults made
//! for internal GETs that were used, unreviewed, for payments.
#![cfg_attr(feature = "serde", doc = "")]
#![cfg_attr(feature = "serde", doc = include_str!("written/format.md"))]

mod builder;
mod change;
pub(crate) mod check;
mod policy;
mod presets;
mod profile;
mod safety;
#[cfg(feature = "serde")]
pub(crate) mod written;

pub use builder::PolicyBuilder;
pub use change::Change;
pub use policy::{Policy, Preset};
pub use safety::{Override, PolicyError, Rule, Violation};

#[cfg(test)]
mod tests;
