//! The rules that external calls must keep, and how one is overridden.

use std::error::Error;
use std::fmt;

/// A safety rule of the external presets.
///
/// Each can be overridden only by [`PolicyBuilder::allow`](super::PolicyBuilder::allow), with a
/// rationale that travels with the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Rule {
    /// The backoff starts at 100 ms or more.
    BackoffBase,
    /// The backoff is jittered.
    Jitter,
    /// At most 5 attempts.
    MaxAttempts,
    /// The budget's ratio is at most 50 %.
    BudgetRatio,
    /// The budget's floor is at most 10 a minute.
    BudgetFloor,
    /// The circuit trips.
    Circuit,
    /// Retry-After is obeyed.
    RetryAfter,
    /// A POST without an honoured key is not repeated when it may have been acted on.
    UnkeyedRepeat,
    /// No plain HTTP to a host that is not loopback.
    PlainHttp,
}

impl Rule {
    /// Every rule.
    pub const ALL: &'static [Self] = &[
        Self::BackoffBase,
        Self::Jitter,
        Self::MaxAttempts,
        Self::BudgetRatio,
        Self::BudgetFloor,
        Self::Circuit,
        Self::RetryAfter,
        Self::UnkeyedRepeat,
        Self::PlainHttp,
    ];

    /// The stable name, as it appears in errors and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BackoffBase => "backoff-base",
            Self::Jitter => "jitter",
            Self::MaxAttempts => "max-attempts",
            Self::BudgetRatio => "budget-ratio",
            Self::BudgetFloor => "budget-floor",
            Self::Circuit => "circuit",
            Self::RetryAfter => "retry-after",
            Self::UnkeyedRepeat => "unkeyed-repeat",
            Self::PlainHttp => "plain-http",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A safety rule that somebody overrode, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub(super) rule: Rule,
    pub(super) rationale: String,
}

impl Override {
    /// The rule.
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Why it is safe here, in the words of whoever overrode it.
    #[must_use]
    pub fn rationale(&self) -> &str {
        &self.rationale
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule `{}` overridden: {}", self.rule, self.rationale)
    }
}

/// A policy that was refused: every violation, not just the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    pub(super) violations: Vec<Violation>,
}

impl PolicyError {
    /// What is wrong, each with its fix.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the policy is refused")?;
        for (index, violation) in self.violations.iter().enumerate() {
            write!(f, "{} {violation}", if index == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl Error for PolicyError {}

/// One thing that is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The safety rule that can be overridden; `None` for what makes no sense at all.
    pub(super) rule: Option<Rule>,
    pub(super) settings: &'static [&'static str],
    pub(super) problem: String,
    pub(super) fix: String,
}

impl Violation {
    /// The safety rule, if this is one that [`allow`](super::PolicyBuilder::allow) overrides.
    #[must_use]
    pub fn rule(&self) -> Option<Rule> {
        self.rule
    }

    /// The settings it is about, by their names in a file: `max_attempts`, `circuit.ramp`.
    #[must_use]
    pub fn settings(&self) -> &'static [&'static str] {
        self.settings
    }

    /// What no rationale can excuse.
    pub(crate) fn nonsense(
        settings: &'static [&'static str],
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            rule: None,
            settings,
            problem: problem.into(),
            fix: fix.into(),
        }
    }

    /// What breaks this rule, and may be overridden.
    #[cfg(feature = "compat")]
    pub(crate) fn of(
        rule: Rule,
        settings: &'static [&'static str],
        problem: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            rule: Some(rule),
            ..Self::nonsense(settings, problem, fix)
        }
    }

    /// Its text, for those who would override the rule in this way.
    pub(crate) fn write(&self, f: &mut impl fmt::Write, way_out: &str) -> fmt::Result {
        let Self { problem, fix, .. } = self;
        match self.rule {
            Some(rule) => write!(
                f,
                "{problem} (rule `{rule}`): {fix}, or say why it is safe with {way_out}"
            ),
            None => write!(f, "{problem}: {fix}"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = self
            .rule
            .map(|rule| format!("`.allow(Rule::{rule:?}, \"…\")`"));
        self.write(f, &rule.unwrap_or_default())
    }
}
