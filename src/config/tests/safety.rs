//! The safety rules, each with its way out.

use super::*;

fn quick(backoff: Duration) -> Backoff {
    Backoff::new(backoff, 2.0, seconds(60), Jitter::Equal).unwrap()
}

/// Every safety rule: what just breaks it, what just keeps it, the value and the fix to be named.
pub(super) const RULES: [(Rule, Change, Change, [&str; 2]); 9] = [
    (
        Rule::BackoffBase,
        |policy| policy.backoff(quick(millis(99))),
        |policy| policy.backoff(quick(millis(100))),
        ["99ms", "100ms"],
    ),
    (
        Rule::Jitter,
        |policy| policy.backoff(Backoff::new(seconds(1), 2.0, seconds(60), Jitter::None).unwrap()),
        |policy| policy.backoff(Backoff::new(seconds(1), 2.0, seconds(60), Jitter::Full).unwrap()),
        ["no jitter", "choose a jitter"],
    ),
    (
        Rule::MaxAttempts,
        |policy| policy.max_attempts(6).consecutive_failures(7),
        |policy| policy.max_attempts(5).consecutive_failures(6),
        ["6", "at most 5"],
    ),
    (
        Rule::BudgetRatio,
        |policy| policy.budget(0.51, 2),
        |policy| policy.budget(0.5, 2),
        ["0.51", "at most 0.5"],
    ),
    (
        Rule::BudgetFloor,
        |policy| policy.budget(0.1, 11),
        |policy| policy.budget(0.1, 10),
        ["11", "at most 10"],
    ),
    (
        Rule::Circuit,
        PolicyBuilder::without_circuit,
        |policy| policy.consecutive_failures(50),
        ["no circuit", "keep the circuit"],
    ),
    (
        Rule::RetryAfter,
        |policy| policy.honour_retry_after(false),
        |policy| policy.honour_retry_after(true),
        ["Retry-After is ignored", "honour it"],
    ),
    (
        Rule::UnkeyedRepeat,
        |policy| policy.repeat_unkeyed(true),
        |policy| policy.repeat_unkeyed(false),
        ["POST without an honoured key", "name a provider"],
    ),
    (
        Rule::PlainHttp,
        |policy| policy.require_https(false),
        |policy| policy.require_https(true),
        ["plain HTTP", "require HTTPS"],
    ),
];

#[test]
fn every_safety_rule_is_refused_for_external_calls_with_rule_value_and_fix() {
    for preset in [Policy::external(), payments()] {
        for (rule, breaks, keeps, named) in RULES {
            let error = refused(breaks(preset.to_builder()));
            let [violation] = error.violations() else {
                panic!("one violation: {error}");
            };
            assert_eq!(violation.rule(), Some(rule));
            let message = error.to_string();
            for word in named.into_iter().chain([rule.as_str(), ".allow(Rule::"]) {
                assert!(message.contains(word), "{word:?} is not in {message:?}");
            }
            keeps(preset.to_builder())
                .build()
                .expect("just inside the rule");
        }
    }
}

#[test]
fn each_rule_passes_with_a_rationale_which_travels_and_is_printed() {
    for preset in [Policy::external(), payments()] {
        for (rule, breaks, ..) in RULES {
            let why = format!("agreed with the provider, ticket 7 ({rule})");
            let policy = breaks(preset.to_builder())
                .allow(rule, why.clone())
                .build()
                .expect("allowed");
            let [only] = policy.overrides() else {
                panic!("one override: {policy}");
            };
            assert_eq!((only.rule(), only.rationale()), (rule, why.as_str()));
            assert!(format!("{policy}").contains(&why), "{policy}");
            assert!(format!("{policy:?}").contains(&why), "{policy:?}");
            // It travels: a builder that starts from it needs no new one.
            assert_eq!(policy.to_builder().build().as_ref(), Ok(&policy));
            assert_eq!(policy.clone(), policy);
        }
    }
}

#[test]
fn allowing_one_rule_excuses_no_other() {
    for (allowed, ..) in RULES {
        for (broken, breaks, ..) in RULES {
            let built = breaks(payments().to_builder())
                .allow(allowed, "a reason")
                .build();
            if allowed == broken {
                built.expect("this is the rule that is allowed");
            } else {
                let error = built.expect_err("another rule is broken");
                assert_eq!(error.violations()[0].rule(), Some(broken));
            }
        }
    }
}

#[test]
fn a_blank_rationale_is_refused_for_every_preset() {
    for preset in [Policy::internal(), Policy::external(), payments()] {
        for blank in ["", " ", "\t\n", "\u{a0}\u{2003}"] {
            for (rule, breaks, ..) in RULES {
                let error = refused(breaks(preset.to_builder()).allow(rule, blank));
                let message = error.to_string();
                assert!(message.contains(rule.as_str()), "{message}");
                assert!(message.contains("blank"), "{message}");
            }
        }
    }
}

#[test]
fn the_later_rationale_for_a_rule_counts() {
    let twice = |first, second| {
        Policy::external()
            .to_builder()
            .without_circuit()
            .allow(Rule::Circuit, first)
            .allow(Rule::Circuit, second)
    };
    let policy = twice("", "a batch at night").build().expect("allowed");
    assert_eq!(policy.overrides().len(), 1);
    assert_eq!(policy.overrides()[0].rationale(), "a batch at night");
    refused(twice("a batch at night", ""));
}

#[test]
fn the_safety_rules_are_not_for_internal_calls() {
    for (rule, breaks, ..) in RULES {
        let policy = breaks(Policy::internal().to_builder()).build();
        assert!(policy.is_ok(), "{rule}: {policy:?}");
    }
}

#[test]
fn every_violation_is_reported_at_once() {
    let stepping = Backoff::new(millis(10), 2.0, seconds(60), Jitter::None).unwrap();
    let builder = payments()
        .to_builder()
        .backoff(stepping)
        .max_attempts(6)
        .budget(0.9, 600)
        .without_circuit()
        .honour_retry_after(false)
        .repeat_unkeyed(true)
        .require_https(false)
        .deadline(Duration::ZERO);
    let error = refused(builder);
    for (rule, ..) in RULES {
        let reported = error.violations().iter().any(|v| v.rule() == Some(rule));
        assert!(reported, "{rule} is not in {error}");
    }
    assert!(error.violations().iter().any(|v| v.rule().is_none()));
}
