//! Each field is read, and each one that is left out is the preset's.

use super::*;
use crate::policy::circuit::FailureRatio;

const EXTERNAL: &str = "preset = \"external\"\n";

/// What is written over `external`, and the same in code.
const FIELDS: [(&str, Change); 28] = [
    ("max_attempts = 2", |p| p.max_attempts(2)),
    ("attempt_timeout = \"250ms\"", |p| {
        p.attempt_timeout(millis(250))
    }),
    ("deadline = \"1m 30s\"", |p| p.deadline(seconds(90))),
    ("max_concurrency = 8", |p| p.max_concurrency(8)),
    ("inject_keys = true", |p| p.inject_keys(true)),
    ("honour_retry_after = true", |p| p.honour_retry_after(true)),
    ("provider = \"adyen\"", |p| p.provider(Provider::adyen())),
    ("backoff.base = \"200ms\"", |p| {
        p.backoff(backoff(200, 2.0, 30, Jitter::Equal))
    }),
    ("backoff.multiplier = 3", |p| {
        p.backoff(backoff(500, 3.0, 30, Jitter::Equal))
    }),
    ("backoff.cap = \"1m\"", |p| {
        p.backoff(backoff(500, 2.0, 60, Jitter::Equal))
    }),
    ("backoff.jitter = \"full\"", |p| {
        p.backoff(backoff(500, 2.0, 30, Jitter::Full))
    }),
    ("backoff.jitter = \"equal\"", |p| {
        p.backoff(backoff(500, 2.0, 30, Jitter::Equal))
    }),
    ("backoff.jitter = \"decorrelated\"", |p| {
        p.backoff(backoff(500, 2.0, 30, Jitter::Decorrelated))
    }),
    ("backoff.jitter = { proportional = 0.25 }", |p| {
        p.backoff(backoff(500, 2.0, 30, Jitter::Proportional(0.25)))
    }),
    ("budget.ratio = 0.05", |p| p.budget(0.05, 6)),
    ("budget.floor_per_minute = 0", |p| p.budget(0.1, 0)),
    ("circuit.enabled = true", |p| p),
    ("circuit.consecutive_failures = 9", |p| {
        p.consecutive_failures(9)
    }),
    ("circuit.within = \"5m\"", |p| {
        p.failures_within(seconds(300))
    }),
    ("circuit.slow_call = \"2s\"", |p| p.slow_call(seconds(2))),
    ("circuit.break_duration = \"7s\"", |p| {
        p.break_duration(seconds(7), seconds(300))
    }),
    ("circuit.break_multiplier = 1.5", |p| {
        p.break_multiplier(1.5)
    }),
    ("circuit.longest_break = \"40s\"", |p| {
        p.break_duration(seconds(30), seconds(40))
    }),
    ("circuit.ramp = \"45s\"", |p| p.ramp(seconds(45))),
    ("circuit.gate_cap = \"2h\"", |p| p.gate_cap(seconds(7_200))),
    ("circuit.declared_peak_per_second = 5", |p| {
        p.declared_peak_per_second(5.0)
    }),
    ("circuit.failure_ratio.ratio = 0.4", |p| {
        p.failure_ratio(0.4, seconds(30), 20)
    }),
    (
        "circuit.failure_ratio = { window = \"20s\", minimum = 7 }",
        |p| p.failure_ratio(0.5, seconds(20), 7),
    ),
];

/// What a safety rule guards is read too: it is allowed in the same file.
const ALLOWED: [(&str, Rule, Change); 5] = [
    ("honour_retry_after = false", Rule::RetryAfter, |p| {
        p.honour_retry_after(false)
    }),
    ("repeat_unkeyed = true", Rule::UnkeyedRepeat, |p| {
        p.repeat_unkeyed(true)
    }),
    ("require_https = false", Rule::PlainHttp, |p| {
        p.require_https(false)
    }),
    (
        "circuit.enabled = false",
        Rule::Circuit,
        PolicyBuilder::without_circuit,
    ),
    ("backoff.jitter = \"none\"", Rule::Jitter, |p| {
        p.backoff(backoff(500, 2.0, 30, Jitter::None))
    }),
];

fn backoff(base: u64, multiplier: f64, cap: u64, jitter: Jitter) -> Backoff {
    Backoff::new(millis(base), multiplier, seconds(cap), jitter).unwrap()
}

#[test]
fn a_preset_by_itself_is_that_preset() {
    assert_eq!(
        from_toml::<Policy>("preset = \"internal\""),
        Policy::internal()
    );
    assert_eq!(from_toml::<Policy>(EXTERNAL), Policy::external());
    let written = "preset = \"external_payments\"\nprovider = \"generic\"";
    assert_eq!(from_toml::<Policy>(written), payments());
}

#[test]
fn every_field_is_read_and_changes_nothing_else() {
    for (written, change) in FIELDS {
        let coded = change(Policy::external().to_builder())
            .build()
            .expect(written);
        assert_eq!(
            from_toml::<Policy>(&format!("{EXTERNAL}{written}")),
            coded,
            "{written}"
        );
    }
}

#[test]
fn what_a_rule_guards_is_read_with_its_override() {
    for (written, rule, change) in ALLOWED {
        let overrides = format!("overrides = [{{ rule = \"{rule}\", rationale = \"agreed\" }}]");
        let coded = change(Policy::external().to_builder()).allow(rule, "agreed");
        let read = from_toml::<Policy>(&format!("{EXTERNAL}{written}\n{overrides}"));
        assert_eq!(read, coded.build().unwrap(), "{written}");
        assert_eq!(read.overrides()[0].rationale(), "agreed");
    }
}

#[test]
fn a_failure_ratio_over_a_preset_without_one_starts_from_that_of_external() {
    let written = "preset = \"external_payments\"\nprovider = \"none\"\n[circuit.failure_ratio]";
    let read = from_toml::<Policy>(&format!("{written}\nratio = 0.6"));
    let theirs = Policy::external().circuit().failure_ratio.unwrap();
    let expected = FailureRatio {
        ratio: 0.6,
        ..theirs
    };
    assert_eq!(read.circuit().failure_ratio, Some(expected));
}

#[test]
fn null_is_a_field_that_is_left_out() {
    let json = r#"{"preset": "external", "deadline": null, "circuit": {"failure_ratio": null}}"#;
    assert_eq!(
        serde_json::from_str::<Policy>(json).unwrap(),
        Policy::external()
    );
}
