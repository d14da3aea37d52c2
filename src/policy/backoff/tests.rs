//! The delays, their bounds, and their distribution at whole seconds.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;

use super::Jitter::{Decorrelated, Equal, Full, Proportional};
use super::{Backoff, BackoffError, Jitter};

const SECOND: Duration = Duration::from_secs(1);

const MODES: [Jitter; 5] = [Jitter::None, Proportional(0.3), Full, Equal, Decorrelated];

fn backoff(jitter: Jitter) -> Backoff {
    Backoff::new(SECOND, 2.0, 60 * SECOND, jitter).expect("valid")
}

/// A thousand delays for units that cover [0, 1) evenly, so that their mean is no matter of luck.
fn delays(draw: impl Fn(f64) -> Duration) -> Vec<f64> {
    (0..1000)
        .map(|n| draw((f64::from(n) + 0.5) / 1000.0).as_secs_f64())
        .collect()
}

fn assert_spread(jitter: Jitter, delays: &[f64], low: f64, high: f64) {
    let distinct: HashSet<u64> = delays.iter().map(|delay| delay.to_bits()).collect();
    assert_eq!(
        distinct.len(),
        delays.len(),
        "{jitter:?}: each draw is its own delay"
    );
    let mean = delays.iter().sum::<f64>() / delays.len() as f64;
    assert!(
        (mean - f64::midpoint(low, high)).abs() < 0.001 * high,
        "{jitter:?}: mean {mean}"
    );
    let within =
        |share: f64, delay: f64| (delay - (low + share * (high - low))).abs() < 0.01 * high;
    assert!(
        within(0.0, delays[0]),
        "{jitter:?}: starts at {}",
        delays[0]
    );
    assert!(
        within(1.0, delays[999]),
        "{jitter:?}: ends at {}",
        delays[999]
    );
}

#[test]
fn without_jitter_the_delay_doubles_up_to_the_cap() {
    let backoff = backoff(Jitter::None);
    let delays = [0, 1, 2, 3, 4, 5, 6, 7].map(|n| backoff.delay(n, Duration::ZERO, 0.7).as_secs());
    assert_eq!(delays, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn at_a_base_of_a_whole_second_the_jitter_is_spread_over_its_whole_range() {
    for (jitter, low, high) in [
        (Proportional(0.3), 0.7, 1.3),
        (Full, 0.0, 1.0),
        (Equal, 0.5, 1.0),
        (Decorrelated, 1.0, 3.0),
    ] {
        let delays = delays(|unit| backoff(jitter).delay(0, Duration::ZERO, unit));
        assert_spread(jitter, &delays, low, high);
    }
}

#[test]
fn at_the_cap_proportional_jitter_is_still_spread() {
    let delays = delays(|unit| backoff(Proportional(0.3)).delay(1000, 60 * SECOND, unit));
    assert_spread(Proportional(0.3), &delays, 42.0, 60.0);
}

#[test]
fn decorrelated_grows_from_the_previous_delay_and_never_below_the_base() {
    let backoff = backoff(Decorrelated);
    assert_eq!(backoff.delay(1, 5 * SECOND, 0.5), 8 * SECOND);
    assert_eq!(backoff.delay(1, 5 * SECOND, 0.0), SECOND);
    assert_eq!(backoff.delay(9, Duration::ZERO, 0.5), 2 * SECOND);
    assert_eq!(backoff.delay(1, Duration::MAX, 0.5), 60 * SECOND);
}

#[test]
fn a_base_of_zero_means_no_delay_whatever_the_rest_says() {
    for jitter in MODES {
        let none = Backoff::new(Duration::ZERO, 2.0, SECOND, jitter).expect("valid");
        for retry in [0, 1, 1000, u32::MAX] {
            assert_eq!(
                none.delay(retry, 7 * SECOND, 0.9),
                Duration::ZERO,
                "{jitter:?}"
            );
        }
    }
}

#[test]
fn a_thousand_retries_overflow_nothing() {
    for jitter in MODES {
        for multiplier in [1.0, 1.5, f64::MAX] {
            let backoff = Backoff::new(SECOND, multiplier, Duration::MAX, jitter).expect("valid");
            for retry in [0, 1, 1000, u32::MAX] {
                let _ = backoff.delay(retry, Duration::MAX, 0.999);
            }
        }
    }
    let endless = Backoff::new(SECOND, 2.0, Duration::MAX, Jitter::None).expect("valid");
    assert_eq!(endless.delay(1000, SECOND, 0.5), Duration::MAX);
}

#[test]
fn a_ceiling_is_spread_below_the_cap_and_never_under_half_of_it() {
    for (jitter, low) in [
        (Proportional(0.3), 42.0),
        (Proportional(1.0), 30.0),
        (Full, 30.0),
        (Equal, 30.0),
        (Decorrelated, 30.0),
    ] {
        assert_spread(
            jitter,
            &delays(|unit| backoff(jitter).ceiling(unit)),
            low,
            60.0,
        );
    }
    assert_eq!(backoff(Jitter::None).ceiling(0.2), 60 * SECOND);
}

#[test]
fn what_is_valid_is_kept_as_given() {
    let backoff = backoff(Equal);
    assert_eq!((backoff.base(), backoff.cap()), (SECOND, 60 * SECOND));
    assert!((backoff.multiplier() - 2.0).abs() < f64::EPSILON);
    assert_eq!(backoff.jitter(), Equal);
    assert!(
        Backoff::new(SECOND, 1.0, SECOND, Proportional(1.0)).is_ok(),
        "the bounds are valid"
    );
}

#[test]
fn a_multiplier_that_would_shrink_or_lose_the_delay_is_refused() {
    for multiplier in [0.99, 0.0, -2.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let refused = Backoff::new(SECOND, multiplier, SECOND, Full).expect_err("refused");
        assert!(
            matches!(refused, BackoffError::Multiplier { .. }),
            "{refused:?}"
        );
    }
    let text = Backoff::new(SECOND, 0.5, SECOND, Full)
        .expect_err("refused")
        .to_string();
    assert!(
        text.contains("is 0.5") && text.contains("at least 1") && text.contains("use 2"),
        "{text}"
    );
}

#[test]
fn a_cap_below_the_base_is_refused() {
    let refused = Backoff::new(2 * SECOND, 2.0, SECOND, Full).expect_err("refused");
    assert_eq!(
        refused,
        BackoffError::Cap {
            base: 2 * SECOND,
            cap: SECOND
        }
    );
    let text = refused.to_string();
    assert!(
        text.contains("is 1s") && text.contains("base, 2s") && text.contains("raise"),
        "{text}"
    );
}

#[test]
fn a_jitter_factor_outside_its_range_is_refused() {
    for factor in [0.0, -0.3, 1.01, f64::NAN, f64::INFINITY] {
        let refused = Backoff::new(SECOND, 2.0, SECOND, Proportional(factor)).expect_err("refused");
        assert!(
            matches!(refused, BackoffError::Factor { .. }),
            "{refused:?}"
        );
    }
    let text = Backoff::new(SECOND, 2.0, SECOND, Proportional(30.0))
        .expect_err("refused")
        .to_string();
    assert!(
        text.contains("is 30") && text.contains("at most 1") && text.contains("0.3"),
        "{text}"
    );
}

fn durations() -> impl Strategy<Value = Duration> {
    let nanos = 0..1_000_000_000_u32;
    prop_oneof![
        (0..100_u64, nanos.clone()).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos)),
        (any::<u64>(), nanos).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos)),
    ]
}

