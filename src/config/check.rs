//! The one place where a policy's fields are held against the rules and against each other.

use std::time::Duration;

use super::{Policy, Rule, Violation, profile};
use crate::policy::backoff::Jitter;
use crate::policy::circuit::LONGEST;

/// Of an external call, the first included.
pub(crate) const MOST_ATTEMPTS: u32 = 5;

/// Of an external call: what comes sooner meets the same failure.
pub(crate) const SHORTEST_BASE: Duration = Duration::from_millis(100);

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
        self.require(
            &["max_attempts"],
            policy.max_attempts > 0,
            "max_attempts is 0",
            "choose at least 1, the first attempt included",
        );
        self.require(
            &["attempt_timeout", "deadline"],
            policy.attempt_timeout <= policy.deadline,
            format!(
                "attempt timeout {:?} exceeds deadline {:?}",
                policy.attempt_timeout, policy.deadline
            ),
            "lower the attempt timeout or raise the deadline",
        );
        self.require(
            &["backoff.cap"],
            policy.backoff.cap() <= LONGEST,
            format!("backoff cap is {:?}", policy.backoff.cap()),
            "choose at most 30 days",
        );
        self.require(
            &["max_concurrency"],
            policy.max_concurrency != Some(0),
            "max_concurrency is 0",
            "choose at least 1, or leave it out for no limit",
        );
        self.trips(policy);
        self.breaks(policy);
        self.violations
            .extend(profile::violations(policy.provider()));
        self.durations(policy);
        for overridden in policy
            .overrides
            .iter()
            .filter(|o| o.rationale.trim().is_empty())
        {
            let problem = format!("the rationale for `{}` is blank", overridden.rule);
            self.require(&["overrides"], false, problem, "say why it is safe here");
        }
    }

    fn trips(&mut self, policy: &Policy) {
        let circuit = &policy.circuit;
        self.require(
            &["circuit.consecutive_failures", "max_attempts"],
            !circuit.trips || circuit.consecutive > policy.max_attempts,
            format!(
                "consecutive failures {} are not above max_attempts {}",
                circuit.consecutive, policy.max_attempts
            ),
            "raise it: one poisonous call must not trip the circuit alone",
        );
        // Failures within a second count as one: over less, none could follow another.
        self.require(
            &["circuit.within"],
            circuit.within > Duration::from_secs(1) && circuit.within <= LONGEST,
            format!("failures are counted within {:?}", circuit.within),
            "choose more than 1s and at most 30 days",
        );
        if let Some(rule) = circuit.failure_ratio {
            let share = rule.ratio > 0.0 && rule.ratio <= 1.0;
            self.require(
                &["circuit.failure_ratio.ratio"],
                share,
                format!("failure ratio is {}", rule.ratio),
                "choose a share in (0, 1]",
            );
            let window = (Duration::from_secs(1)..=Duration::from_secs(60)).contains(&rule.window);
            self.require(
                &["circuit.failure_ratio.window"],
                window,
                format!("failure window is {:?}", rule.window),
                "choose 1s to 60s",
            );
            self.require(
                &["circuit.failure_ratio.minimum", "max_attempts"],
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
                &["circuit.declared_peak_per_second"],
                rate,
                format!("declared peak is {peak} calls per second"),
                "choose a finite rate above zero",
            );
        }
    }

    fn breaks(&mut self, policy: &Policy) {
        let circuit = &policy.circuit;
        self.require(
            &["circuit.longest_break", "circuit.break_duration"],
            circuit.max_break >= circuit.break_duration,
            format!(
                "longest break {:?} is under the first, {:?}",
                circuit.max_break, circuit.break_duration
            ),
            "raise the longest break",
        );
        self.require(
            &["circuit.longest_break", "attempt_timeout"],
            circuit.max_break > policy.attempt_timeout,
            format!(
                "longest break {:?} is not above the attempt timeout, {:?}",
                circuit.max_break, policy.attempt_timeout
            ),
            "raise it: a probe counts no longer than that, and must be able to end",
        );
        let multiplier = circuit.break_multiplier;
        self.require(
            &["circuit.break_multiplier"],
            multiplier.is_finite() && multiplier >= 1.0,
            format!("break multiplier is {multiplier}"),
            "choose a finite number of at least 1: 2 doubles the break",
        );
    }

    fn durations(&mut self, policy: &Policy) {
        let circuit = &policy.circuit;
        let named: [(&[_], _, _); 7] = [
            (
                &["attempt_timeout"],
                "attempt timeout",
                policy.attempt_timeout,
            ),
            (&["deadline"], "deadline", policy.deadline),
            (
                &["circuit.slow_call"],
                "slow call",
                circuit.slow_call.unwrap_or(LONGEST),
            ),
            (&["circuit.break_duration"], "break", circuit.break_duration),
            (
                &["circuit.longest_break"],
                "longest break",
                circuit.max_break,
            ),
            (&["circuit.ramp"], "ramp", circuit.ramp),
            (&["circuit.gate_cap"], "gate cap", circuit.gate_cap),
        ];
        for (setting, name, value) in named {
            let sane = !value.is_zero() && value <= LONGEST;
            self.require(
                setting,
                sane,
                format!("{name} is {value:?}"),
                "choose more than zero and at most 30 days",
            );
        }
    }

    /// The rules for calls that leave the house.
    fn safety(&mut self, policy: &Policy) {
        let (backoff, budget) = (policy.backoff, policy.budget);
        let mut keep = |rule, setting, kept, problem: String, fix| {
            let allowed = policy
                .overrides
                .iter()
                .any(|overridden| overridden.rule == rule);
            if !allowed {
                self.judge(Some(rule), setting, kept, problem, fix);
            }
        };
        keep(
            Rule::BackoffBase,
            &["backoff.base"],
            backoff.base() >= SHORTEST_BASE,
            format!("backoff base is {:?}", backoff.base()),
            "external calls need at least 100ms",
        );
        keep(
            Rule::Jitter,
            &["backoff.jitter"],
            backoff.jitter() != Jitter::None,
            "the backoff has no jitter".into(),
            "choose a jitter, or every client retries in step",
        );
        keep(
            Rule::MaxAttempts,
            &["max_attempts"],
            policy.max_attempts <= MOST_ATTEMPTS,
            format!("max_attempts is {}", policy.max_attempts),
            "external calls get at most 5",
        );
        keep(
            Rule::BudgetRatio,
            &["budget.ratio"],
            budget.ratio() <= 0.5,
            format!("budget ratio is {}", budget.ratio()),
            "choose at most 0.5",
        );
        keep(
            Rule::BudgetFloor,
            &["budget.floor_per_minute"],
            budget.floor_per_minute() <= 10,
            format!("budget floor is {} a minute", budget.floor_per_minute()),
            "choose at most 10 a minute",
        );
        keep(
            Rule::Circuit,
            &["circuit.enabled"],
            policy.circuit.trips,
            "there is no circuit".into(),
            "keep the circuit",
        );
        keep(
            Rule::RetryAfter,
            &["honour_retry_after"],
            policy.honours_retry_after,
            "Retry-After is ignored".into(),
            "honour it",
        );
        keep(
            Rule::UnkeyedRepeat,
            &["repeat_unkeyed"],
            !policy.repeats_unkeyed,
            "a POST without an honoured key is repeated".into(),
            "name a provider that honours keys",
        );
        keep(
            Rule::PlainHttp,
            &["require_https"],
            policy.requires_https,
            "plain HTTP is allowed to any host".into(),
            "require HTTPS (loopback is excepted anyway)",
        );
    }

    fn require(
        &mut self,
        settings: &'static [&'static str],
        holds: bool,
        problem: impl Into<String>,
        fix: &str,
    ) {
        self.judge(None, settings, holds, problem, fix);
    }

    fn judge(
        &mut self,
        rule: Option<Rule>,
        settings: &'static [&'static str],
        holds: bool,
        problem: impl Into<String>,
        fix: &str,
    ) {
        if !holds {
            let (problem, fix) = (problem.into(), fix.into());
            self.violations.push(Violation {
                rule,
                settings,
                problem,
                fix,
            });
        }
    }
}
