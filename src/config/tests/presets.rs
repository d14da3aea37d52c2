//! The presets, cell by cell.

use http::{HeaderMap, HeaderValue, Method};

use super::*;
use crate::policy::Guarantee;

/// One column of the table of presets.
pub(super) struct Column {
    pub(super) policy: Policy,
    attempts: u32,
    /// Base, cap, jitter; the multiplier is 2.
    backoff: (Duration, Duration, Jitter),
    attempt_timeout: Duration,
    deadline: Duration,
    /// Ratio, floor per minute.
    budget: (f64, u32),
    /// The window of "half of at least 20".
    ratio_window: Option<Duration>,
    /// The first break and the longest; the multiplier is 2.
    breaks: (Duration, Duration),
    ramp: Duration,
    gate_cap: Duration,
    keys: bool,
    https: bool,
}

pub(super) fn table() -> [Column; 3] {
    [
        Column {
            policy: Policy::internal(),
            attempts: 3,
            backoff: (millis(25), seconds(1), Jitter::Full),
            attempt_timeout: seconds(1),
            deadline: seconds(3),
            budget: (0.2, 60),
            ratio_window: Some(seconds(10)),
            breaks: (seconds(5), seconds(60)),
            ramp: seconds(5),
            gate_cap: seconds(6 * 3_600),
            keys: false,
            https: false,
        },
        Column {
            policy: Policy::external(),
            attempts: 3,
            backoff: (millis(500), seconds(30), Jitter::Equal),
            attempt_timeout: seconds(10),
            deadline: seconds(30),
            budget: (0.1, 6),
            ratio_window: Some(seconds(30)),
            breaks: (seconds(30), seconds(300)),
            ramp: seconds(30),
            gate_cap: seconds(6 * 3_600),
            keys: false,
            https: true,
        },
        Column {
            policy: payments(),
            attempts: 4,
            backoff: (seconds(1), seconds(60), Jitter::Proportional(0.3)),
            attempt_timeout: seconds(30),
            deadline: seconds(90),
            budget: (0.1, 2),
            ratio_window: None,
            breaks: (seconds(30), seconds(120)),
            ramp: seconds(30),
            gate_cap: seconds(3_600),
            keys: true,
            https: true,
        },
    ]
}

#[test]
fn the_presets_are_the_agreed_ones() {
    for column in table() {
        let (policy, name) = (&column.policy, column.policy.preset().as_str());
        assert_eq!(policy.max_attempts(), column.attempts, "{name}");
        let (base, cap, jitter) = column.backoff;
        let backoff = Backoff::new(base, 2.0, cap, jitter).unwrap();
        assert_eq!(policy.backoff(), backoff, "{name}");
        assert_eq!(policy.attempt_timeout(), column.attempt_timeout, "{name}");
        assert_eq!(policy.deadline(), column.deadline, "{name}");
        let budget = policy.budget();
        assert_eq!(
            (budget.ratio(), budget.floor_per_minute()),
            column.budget,
            "{name}"
        );
        assert_eq!(policy.requires_https(), column.https, "{name}");
        for method in [Method::POST, Method::PATCH] {
            assert_eq!(policy.injects_key_into(&method), column.keys, "{name}");
        }
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            assert!(!policy.injects_key_into(&method), "{name}");
        }
        assert!(policy.honours_retry_after(), "{name}");
        assert!(!policy.repeats_unkeyed(), "{name}");
        assert!(policy.overrides().is_empty(), "{name}");
    }
}

#[test]
fn the_circuits_of_the_presets_are_the_agreed_ones() {
    for column in table() {
        let (circuit, name) = (column.policy.circuit(), column.policy.preset().as_str());
        assert!(circuit.trips, "{name}");
        assert_eq!(circuit.consecutive, 5, "{name}");
        assert_eq!(circuit.within, seconds(120), "{name}");
        let rule = circuit.failure_ratio;
        assert_eq!(rule.map(|rule| rule.window), column.ratio_window, "{name}");
        let half_of_twenty = rule.is_none_or(|rule| (rule.ratio, rule.minimum) == (0.5, 20));
        assert!(half_of_twenty, "{name}: {rule:?}");
        assert_eq!(circuit.slow_call, None, "{name}");
        let breaks = (circuit.break_duration, circuit.max_break);
        assert_eq!(breaks, column.breaks, "{name}");
        assert!(
            (circuit.break_multiplier - 2.0).abs() < f64::EPSILON,
            "{name}"
        );
        assert_eq!(circuit.ramp, column.ramp, "{name}");
        assert_eq!(circuit.gate_cap, column.gate_cap, "{name}");
        assert_eq!(circuit.declared_peak, None, "{name}");
        assert_eq!(column.policy.max_concurrency(), None, "{name}");
        assert!(!column.policy.is_throttled(), "{name}");
    }
}

#[test]
fn every_preset_passes_its_own_check_and_is_a_plain_value() {
    for column in table() {
        let again = column
            .policy
            .to_builder()
            .build()
            .expect("a preset is valid");
        assert_eq!(again, column.policy);
        let name = column.policy.preset().as_str();
        assert!(column.policy.to_string().starts_with(name));
    }
    assert_ne!(Policy::internal(), Policy::external());
    assert_ne!(payments(), Policy::external_payments(Provider::none()));
}

#[test]
fn a_payment_whose_attempts_all_time_out_never_starts_the_fourth() {
    let policy = payments();
    assert!(policy.attempt_timeout() * 3 >= policy.deadline());
    assert!(policy.max_attempts() > 3);
}

#[test]
fn a_key_is_honoured_only_where_the_provider_says_so() {
    let mut headers = HeaderMap::new();
    headers.insert("idempotency-key", HeaderValue::from_static("order-1042"));
    let keyed = |policy: &Policy, method| policy.guarantee(&method, &headers);
    assert_eq!(keyed(&payments(), Method::POST), Guarantee::Keyed);
    assert_eq!(keyed(&payments(), Method::PATCH), Guarantee::Keyed);
    assert_eq!(
        payments().guarantee(&Method::POST, &HeaderMap::new()),
        Guarantee::None
    );
    let none = Policy::external_payments(Provider::none());
    assert_eq!(keyed(&none, Method::POST), Guarantee::None);
    assert_eq!(keyed(&Policy::external(), Method::POST), Guarantee::None);
    let link = Method::from_bytes(b"LINK").unwrap();
    assert_eq!(keyed(&payments(), link), Guarantee::None);
    assert_eq!(keyed(&payments(), Method::CONNECT), Guarantee::Tunnel);
}
