//! Settings that are refused.

use std::error::Error as StdError;
use std::fmt;

use crate::{Error, Violation};

/// Settings that were refused: everything that is wrong with them, not just the first.
///
/// [`Violation::settings`] names the fields of [`Config`](super::Config), and [`Violation::rule`] the
/// rule that [`Config::allow`](super::Config::allow) overrides, if one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub(super) violations: Vec<Violation>,
}

impl ConfigError {
    /// What is wrong, each with its fix.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are refused")?;
        for (index, violation) in self.violations.iter().enumerate() {
            write!(f, "{} {violation}", if index == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl StdError for ConfigError {}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::config(error.to_string())
    }
}
