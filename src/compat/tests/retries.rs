//! How often, after which waits, and what at all.

use http::{HeaderMap, Method};

use super::*;
use crate::policy::Guarantee;
use crate::{Backoff, Jitter};

fn with_delay(retry_delay: Duration) -> Config {
    Config {
        retry_delay,
        ..Config::default()
    }
}

#[test]
fn retries_are_counted_without_the_first_attempt_and_attempts_with_it() {
    for (max_retries, max_attempts) in [(0, 1), (1, 2), (3, 4), (4, 5)] {
        let config = Config {
            max_retries,
            ..Config::default()
        };
        assert_eq!(
            policy(&Target::External, &config).max_attempts(),
            max_attempts
        );
    }
    let (was, now) = notice(&payments(), &Config::default(), "max_retries").unwrap();
    assert_eq!(was, "3 retries of every call");
    assert_eq!(
        now,
        "4 attempts, the first included; the retries of a minute are at most 10 % of its calls \
         and 2 more"
    );
}

#[test]
fn where_nothing_is_retried_nothing_is_said_of_retries() {
    let config = Config {
        max_retries: 0,
        ..Config::default()
    };
    assert_eq!(
        noticed(&Target::External, &config),
        ["timeout", "follow_redirects", "ignore_retry_after"]
    );
}

#[test]
fn where_nothing_is_retried_a_payment_has_a_key_all_the_same() {
    for retry_non_idempotent in [None, Some(true)] {
        let config = Config {
            max_retries: 0,
            retry_non_idempotent,
            ..Config::default()
        };
        for target in [payments(), Target::Payments(Provider::none())] {
            let policy = policy(&target, &config);
            assert!(policy.injects_key_into(&Method::POST) && !policy.repeats_unkeyed());
        }
    }
}

#[test]
fn more_attempts_than_one_call_may_fail_do_not_trip_the_circuit_alone() {
    let config = Config {
        max_retries: 29,
        ..Config::default()
    };
    let policy = policy(&Target::Internal, &config);
    assert_eq!(policy.max_attempts(), 30);
    assert_eq!(policy.circuit().consecutive, 31);
    assert_eq!(policy.circuit().failure_ratio.unwrap().minimum, 31);
}

#[test]
fn no_delay_becomes_that_of_the_preset() {
    let base = |target: &Target, delay| policy(target, &with_delay(delay)).backoff().base();
    assert_eq!(base(&Target::Internal, Duration::ZERO), SECOND / 40);
    assert_eq!(base(&Target::External, Duration::ZERO), SECOND / 2);
    assert_eq!(base(&payments(), Duration::ZERO), SECOND);
    let said = notice(&payments(), &with_delay(Duration::ZERO), "retry_delay");
    assert_eq!(said, Some(("0ns".to_owned(), "1s".to_owned())));
}

#[test]
fn a_delay_under_a_tenth_of_a_second_is_too_short_for_strangers_only() {
    let short = Duration::from_millis(99);
    let base = |target: &Target, delay| policy(target, &with_delay(delay)).backoff().base();
    assert_eq!(base(&Target::External, short), SECOND / 2);
    assert_eq!(base(&payments(), short), SECOND);
    assert_eq!(base(&Target::Internal, short), short);
    assert_eq!(base(&Target::External, SECOND / 10), SECOND / 10);
    let said = |target: &Target, delay| notice(target, &with_delay(delay), "retry_delay").is_some();
    assert!(said(&Target::External, short) && said(&payments(), short));
    assert!(!said(&Target::Internal, short) && !said(&Target::External, SECOND / 10));
}

#[test]
fn a_short_delay_is_kept_where_somebody_says_why() {
    let config = with_delay(Duration::ZERO).allow(Rule::BackoffBase, "a mock on this machine");
    let policy = policy(&Target::External, &config);
    assert!(policy.backoff().base().is_zero());
    assert_eq!(policy.overrides()[0].rationale(), "a mock on this machine");
    assert_eq!(notice(&Target::External, &config, "retry_delay"), None);
}

#[test]
fn a_fixed_and_a_linear_delay_become_an_exponential_one() {
    for backoff in [
        BackoffKind::Fixed,
        BackoffKind::Linear,
        BackoffKind::Exponential,
    ] {
        let config = Config {
            backoff,
            ..with_delay(SECOND)
        };
        let multiplier = policy(&payments(), &config).backoff().multiplier();
        assert!((multiplier - 2.0).abs() < f64::EPSILON);
        let said = notice(&payments(), &config, "backoff").is_some();
        assert_eq!(said, backoff != BackoffKind::Exponential);
    }
}

