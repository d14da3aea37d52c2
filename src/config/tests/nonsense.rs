//! What no rationale excuses, and numbers that are none.

use proptest::prelude::*;

use super::presets::table;
use super::safety::RULES;
use super::*;

pub(super) const NONSENSE: [(Change, &str); 34] = [
    (|policy| policy.max_attempts(0), "max_attempts is 0"),
    (
        |policy| policy.max_attempts(u32::MAX),
        "consecutive failures",
    ),
    (
        |policy| policy.consecutive_failures(3),
        "consecutive failures 3",
    ),
    (
        |policy| policy.attempt_timeout(Duration::ZERO),
        "attempt timeout",
    ),
    (
        |policy| policy.attempt_timeout(seconds(91)),
        "exceeds deadline",
    ),
    (|policy| policy.deadline(Duration::ZERO), "deadline is 0"),
    (|policy| policy.deadline(Duration::MAX), "30 days"),
    (|policy| policy.budget(0.0, 2), "0"),
    (|policy| policy.budget(f64::NAN, 2), "NaN"),
    (|policy| policy.budget(1.5, 2), "1.5"),
    (
        |policy| policy.failure_ratio(0.0, seconds(10), 20),
        "failure ratio is 0",
    ),
    (
        |policy| policy.failure_ratio(f64::NAN, seconds(10), 20),
        "NaN",
    ),
    (|policy| policy.failure_ratio(0.5, seconds(61), 20), "61s"),
    (|policy| policy.failure_ratio(0.5, millis(999), 20), "999ms"),
    (
        |policy| policy.failure_ratio(0.5, seconds(10), 3),
        "failure minimum 3",
    ),
    (|policy| policy.slow_call(Duration::ZERO), "slow call"),
    (|policy| policy.failures_within(seconds(1)), "within 1s"),
    (|policy| policy.failures_within(Duration::MAX), "30 days"),
    (
        |policy| policy.break_multiplier(0.99),
        "break multiplier is 0.99",
    ),
    (
        |policy| policy.break_multiplier(f64::NAN),
        "break multiplier is NaN",
    ),
    (
        |policy| policy.break_duration(seconds(9), seconds(8)),
        "longest break 8s",
    ),
    (
        |policy| policy.break_duration(millis(1), millis(2)),
        "longest break 2ms is not above the attempt timeout",
    ),
    (
        |policy| {
            let endless = Backoff::new(seconds(1), 2.0, Duration::MAX, Jitter::Equal);
            policy.backoff(endless.unwrap())
        },
        "backoff cap",
    ),
    (|policy| policy.ramp(Duration::ZERO), "ramp"),
    (|policy| policy.gate_cap(Duration::ZERO), "gate cap"),
    (|policy| policy.max_concurrency(0), "max_concurrency is 0"),
    (
        |policy| policy.declared_peak_per_second(0.0),
        "declared peak is 0",
    ),
    (
        |policy| policy.declared_peak_per_second(f64::INFINITY),
        "inf",
    ),
    (
        |policy| {
            policy.provider(Provider {
                max_key_length: 35,
                ..Provider::generic()
            })
        },
        "longest key is 35",
    ),
    (
        |policy| {
            policy.provider(Provider {
                max_key_length: 256,
                ..Provider::generic()
            })
        },
        "longest key is 256",
    ),
    (
        |policy| {
            policy.provider(Provider {
                key_life: Duration::ZERO,
                ..Provider::generic()
            })
        },
        "key life is 0s",
    ),
    (
        |policy| {
            policy.provider(Provider {
                rate_per_second: Some(f64::NAN),
                ..Provider::generic()
            })
        },
        "rate is NaN",
    ),
    (
        |policy| {
            policy.provider(Provider {
                key_header: http::header::AUTHORIZATION,
                ..Provider::generic()
            })
        },
        "key header is `authorization`",
    ),
    (
        |policy| {
            policy.provider(Provider {
                key_header: http::HeaderName::from_static("stripe-account"),
                ..Provider::stripe()
            })
        },
        "key header is `stripe-account`",
    ),
];

#[test]
fn nonsense_is_refused_whatever_is_allowed_and_for_every_preset() {
    for preset in [Policy::internal(), Policy::external(), payments()] {
        for (change, named) in NONSENSE {
            let mut builder = change(preset.to_builder());
            for (rule, ..) in RULES {
                builder = builder.allow(rule, "whatever it takes");
            }
            let error = refused(builder);
            assert!(error.violations().iter().all(|v| v.rule().is_none()));
            let message = error.to_string();
            assert!(message.contains(named), "{named:?} is not in {message:?}");
        }
    }
}

/// Numbers that are none, too large, or nothing.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(0.0),
        Just(-0.0),
        Just(f64::MIN_POSITIVE),
        Just(f64::MAX),
        -2.0..2.0_f64,
    ]
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::ZERO),
        Just(Duration::MAX),
        Just(Duration::from_nanos(1)),
        (0..100_000_u64).prop_map(Duration::from_millis),
    ]
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), 0..30_u32]
}

proptest! {
    #[test]
    fn no_setting_makes_the_builder_panic_and_what_it_builds_is_finite(
        preset in 0..3_usize,
        numbers in (number(), number(), number()),
        counts in (count(), count(), count(), count()),
        times in prop::array::uniform8(duration()),
    ) {
        let [attempt, deadline, first, longest, ramp, cap, window, slow] = times;
        let (attempts, consecutive, floor, minimum) = counts;
        let built = table()[preset]
            .policy
            .to_builder()
            .max_attempts(attempts)
            .consecutive_failures(consecutive)
            .attempt_timeout(attempt)
            .deadline(deadline)
            .budget(numbers.0, floor)
            .failure_ratio(numbers.1, window, minimum)
            .break_duration(first, longest)
            .ramp(ramp)
            .gate_cap(cap)
            .slow_call(slow)
            .declared_peak_per_second(numbers.2)
            .build();
        match built {
            Ok(policy) => {
                let circuit = policy.circuit();
                prop_assert!(policy.max_attempts() > 0);
                prop_assert!(circuit.consecutive > policy.max_attempts());
                prop_assert!(policy.attempt_timeout() <= policy.deadline());
                prop_assert!(circuit.declared_peak.is_some_and(|peak| peak > 0.0 && peak.is_finite()));
                prop_assert!(policy.deadline() <= seconds(30 * 86_400));
                prop_assert!(!policy.to_string().contains("NaN"));
            }
            Err(error) => prop_assert!(!error.violations().is_empty()),
        }
    }

    #[test]
    fn most_ordinary_settings_are_taken(attempts in 1..=4_u32, ratio in 0.01..0.5_f64, floor in 0..=10_u32) {
        let built = payments().to_builder().max_attempts(attempts).budget(ratio, floor).build();
        prop_assert!(built.is_ok());
    }
}
