//! A policy in the making.

use std::time::Duration;

use super::{Override, Policy, PolicyError, Rule, Violation, check};
use crate::policy::Provider;
use crate::policy::backoff::Backoff;
use crate::policy::budget::BudgetSettings;

/// A policy in the making. Nothing is checked before [`build`](Self::build).
///
/// ```
/// use seawall::{Policy, Rule};
///
/// let nine = Policy::external().to_builder().max_attempts(9).consecutive_failures(10);
/// let refused = nine.clone().build().unwrap_err();
/// assert_eq!(refused.violations()[0].rule(), Some(Rule::MaxAttempts));
///
/// let policy = nine
///     .allow(Rule::MaxAttempts, "a batch job at night, alone on this upstream")
///     .build()?;
/// assert!(policy.to_string().contains("a batch job at night"));
/// # Ok::<(), seawall::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct PolicyBuilder {
    policy: Policy,
    budget: (f64, u32),
}

impl From<Policy> for PolicyBuilder {
    fn from(policy: Policy) -> Self {
        let budget = (policy.budget.ratio(), policy.budget.floor_per_minute());
        Self { policy, budget }
    }
}

impl PolicyBuilder {
    /// Attempts in one call, the first included; at least 1.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.policy.max_attempts = attempts;
        self
    }

    /// The wait between attempts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.policy.backoff = backoff;
        self
    }

    /// The longest one attempt may take, up to its response head, or up to the last byte of its body
    /// where that is collected within the call. Mandatory: a client can lose a request when a
    /// connection closes under it, and only this ends the wait.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.policy.attempt_timeout = timeout;
        self
    }

    /// The longest the whole call may take, waits included, up to the same moment as the attempt
    /// timeout.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.policy.deadline = deadline;
        self
    }

    /// Retries of a minute, for each upstream: at most `ratio` of the first attempts sent in it,
    /// plus `floor_per_minute`.
    pub fn budget(mut self, ratio: f64, floor_per_minute: u32) -> Self {
        self.budget = (ratio, floor_per_minute);
        self
    }

    /// Failures with no success between that trip the circuit. More than `max_attempts`, so that
    /// one poisonous call cannot trip it alone.
    pub fn consecutive_failures(mut self, failures: u32) -> Self {
        self.policy.circuit.consecutive = failures;
        self
    }

    /// The longest time that those failures may span: more than 1 s. Two minutes in every preset,
    /// so that a service that calls once a minute trips too.
    pub fn failures_within(mut self, longest: Duration) -> Self {
        self.policy.circuit.within = longest;
        self
    }

    /// Trips the circuit when this share of at least `minimum` results in the window failed. The
    /// window is 1 s to 60 s long.
    pub fn failure_ratio(mut self, ratio: f64, window: Duration, minimum: u32) -> Self {
        let rule = crate::policy::circuit::FailureRatio {
            ratio,
            window,
            minimum,
        };
        self.policy.circuit.failure_ratio = Some(rule);
        self
    }

    /// Counts a success slower than this as a failure of the upstream.
    pub fn slow_call(mut self, slower_than: Duration) -> Self {
        self.policy.circuit.slow_call = Some(slower_than);
        self
    }

    /// How long the circuit stays open at first, and at most. Each failed recovery doubles it, or
    /// multiplies it by the [`break_multiplier`](Self::break_multiplier).
    pub fn break_duration(mut self, first: Duration, longest: Duration) -> Self {
        self.policy.circuit.break_duration = first;
        self.policy.circuit.max_break = longest;
        self
    }

    /// What each failed recovery multiplies the break by, at least 1; 2 in every preset.
    pub fn break_multiplier(mut self, multiplier: f64) -> Self {
        self.policy.circuit.break_multiplier = multiplier;
        self
    }

    /// How long the pace takes from a tenth of normal to all of it, after a recovery.
    pub fn ramp(mut self, ramp: Duration) -> Self {
        self.policy.circuit.ramp = ramp;
        self
    }

    /// The longest a Retry-After can keep the gate closed.
    pub fn gate_cap(mut self, cap: Duration) -> Self {
        self.policy.circuit.gate_cap = cap;
        self
    }

    /// The peak rate that this process has agreed with the upstream, in calls per second. At most 110 %
    /// of it is ever sent, retries included and ten seconds of it at once, and background work takes at
    /// most half: calls beyond that wait up to five seconds, or are refused.
    pub fn declared_peak_per_second(mut self, calls: f64) -> Self {
        self.policy.circuit.declared_peak = Some(calls);
        self
    }

    /// The attempts to each upstream that may be under way at once in this process, at least 1: from
    /// their sending to the end of the response's body. Calls beyond that wait up to five seconds, or
    /// are refused. No preset has such a limit.
    pub fn max_concurrency(mut self, attempts: u32) -> Self {
        self.policy.max_concurrency = Some(attempts);
        self
    }

    /// Never trips the circuit. Retry-After still closes its gate.
    pub fn without_circuit(mut self) -> Self {
        self.policy.circuit.trips = false;
        self
    }

    /// Whether a Retry-After is obeyed.
    pub fn honour_retry_after(mut self, honour: bool) -> Self {
        self.policy.honours_retry_after = honour;
        self
    }

    /// What the provider promises about idempotency keys, and what its answers mean.
    pub fn provider(mut self, provider: Provider) -> Self {
        self.policy.circuit.provider_rate = provider.rate_per_second;
        self.policy.provider = provider;
        self
    }

    /// Whether POST and PATCH get an idempotency key when they bring none.
    pub fn inject_keys(mut self, inject: bool) -> Self {
        self.policy.injects_keys = inject;
        self
    }

    /// Whether a POST without an honoured key is repeated although it may have been acted on.
    pub fn repeat_unkeyed(mut self, repeat: bool) -> Self {
        self.policy.repeats_unkeyed = repeat;
        self
    }

    /// Whether plain HTTP is refused, loopback excepted.
    pub fn require_https(mut self, require: bool) -> Self {
        self.policy.requires_https = require;
        self
    }

    /// Overrides one safety rule. The rationale travels with the policy, is printed with it and is
    /// logged at WARN when a client is built.
    pub fn allow(mut self, rule: Rule, rationale: impl Into<String>) -> Self {
        let rationale = rationale.into();
        self.policy.overrides.retain(|earlier| earlier.rule != rule);
        self.policy.overrides.push(Override { rule, rationale });
        self
    }

    /// The checked policy.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] with every violation: what makes no sense at all, and, for external presets,
    /// each safety rule that is broken and not overridden.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let mut violations = Vec::new();
        let mut policy = self.policy;
        match BudgetSettings::new(self.budget.0, self.budget.1) {
            Ok(budget) => policy.budget = budget,
            Err(error) => violations.push(Violation::nonsense(
                &["budget.ratio"],
                error.to_string(),
                "see PolicyBuilder::budget",
            )),
        }
        violations.extend(check::violations(&policy));
        if violations.is_empty() {
            Ok(policy)
        } else {
            Err(PolicyError { violations })
        }
    }

    /// What it holds so far, unless the budget is none at all.
    #[cfg(all(test, feature = "serde"))]
    pub(super) fn unchecked(self) -> Option<Policy> {
        let budget = BudgetSettings::new(self.budget.0, self.budget.1).ok()?;
        Some(Policy {
            budget,
            ..self.policy
        })
    }
}
