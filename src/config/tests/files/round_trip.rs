//! What is written reads back equal.

use proptest::prelude::*;

use super::super::presets::table;
use super::super::safety::RULES;
use super::*;

/// As people write them: JSON parsers may lose the last bit of longer ones.
fn decimal(percents: std::ops::RangeInclusive<u32>) -> impl Strategy<Value = f64> {
    percents.prop_map(|percents| f64::from(percents) / 100.0)
}

fn duration() -> impl Strategy<Value = Duration> {
    let nanos = 1..=30 * 86_400 * 1_000_000_000_u64;
    prop_oneof![
        nanos.prop_map(Duration::from_nanos),
        (1..100_000_u64).prop_map(millis),
    ]
}

fn jitter() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::None),
        Just(Jitter::Full),
        Just(Jitter::Equal),
        Just(Jitter::Decorrelated),
        decimal(1..=100).prop_map(Jitter::Proportional),
    ]
}

/// Any policy that builds, with some of what can be left alone left alone.
fn policy() -> impl Strategy<Value = Policy> {
    let times = prop::array::uniform8(duration());
    let numbers = (decimal(1..=100), decimal(100..=900), jitter());
    let counts = (1..9_u32, 1..99_u32, 0..99_u32, 0..9_usize);
    let flags = prop::array::uniform5(any::<bool>());
    (0..3_usize, times, numbers, counts, flags).prop_filter_map(
        "it makes sense",
        |(preset, mut times, (ratio, factor, jitter), counts, flags)| {
            times.sort_unstable();
            let [base, cap, slow, attempt, deadline, first, longest, within] = times;
            let (attempts, above, floor, allowed) = counts;
            let builder = table()[preset]
                .policy
                .to_builder()
                .max_attempts(attempts)
                .backoff(Backoff::new(base, factor, cap, jitter).ok()?)
                .attempt_timeout(attempt)
                .deadline(deadline)
                .budget(ratio, floor)
                .consecutive_failures(attempts + above)
                .failures_within(within)
                .break_duration(first, longest)
                .break_multiplier(factor)
                .ramp(slow)
                .gate_cap(cap)
                .inject_keys(flags[0])
                .honour_retry_after(flags[1])
                .require_https(flags[2]);
            let builder = if flags[3] {
                builder
                    .slow_call(slow)
                    .declared_peak_per_second(factor)
                    .max_concurrency(above)
            } else {
                builder.failure_ratio(ratio, seconds(20), attempts + above)
            };
            let builder = if flags[4] {
                builder.without_circuit().provider(Provider::stripe())
            } else {
                builder.repeat_unkeyed(true)
            };
            let allow =
                |builder: PolicyBuilder, &rule: &Rule| builder.allow(rule, "why \"not\"?\n");
            let (first, rest) = Rule::ALL.split_at(allowed);
            rest.iter().chain(first).fold(builder, allow).build().ok()
        },
    )
}

proptest! {
    #[test]
    fn a_policy_reads_back_equal_from_toml_and_json(policy in policy()) {
        let text = to_toml(&policy);
        prop_assert_eq!(&from_toml::<Policy>(&text), &policy, "{}", text);
        let json = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Policy>(&json).unwrap(), &policy, "{}", json);
    }

    #[test]
    fn a_fraction_of_any_length_reads_back_equal_from_toml(ratio in f64::MIN_POSITIVE..=0.5) {
        let policy = payments().to_builder().budget(ratio, 1).build().unwrap();
        prop_assert_eq!(from_toml::<Policy>(&to_toml(&policy)), policy);
    }

    #[test]
    fn two_policies_are_equal_or_differ_in_a_setting_with_a_name(one in policy(), other in policy()) {
        prop_assert_eq!(one == other, one.changes_to(&other).is_empty());
        prop_assert!(one.changes_to(&one.clone()).is_empty());
    }

    #[test]
    fn no_text_makes_a_duration_panic(text in "\\PC*|[0-9.]{1,30} ?[a-zµ]{0,6}") {
        let json = serde_json::json!({ "preset": "internal", "deadline": text });
        drop(serde_json::from_value::<Policy>(json));
    }
}

#[test]
fn what_is_written_holds_every_setting() {
    let json = serde_json::to_value(Policy::external()).unwrap();
    let mut settings = vec!["overrides", "provider"];
    for (_, breaks, ..) in RULES {
        for violation in refused(breaks(Policy::external().to_builder())).violations() {
            settings.extend(violation.settings());
        }
    }
    for setting in settings {
        let pointer = format!("/{}", setting.replace('.', "/"));
        let value = json.pointer(&pointer);
        assert!(
            value.is_some_and(|v| !v.is_null()),
            "{setting} is not in {json:#}"
        );
    }
}

#[test]
fn a_change_is_named_as_its_setting_is_written() {
    let ours = Policy::internal();
    let theirs = payments()
        .to_builder()
        .slow_call(seconds(1))
        .declared_peak_per_second(2.0);
    let theirs = theirs.without_circuit().failure_ratio(0.5, seconds(20), 20);
    let allowed = Rule::ALL
        .iter()
        .fold(theirs, |policy, &rule| policy.allow(rule, "a test"));
    let theirs = allowed.build().unwrap();
    let json = serde_json::to_value(&theirs).unwrap();
    let changes = ours.changes_to(&theirs);
    assert!(changes.len() > 20, "{changes:?}");
    for change in changes {
        let path = format!("/{}", change.setting().replace('.', "/"));
        let is_of_a_ready_made_profile = path.starts_with("/provider/");
        assert!(
            is_of_a_ready_made_profile || json.pointer(&path).is_some(),
            "{path}"
        );
    }
}
