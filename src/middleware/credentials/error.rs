//! Why there is no credential.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;

use crate::Error;

/// Why there is no credential. It names the variable, the file or the origin; never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// It cannot be written into a request, and why.
    Invalid(&'static str),
    /// The environment variable holds none.
    Variable {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The file holds none.
    File {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// That is no origin to send a credential to.
    Origin {
        /// What was given, unless it may hold a password.
        origin: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The source has none now, and why.
    Unavailable(Cow<'static, str>),
}

impl CredentialError {
    /// A source of your own has no credential now.
    ///
    /// The reason is shown in errors and in the log, so name what failed and nothing it was given:
    /// `"the token endpoint answered 503"`.
    pub fn unavailable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Unavailable(reason.into())
    }

    pub(super) fn in_file(self, path: impl Into<PathBuf>) -> Self {
        let problem = match self {
            Self::Invalid(problem) => problem.to_owned(),
            other => other.to_string(),
        };
        let path = path.into();
        Self::File { path, problem }
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(problem) => write!(f, "the credential cannot be used: {problem}"),
            Self::Variable { name, problem } => {
                write!(
                    f,
                    "the environment variable `{name}`: {problem}; set it to the credential"
                )
            }
            Self::File { path, problem } => {
                write!(
                    f,
                    "the credential file `{}`: {problem}; write the credential into it, and nothing else",
                    path.display()
                )
            }
            Self::Origin { origin, problem } => {
                write!(f, "the origin `{origin}` gets no credential: {problem}")
            }
            Self::Unavailable(reason) => write!(f, "the source has no credential: {reason}"),
        }
    }
}

impl std::error::Error for CredentialError {}

impl From<CredentialError> for Error {
    fn from(error: CredentialError) -> Self {
        Self::config(error.to_string()).with_source(error)
    }
}