#[test]
fn the_longest_delay_is_kept_unless_the_first_is_longer() {
    let cap = |retry_max_delay, retry_delay| {
        let config = Config {
            retry_max_delay,
            ..with_delay(retry_delay)
        };
        let said = notice(&payments(), &config, "retry_max_delay").is_some();
        (policy(&payments(), &config).backoff().cap(), said)
    };
    assert_eq!(cap(None, SECOND), (60 * SECOND, false));
    assert_eq!(cap(None, 90 * SECOND), (90 * SECOND, false));
    assert_eq!(cap(Some(5 * SECOND), SECOND), (5 * SECOND, false));
    assert_eq!(cap(Some(SECOND), SECOND), (SECOND, false));
    assert_eq!(cap(Some(SECOND), 2 * SECOND), (2 * SECOND, true));
}

#[test]
fn a_delay_that_doubles_without_end_is_told_its_end() {
    let said = |backoff, max_retries| {
        let config = Config {
            max_retries,
            backoff,
            ..with_delay(SECOND)
        }
        .allow(Rule::MaxAttempts, "a batch at night");
        notice(&payments(), &config, "retry_max_delay")
    };
    // The last delays are 32 s and 64 s.
    assert_eq!(said(BackoffKind::Exponential, 6), None);
    let told = ("a delay that doubles without end", "60s");
    let told = (told.0.to_owned(), told.1.to_owned());
    assert_eq!(said(BackoffKind::Exponential, 7), Some(told));
    // Its own notice names the cap.
    assert_eq!(said(BackoffKind::Fixed, 7), None);
}

#[test]
fn delays_are_random_unless_somebody_says_why_not() {
    let backoff: fn(&Config) -> Backoff = |config| policy(&payments(), config).backoff();
    let plain = Config::default();
    assert_eq!(backoff(&plain).jitter(), Jitter::Proportional(0.3));
    assert!(notice(&payments(), &plain, "jitter").is_some());

    let allowed = plain.allow(Rule::Jitter, "a single caller");
    assert_eq!(backoff(&allowed).jitter(), Jitter::None);
    assert_eq!(notice(&payments(), &allowed, "jitter"), None);

    let jittered = Config {
        jitter: true,
        ..allowed
    };
    assert_eq!(backoff(&jittered).jitter(), Jitter::Proportional(0.3));
}

#[test]
fn posts_are_given_a_key_where_it_is_honoured_and_else_are_not_repeated() {
    let posts = |target: &Target, retry_non_idempotent| {
        let config = Config {
            retry_non_idempotent,
            ..Config::default()
        };
        let policy = policy(target, &config);
        assert_eq!(
            policy.guarantee(&Method::POST, &HeaderMap::new()),
            Guarantee::None
        );
        let said = notice(target, &config, "retry_non_idempotent").is_some();
        (policy.injects_key_into(&Method::POST), said)
    };
    let no_keys = Target::Payments(Provider::none());
    for asked in [None, Some(true)] {
        assert_eq!(posts(&payments(), asked), (true, true));
    }
    assert_eq!(posts(&no_keys, None), (true, true));
    assert_eq!(posts(&Target::External, None), (false, true));
    assert_eq!(posts(&Target::Internal, None), (false, true));
    for target in [payments(), no_keys, Target::External, Target::Internal] {
        // One that never arrived is sent again all the same.
        assert_eq!(posts(&target, Some(false)), (false, true));
    }
}

#[test]
fn a_list_of_statuses_gives_way_to_the_table() {
    let listing = |codes: &[u16]| Config {
        retry_on_status: codes.to_vec(),
        ..Config::default()
    };
    let (was, _) = notice(&Target::External, &listing(&[429, 503]), "retry_on_status").unwrap();
    assert_eq!(was, "[429, 503], whatever the method");
    let (was, _) = notice(&Target::External, &listing(&[]), "retry_on_status").unwrap();
    assert_eq!(was, "every status of 500 and above, whatever the method");
    let all = [408, 413, 421, 425, 429, 500, 502, 503, 504, 599];
    assert_eq!(refused(&Target::External, &listing(&all)), []);
    // Only a key makes a 409 the answer of one that is still running.
    assert_eq!(refused(&payments(), &listing(&[409])), []);
    let field = [("retry_on_status", None)];
    assert_eq!(refused(&Target::External, &listing(&[409])), field);
}
