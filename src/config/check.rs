//! The one place where a policy's fields are held against the rules and against each other.

use std::time::Duration;

use super::{Policy, Rule, Violation};
use crate::policy::backoff::Jitter;

/// Beyond this a duration is a typing error, and clocks may overflow.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// What no rationale can excuse.
pub(super) fn nonsense(policy: &Policy) -> impl Iterator<Item = Violation> {
    let circuit = &policy.circuit;
    let attempts = policy.max_attempts;
    let blank = policy
        .overrides
        .iter()
        .filter(|o| o.rationale.trim().is_empty());
    let blank = blank.map(|o| {
        (
            true,
            format!("the rationale for `{}` is blank", o.rule),
            "say why it is safe here",
        )
    });
    let durations = [
        ("attempt timeout", policy.attempt_timeout),
        ("deadline", policy.deadline),
        ("break", circuit.break_duration),
        ("longest break", circuit.max_break),
        ("ramp", circuit.ramp),
        ("gate cap", circuit.gate_cap),
    ];
    let durations = durations.into_iter().map(|(name, value)| {
        let wrong = value.is_zero() || value > LONGEST;
        (
            wrong,
            format!("{name} is {value:?}"),
            "choose more than zero and at most 30 days",
        )
    });
    let peak = circuit.declared_peak.unwrap_or(1.0);
    let ratio = circuit.failure_ratio;
    let share = ratio.map_or(1.0, |rule| rule.ratio);
    let window = ratio.map_or(LONGEST, |rule| rule.window);
    let window_wrong = ratio.is_some() && !(1..=60).contains(&window.as_secs());
    let crossed = [
        (
            attempts == 0,
            "max_attempts is 0".into(),
            "choose at least 1, the first attempt included",
        ),
        (
            policy.attempt_timeout > policy.deadline,
            format!(
                "attempt timeout {:?} exceeds deadline {:?}",
                policy.attempt_timeout, policy.deadline
            ),
            "lower the attempt timeout or raise the deadline",
        ),
        (
            circuit.trips && circuit.consecutive <= attempts,
            format!(
                "consecutive failures {} are not above max_attempts {attempts}",
                circuit.consecutive
            ),
            "raise it: one poisonous call must not trip the circuit alone",
        ),
        (
            circuit.max_break < circuit.break_duration,
            format!(
                "longest break {:?} is under the first, {:?}",
                circuit.max_break, circuit.break_duration
            ),
            "raise the longest break",
        ),
        (
            !(share > 0.0 && share <= 1.0),
            format!("failure ratio is {share}"),
            "choose a share in (0, 1]",
        ),
        (
            window_wrong,
            format!("failure window is {window:?}"),
            "choose 1 s to 60 s",
        ),
        (
            !(peak.is_finite() && peak > 0.0),
            format!("declared peak is {peak} calls per second"),
            "choose a finite rate above zero",
        ),
    ];
    let all: Vec<_> = crossed.into_iter().chain(durations).chain(blank).collect();
    all.into_iter()
        .filter(|(wrong, ..)| *wrong)
        .map(|(_, problem, fix)| Violation {
            rule: None,
            problem,
            fix: fix.into(),
        })
}

/// The safety rules of the external presets that this policy breaks.
pub(super) fn unsafe_settings(policy: &Policy) -> impl Iterator<Item = Violation> {
    let (backoff, budget) = (policy.backoff, policy.budget);
    [
        (
            Rule::BackoffBase,
            backoff.base() < Duration::from_millis(100),
            format!("backoff base is {:?}", backoff.base()),
            "external calls need at least 100ms",
        ),
        (
            Rule::Jitter,
            backoff.jitter() == Jitter::None,
            "the backoff has no jitter".into(),
            "choose a jitter, or every client retries in step",
        ),
        (
            Rule::MaxAttempts,
            policy.max_attempts > 5,
            format!("max_attempts is {}", policy.max_attempts),
            "external calls get at most 5",
        ),
        (
            Rule::BudgetRatio,
            budget.ratio() > 0.5,
            format!("budget ratio is {}", budget.ratio()),
            "choose at most 0.5",
        ),
        (
            Rule::BudgetFloor,
            budget.floor_per_minute() > 10,
            format!("budget floor is {} a minute", budget.floor_per_minute()),
            "choose at most 10 a minute",
        ),
        (
            Rule::Circuit,
            !policy.circuit.trips,
            "there is no circuit".into(),
            "keep the circuit",
        ),
        (
            Rule::RetryAfter,
            !policy.honours_retry_after,
            "Retry-After is ignored".into(),
            "honour it",
        ),
        (
            Rule::UnkeyedRepeat,
            policy.repeats_unkeyed,
            "a POST without an honoured key is repeated".into(),
            "name a provider that honours keys",
        ),
        (
            Rule::PlainHttp,
            !policy.requires_https,
            "plain HTTP is allowed to any host".into(),
            "require HTTPS (loopback is excepted anyway)",
        ),
    ]
    .into_iter()
    .filter(|(_, broken, ..)| *broken)
    .map(|(rule, _, problem, fix)| Violation {
        rule: Some(rule),
        problem,
        fix: fix.into(),
    })
}
