//! The one place where a policy's fields are held against the rules and against each other.

use std::time::Duration;

use super::{Policy, Rule, Violation, profile};
use crate::policy::backoff::Jitter;
use crate::policy::circuit::LONGEST;

/// Everything that is wrong with the policy: what makes no sense at all, and, for external presets,
/// each safety rule that is broken and not overridden.
pub(super) fn violations(policy: &Policy) -> Vec<Violation> {
    let mut checks = Checks::default();
    checks.sense(policy);
    if policy.preset.is_external() {
        checks.safety(policy);
    }
    checks.violations
}

#[derive(Default)]
struct Checks {
    violations: Vec<Violation>,
}

impl Checks {
    /// What no rationale can excuse.
    fn sense(&mut self, policy: &Policy) {
        let circuit = &policy.circuit;
        self.require(
            policy.max_attempts > 0,
            "max_attempts is 0",
            "choose at least 1, the first attempt included",
        );
        self.require(
            policy.attempt_timeout <= policy.deadline,
            format!(
                "attempt timeout {:?} exceeds deadline {:?}",
                policy.attempt_timeout, policy.deadline
            ),
            "lower the attempt timeout or raise the deadline",
        );
        self.require(
            !circuit.trips || circuit.consecutive > policy.max_attempts,
            format!(
                "consecutive failures {} are not above max_attempts {}",
                circuit.consecutive, policy.max_attempts
            ),
            "raise it: one poisonous call must not trip the circuit alone",
        );
        self.require(
            circuit.max_break >= circuit.break_duration,
            format!(
                "longest break {:?} is under the first, {:?}",
                circuit.max_break, circuit.break_duration
            ),
            "raise the longest break",
        );
        self.require(
            circuit.max_break > policy.attempt_timeout,
            format!(
                "longest break {:?} is not above the attempt timeout, {:?}",
                circuit.max_break, policy.attempt_timeout
            ),
            "raise it: a probe counts no longer than that, and must be able to end",
        );
        self.require(
            policy.backoff.cap() <= LONGEST,
            format!("backoff cap is {:?}", policy.backoff.cap()),
            "choose at most 30 days",
        );
        if let Some(rule) = circuit.failure_ratio {
            let share = rule.ratio > 0.0 && rule.ratio <= 1.0;
            self.require(
                share,
                format!("failure ratio is {}", rule.ratio),
                "choose a share in (0, 1]",
            );
            let window = (Duration::from_secs(1)..=Duration::from_secs(60)).contains(&rule.window);
            self.require(
                window,
                format!("failure window is {:?}", rule.window),
                "choose 1s to 60s",
            );
            self.require(
                !circuit.trips || rule.minimum > policy.max_attempts,
                format!(
                    "failure minimum {} is not above max_attempts {}",
                    rule.minimum, policy.max_attempts
                ),
                "raise it: one poisonous call must not trip the circuit alone",
            );
        }
        if let Some(peak) = circuit.declared_peak {
            let rate = peak.is_finite() && peak > 0.0;
            self.require(
                rate,
                format!("declared peak is {peak} calls per second"),
                "choose a finite rate above zero",
            );
        }
        self.violations
            .extend(profile::violations(policy.provider()));
        self.durations(policy);
        for overridden in policy
            .overrides
            .iter()
            .filter(|o| o.rationale.trim().is_empty())
        {
            let problem = format!("the rationale for `{}` is blank", overridden.rule);
            self.require(false, problem, "say why it is safe here");
        }
    }

    fn durations(&mut self, policy: &Policy) {
        let circuit = &policy.circuit;
        let named = [
            ("attempt timeout", policy.attempt_timeout),
            ("deadline", policy.deadline),
            ("slow call", circuit.slow_call.unwrap_or(LONGEST)),
            ("break", circuit.break_duration),
            ("longest break", circuit.max_break),
            ("ramp", circuit.ramp),
            ("gate cap", circuit.gate_cap),
        ];
        for (name, value) in named {
            let sane = !value.is_zero() && value <= LONGEST;
            self.require(
                sane,
                format!("{name} is {value:?}"),
                "choose more than zero and at most 30 days",
            );
        }
    }

    /// The rules for calls that leave the house.
    fn safety(&mut self, policy: &Policy) {
        let (backoff, budget) = (policy.backoff, policy.budget);
        let mut keep = |rule, kept, problem: String, fix| {
            let allowed = policy
                .overrides
                .iter()
                .any(|overridden| overridden.rule == rule);
            if !allowed {
                self.judge(Some(rule), kept, problem, fix);
            }
        };
        keep(
            Rule::BackoffBase,
            backoff.base() >= Duration::from_millis(100),
            format!("backoff base is {:?}", backoff.base()),
            "external calls need at least 100ms",
        );
        keep(
            Rule::Jitter,
            backoff.jitter() != Jitter::None,
            "the backoff has no jitter".into(),
            "choose a jitter, or every client retries in step",
        );
        keep(
            Rule::MaxAttempts,
            policy.max_attempts <= 5,
            format!("max_attempts is {}", policy.max_attempts),
            "external calls get at most 5",
        );
        keep(
            Rule::BudgetRatio,
            budget.ratio() <= 0.5,
            format!("budget ratio is {}", budget.ratio()),
            "choose at most 0.5",
        );
        keep(
            Rule::BudgetFloor,
            budget.floor_per_minute() <= 10,
            format!("budget floor is {} a minute", budget.floor_per_minute()),
            "choose at most 10 a minute",
        );
        keep(
            Rule::Circuit,
            policy.circuit.trips,
            "there is no circuit".into(),
            "keep the circuit",
        );
        keep(
            Rule::RetryAfter,
            policy.honours_retry_after,
            "Retry-After is ignored".into(),
            "honour it",
        );
        keep(
            Rule::UnkeyedRepeat,
            !policy.repeats_unkeyed,
            "a POST without an honoured key is repeated".into(),
            "name a provider that honours keys",
        );
        keep(
            Rule::PlainHttp,
            policy.requires_https,
            "plain HTTP is allowed to any host".into(),
            "require HTTPS (loopback is excepted anyway)",
        );
    }

    fn require(&mut self, holds: bool, problem: impl Into<String>, fix: &str) {
        self.judge(None, holds, problem, fix);
    }

    fn judge(&mut self, rule: Option<Rule>, holds: bool, problem: impl Into<String>, fix: &str) {
        if !holds {
            let (problem, fix) = (problem.into(), fix.into());
            self.violations.push(Violation { rule, problem, fix });
        }
    }
}