fn jitters() -> impl Strategy<Value = Jitter> {
    let factor = (1..=1000_u32).prop_map(|factor| Proportional(f64::from(factor) / 1000.0));
    prop_oneof![
        Just(Jitter::None),
        factor,
        Just(Full),
        Just(Equal),
        Just(Decorrelated)
    ]
}

proptest! {
    #[test]
    fn every_delay_lies_within_its_modes_bounds(
        (one, other, previous) in (durations(), durations(), durations()),
        multiplier in 1.0..1e3_f64,
        jitter in jitters(),
        retry in prop_oneof![0..8_u32, any::<u32>()],
        unit in prop_oneof![0.0..1.0_f64, prop::num::f64::ANY],
    ) {
        let (base, cap) = (one.min(other), one.max(other));
        let backoff = Backoff::new(base, multiplier, cap, jitter).expect("valid");
        let plain = Backoff::new(base, multiplier, cap, Jitter::None).expect("valid");
        let delay = backoff.delay(retry, previous, unit);
        let before_jitter = plain.delay(retry, previous, unit);
        // Half a nanosecond of rounding for each number that went through `f64`.
        let slack = Duration::from_secs_f64(before_jitter.as_secs_f64() * 1e-15) + Duration::from_nanos(2);
        prop_assert!(delay <= cap, "{:?} is above the cap", delay);
        prop_assert!(backoff.ceiling(unit) <= cap && backoff.ceiling(unit) >= cap / 2);
        if base.is_zero() {
            prop_assert_eq!(delay, Duration::ZERO);
            return Ok(());
        }
        match jitter {
            Proportional(factor) => {
                let least = before_jitter.as_secs_f64() * (1.0 - factor);
                prop_assert!(delay.saturating_add(slack).as_secs_f64() >= least);
            }
            Full => prop_assert!(delay <= before_jitter),
            Equal => prop_assert!(delay >= before_jitter / 2 && delay <= before_jitter),
            Decorrelated => {
                prop_assert!(delay >= base && delay <= previous.max(base).saturating_mul(3));
            }
            Jitter::None => prop_assert_eq!(delay, before_jitter),
        }
    }
}
