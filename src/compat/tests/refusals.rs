//! What cannot be made safe.

use super::*;

/// Refused with this rule, and not once somebody says why.
fn is_overridable(target: &Target, config: &Config, field: &'static str, rule: Rule) -> Policy {
    assert_eq!(refused(target, config), [(field, Some(rule))]);
    let blank = config.clone().allow(rule, " ");
    assert_eq!(refused(target, &blank), [("overrides", None)]);
    let allowed = config.clone().allow(rule, "ticket 4711");
    let policy = policy(target, &allowed);
    assert_eq!(policy.overrides()[0].rule(), rule);
    assert_eq!(policy.overrides()[0].rationale(), "ticket 4711");
    policy
}

#[test]
fn strangers_are_called_five_times_at_most() {
    let config = Config {
        max_retries: 5,
        ..Config::default()
    };
    for target in [Target::External, payments()] {
        let policy = is_overridable(&target, &config, "max_retries", Rule::MaxAttempts);
        assert_eq!(policy.max_attempts(), 6);
    }
    assert_eq!(refused(&Target::Internal, &config), []);
    let error = config.map(&Target::External).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the settings are refused: max_retries is 5, which makes 6 attempts (rule `max-attempts`): \
         external calls get at most 4 retries, or say why it is safe with \
         `.allow(Rule::MaxAttempts, \"…\")`"
    );
}

#[test]
fn more_retries_than_there_is_room_for_are_refused_in_the_old_words() {
    for max_retries in [u32::MAX - 1, u32::MAX] {
        let config = Config {
            max_retries,
            ..Config::default()
        };
        assert_eq!(refused(&Target::Internal, &config), [("max_retries", None)]);
    }
    let config = Config {
        max_retries: u32::MAX - 2,
        ..Config::default()
    };
    assert_eq!(refused(&Target::Internal, &config), []);
}

#[test]
fn whoever_asks_to_ignore_retry_after_is_refused_everywhere() {
    let config = Config {
        ignore_retry_after: Some(true),
        ..Config::default()
    };
    for target in [Target::Internal, Target::External, payments()] {
        let policy = is_overridable(&target, &config, "ignore_retry_after", Rule::RetryAfter);
        assert!(!policy.honours_retry_after());
    }
}

#[test]
fn whoever_asks_to_repeat_posts_without_keys_is_refused() {
    let config = Config {
        retry_non_idempotent: Some(true),
        ..Config::default()
    };
    let no_keys = Target::Payments(Provider::none());
    for target in [Target::Internal, Target::External, no_keys] {
        let field = "retry_non_idempotent";
        let policy = is_overridable(&target, &config, field, Rule::UnkeyedRepeat);
        assert!(policy.repeats_unkeyed());
    }
    assert_eq!(refused(&payments(), &config), []);
    assert!(!policy(&payments(), &config).repeats_unkeyed());
}

#[test]
fn a_status_that_is_never_repeated_is_refused() {
    for code in [
        0, 99, 200, 302, 400, 401, 404, 422, 501, 505, 511, 600, 1_000,
    ] {
        let config = Config {
            retry_on_status: vec![503, code],
            ..Config::default()
        };
        for target in [Target::External, payments()] {
            assert_eq!(
                refused(&target, &config),
                [("retry_on_status", None)],
                "{code}"
            );
        }
        let error = config.map(&Target::External).unwrap_err().to_string();
        assert!(error.contains(&format!("[{code}]")), "{error}");
    }
}

#[test]
fn whoever_asks_for_redirects_is_refused() {
    let config = Config {
        follow_redirects: Some(true),
        ..Config::default()
    };
    assert_eq!(
        refused(&Target::Internal, &config),
        [("follow_redirects", None)]
    );
}

#[test]
fn a_delay_over_thirty_days_is_refused() {
    let month = 30 * 24 * 3_600 * SECOND;
    let config = |retry_max_delay| Config {
        retry_max_delay: Some(retry_max_delay),
        ..Config::default()
    };
    assert_eq!(refused(&Target::External, &config(month)), []);
    let field = [("retry_max_delay", None)];
    assert_eq!(refused(&Target::External, &config(month + SECOND)), field);
    let config = Config {
        retry_delay: month + SECOND,
        ..Config::default()
    };
    assert_eq!(refused(&Target::External, &config), [("retry_delay", None)]);
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let config = Config {
        max_retries: 9,
        ignore_retry_after: Some(true),
        retry_on_status: vec![400],
        base_url: Some("gateway.example".to_owned()),
        ..Config::default()
    };
    let error = config.map(&Target::External).unwrap_err();
    assert_eq!(error.violations().len(), 4);
    assert!(crate::Error::from(error).is_config());
}

#[test]
fn a_provider_that_makes_no_sense_is_refused() {
    let provider = Provider {
        key_life: Duration::ZERO,
        ..Provider::generic()
    };
    let target = Target::Payments(provider);
    assert_eq!(refused(&target, &Config::default()), [("provider", None)]);
}
