//! What is wrong with the environment.

use std::fmt;

use crate::Error;

/// An environment that was refused: every missing, invalid or unknown variable, not just the first.
///
/// It names the variables. What they hold is not shown unless it was understood, such as a number or
/// a duration: a secret may have been put into the wrong one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvError {
    pub(super) problems: Vec<EnvProblem>,
}

impl EnvError {
    /// What is wrong, each with its fix.
    #[must_use]
    pub fn problems(&self) -> &[EnvProblem] {
        &self.problems
    }
}

impl fmt::Display for EnvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the environment is refused")?;
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{} {problem}", if index == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for EnvError {}

impl From<EnvError> for Error {
    fn from(error: EnvError) -> Self {
        Self::config(error.to_string()).with_source(error)
    }
}

/// One thing that is wrong with the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvProblem {
    pub(super) variables: Vec<String>,
    /// The sentence whose subject the variables are.
    pub(super) text: String,
}

impl EnvProblem {
    pub(super) fn of(variable: String, text: impl Into<String>) -> Self {
        Self {
            variables: vec![variable],
            text: text.into(),
        }
    }

    /// The variables it is about, by their full names: several, if they contradict each other.
    #[must_use]
    pub fn variables(&self) -> &[String] {
        &self.variables
    }
}

impl fmt::Display for EnvProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.variables.join(", "), self.text)
    }
}
