//! What a file may not say.

use super::super::nonsense::NONSENSE;
use super::super::safety::RULES;
use super::*;

/// The file that holds what a builder was told, whether or not it would build.
fn unchecked(builder: PolicyBuilder) -> String {
    to_toml(&builder.unchecked().unwrap())
}

#[test]
fn each_safety_rule_is_refused_in_the_words_of_the_builder_and_says_how_a_file_overrides_it() {
    for (rule, breaks, ..) in RULES {
        let builder = breaks(Policy::external().to_builder());
        let message = toml_error::<Policy>(&unchecked(builder.clone()));
        let told = builder.build().unwrap_err().to_string();
        let (told, _) = told.split_once("`.allow(").unwrap();
        assert!(message.contains(told), "{told:?} is not in {message:?}");
        assert!(!message.contains("allow("), "{message}");
        let way_out = format!("an entry of `overrides`: `rule = \"{rule}\"` and a `rationale`");
        assert!(message.contains(&way_out), "{message}");
    }
}

#[test]
fn each_safety_rule_is_taken_with_a_rationale_and_refused_with_a_blank_one() {
    for (rule, breaks, ..) in RULES {
        let broken = || breaks(Policy::external().to_builder());
        let allowed = broken().allow(rule, "agreed with the provider");
        let read = from_toml::<Policy>(&unchecked(allowed.clone()));
        assert_eq!(read, allowed.build().unwrap(), "{rule}");

        let message = toml_error::<Policy>(&unchecked(broken().allow(rule, " ")));
        let blank = format!("the rationale for `{rule}` is blank: say why it is safe here");
        assert!(message.contains(&blank), "{message}");
    }
}

#[test]
fn nonsense_is_refused_in_the_words_of_the_builder() {
    for (change, named) in NONSENSE {
        let builder = change(Policy::external().to_builder());
        // A budget that is none cannot be written by this crate; by hand it can, below.
        let Some(policy) = builder.unchecked() else {
            continue;
        };
        let message = toml_error::<Policy>(&to_toml(&policy));
        assert!(message.contains(named), "{named:?} is not in {message:?}");
    }
    for (written, named) in [
        (
            "budget.ratio = 0",
            "ratio is 0, and must be above 0 and at most 1: use 0.1 for 10 %; for no retries at all, set max_attempts",
        ),
        ("budget.ratio = nan", "ratio is NaN"),
        (
            "backoff.multiplier = 0.5",
            "multiplier is 0.5, and must be a finite number",
        ),
        (
            "backoff.cap = \"1ms\"",
            "cap is 1ms, and must be at least the base, 500ms: raise the cap",
        ),
        (
            "backoff.jitter = { proportional = 1.5 }",
            "jitter is 1.5, and must be above 0 and at most 1: use 0.3 for ±30 %, or the jitter `none`",
        ),
        ("circuit.within = \"1s\"", "within 1s: choose more than 1s"),
        (
            "circuit.break_multiplier = 0.9",
            "multiplier is 0.9: choose a finite number",
        ),
        ("circuit.break_multiplier = inf", "multiplier is inf"),
    ] {
        let message = toml_error::<Policy>(&format!("preset = \"external\"\n{written}"));
        assert!(message.contains(named), "{named:?} is not in {message:?}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let message = toml_error::<Policy>(
        "preset = \"external_payments\"\nmax_attempts = 0\nbackoff.multiplier = 0\nbudget.ratio = 2\n\
         require_https = false",
    );
    for named in [
        "payments need a provider",
        "multiplier is 0",
        "ratio is 2",
        "max_attempts is 0",
        "rule `plain-http`",
    ] {
        assert!(message.contains(named), "{named:?} is not in {message:?}");
    }
}

#[test]
fn there_is_no_default_preset_and_no_default_provider_of_payments() {
    let message = toml_error::<Policy>("deadline = \"1s\"");
    assert!(
        message.contains("no preset is named: choose \"internal\""),
        "{message}"
    );
    let message = toml_error::<Policy>("preset = \"external_payments\"");
    assert!(
        message.contains("payments need a provider: name yours"),
        "{message}"
    );
    let message = toml_error::<Policy>("preset = \"payments\"");
    assert!(message.contains("`external_payments`"), "{message}");
}

#[test]
fn an_unknown_field_is_refused_at_each_level() {
    for written in [
        "max_retries = 3",
        "backoff.maximum = \"1s\"",
        "budget.percent = 10",
        "circuit.trips = true",
        "circuit.failure_ratio.share = 0.5",
        "overrides = [{ rule = \"jitter\", rationale = \"r\", until = \"May\" }]",
        "provider = { profile = \"generic\", keys = true }",
        "provider = { profile = \"generic\", hints = [{ name = \"a\", value = \"b\", means = \"repeat\", c = 1 }] }",
    ] {
        let message = toml_error::<Policy>(&format!("preset = \"external\"\n{written}"));
        assert!(message.contains("unknown field"), "{message}");
        assert!(message.contains("expected"), "{message}");
    }
}

#[test]
fn a_duration_needs_its_unit_and_the_text_says_how() {
    for (written, problem) in [
        ("30", "invalid type: integer `30`"),
        ("1.5", "invalid type: floating point `1.5`"),
        ("\"30\"", "a duration without a unit"),
        ("\"0\"", "a duration without a unit"),
        ("\" 30 \"", "a duration without a unit"),
        ("\"soon\"", "not a duration"),
        ("\"-1s\"", "not a duration"),
        ("\"\"", "not a duration"),
        ("\"99999999999999999999y\"", "not a duration"),
    ] {
        let message = toml_error::<Policy>(&format!("preset = \"external\"\ndeadline = {written}"));
        assert!(
            message.contains(problem),
            "{problem:?} is not in {message:?}"
        );
        assert!(message.contains("\"1m 30s\""), "{message}");
    }
}

#[test]
fn the_names_in_a_file_are_the_names_in_errors_and_logs() {
    for rule in Rule::ALL {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
    }
    for preset in [Preset::Internal, Preset::External, Preset::ExternalPayments] {
        assert_eq!(serde_json::to_value(preset).unwrap(), preset.as_str());
    }
    assert_eq!(Rule::ALL.len(), RULES.len());
    assert!(RULES.iter().all(|(rule, ..)| Rule::ALL.contains(rule)));
}
