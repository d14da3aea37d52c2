//! The steps, and how each of them can end.

use std::fmt;
use std::time::Duration;

use super::Problem;

/// One step of a preflight, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The URL, and the paths beside it: no network is needed to see that they are wrong.
    Url,
    /// The addresses of the host name.
    Dns,
    /// A TCP connection to one of them.
    Tcp,
    /// The TLS handshake, certificate included.
    Tls,
    /// A request with the credentials.
    Credentials,
    /// A request of the health path.
    Health,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Url,
        Self::Dns,
        Self::Tcp,
        Self::Tls,
        Self::Credentials,
        Self::Health,
    ];

    /// A stable name: `url`, `dns`, `tcp`, `tls`, `credentials`, `health`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Credentials => "credentials",
            Self::Health => "health",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a step ended. No text in it holds a header value or a query string.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is as it should be.
    Passed {
        /// What was found: the number of addresses, the address, the TLS version, the status.
        detail: String,
    },
    /// It is not, and a deploy should stop.
    Failed {
        /// What is wrong, for programs.
        problem: Problem,
        /// The same for people, with the value at fault.
        reason: String,
        /// What to do about it.
        fix: &'static str,
    },
    /// It was not taken.
    Skipped {
        /// The reason: it was not asked for, or an earlier step failed.
        why: String,
    },
}

/// A step with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    pub(super) step: Step,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
}

impl StepReport {
    /// Which step.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// How it ended.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// How long it took; zero if it was not taken.
    #[must_use]
    pub const fn took(&self) -> Duration {
        self.took
    }

    /// Whether it passed.
    #[must_use]
    pub const fn is_passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed { .. })
    }

    /// What is wrong, if it failed.
    #[must_use]
    pub const fn problem(&self) -> Option<Problem> {
        match self.outcome {
            Outcome::Failed { problem, .. } => Some(problem),
            _ => None,
        }
    }
}

impl fmt::Display for StepReport {
    /// One line, in columns, without its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.outcome {
            Outcome::Passed { .. } => "ok",
            Outcome::Failed { .. } => "FAILED",
            Outcome::Skipped { .. } => "skipped",
        };
        let millis = self.took.as_secs_f64() * 1_000.0;
        write!(f, "{word:<7}  {:<11}  {millis:>8.1} ms  ", self.step)?;
        match &self.outcome {
            Outcome::Passed { detail } => f.write_str(detail),
            Outcome::Failed { reason, fix, .. } => write!(f, "{reason}: {fix}"),
            Outcome::Skipped { why } => f.write_str(why),
        }
    }
}
