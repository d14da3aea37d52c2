//! Why a control file is refused.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why a control file is refused: its path, the entry, the rule and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlFileError {
    path: PathBuf,
    why: String,
}

impl ControlFileError {
    pub(super) fn new(path: &Path, why: impl fmt::Display) -> Self {
        Self {
            path: path.to_owned(),
            why: why.to_string(),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is wrong with it: every entry that is, if it could be read that far.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for ControlFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the control file {}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for ControlFileError {}
