//! What came of it.

use std::fmt;

use super::{Step, StepReport};

/// What came of a preflight.
///
/// Its text is one line for each step, in columns of plain ASCII:
///
/// ```text
/// ok       url               0.0 ms  https to gateway.example, port 443
/// ok       dns              12.3 ms  2 addresses
/// ok       tcp               8.1 ms  203.0.113.7:443
/// FAILED   tls              20.4 ms  the certificate has expired, 2 days ago: have the upstream …
/// skipped  credentials       0.0 ms  the step tls failed
/// skipped  health            0.0 ms  the step tls failed
/// ```
///
/// With the feature `json` it serializes: `url`, `ok`, and `steps`, each with `step`, `outcome`
/// (`passed`, `failed` or `skipped`), `took_ms` in milliseconds, and as it applies `detail`,
/// `problem`, `reason`, `fix`, `why`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreflightReport {
    pub(super) url: String,
    pub(super) steps: Vec<StepReport>,
}

impl PreflightReport {
    /// Whether no step failed. Those that were not asked for do not count: look at
    /// [`step`](Self::step) to demand one.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failed().is_none()
    }

    /// The step that failed.
    #[must_use]
    pub fn failed(&self) -> Option<&StepReport> {
        self.steps.iter().find(|step| step.problem().is_some())
    }

    /// All steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[StepReport] {
        &self.steps
    }

    /// One of them.
    #[must_use]
    pub fn step(&self, step: Step) -> Option<&StepReport> {
        self.steps.iter().find(|report| report.step == step)
    }

    /// The URL, without its query and any user name.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for PreflightReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}
