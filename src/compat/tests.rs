//! What becomes of old settings.

mod any;
mod defaults;
mod refusals;
mod retries;
mod timeouts;
mod told;

use std::time::Duration;

use super::*;
use crate::{Policy, Provider, Rule};

const SECOND: Duration = Duration::from_secs(1);

fn payments() -> Target {
    Target::Payments(Provider::generic())
}

fn policy(target: &Target, config: &Config) -> Policy {
    config.map(target).unwrap().policy
}

/// The fields that mean something else than they did, in order.
fn noticed(target: &Target, config: &Config) -> Vec<&'static str> {
    let notices = config.map(target).unwrap().notices;
    notices.iter().map(Notice::field).collect()
}

/// What the notice about this field says, if there is one.
fn notice(target: &Target, config: &Config, field: &str) -> Option<(String, String)> {
    let notices = config.map(target).unwrap().notices;
    let about = notices.iter().find(|notice| notice.field() == field)?;
    assert!(!about.why().is_empty());
    Some((about.was().to_owned(), about.now().to_owned()))
}

/// The fields and the rules of what is refused.
fn refused(target: &Target, config: &Config) -> Vec<(&'static str, Option<Rule>)> {
    let Err(error) = config.map(target) else {
        return Vec::new();
    };
    let violations = error.violations().iter();
    violations
        .map(|violation| (violation.settings()[0], violation.rule()))
        .collect()
}

#[test]
fn the_settings_of_the_incident_make_a_safe_policy_for_every_target() {
    let config = Config::default();
    for (target, preset) in [
        (Target::Internal, Policy::internal()),
        (Target::External, Policy::external()),
        (payments(), Policy::external_payments(Provider::generic())),
    ] {
        let policy = policy(&target, &config);
        assert_eq!(policy.max_attempts(), 4);
        assert_eq!(policy.backoff(), preset.backoff());
        assert_eq!(policy.attempt_timeout(), 5 * SECOND);
        assert!(policy.honours_retry_after() && !policy.repeats_unkeyed());
        assert_eq!(policy.budget(), preset.budget());
        assert_eq!(policy.requires_https(), preset.requires_https());
        assert!(policy.overrides().is_empty());
        assert_eq!(policy.preset(), preset.preset());
    }
}

#[test]
fn each_setting_of_the_incident_that_changes_is_said_once() {
    let fields = [
        "max_retries",
        "backoff",
        "retry_delay",
        "jitter",
        "timeout",
        "retry_on_status",
        "follow_redirects",
        "retry_non_idempotent",
        "ignore_retry_after",
    ];
    for target in [Target::Internal, Target::External, payments()] {
        let mut noticed = noticed(&target, &Config::default());
        noticed.sort_unstable();
        let mut fields = fields;
        fields.sort_unstable();
        assert_eq!(noticed, fields);
    }
}

#[test]
fn of_safe_settings_the_limits_are_said_and_what_is_repeated_at_all() {
    let safe = Config {
        retry_delay: SECOND,
        retry_max_delay: Some(4 * SECOND),
        backoff: BackoffKind::Exponential,
        jitter: true,
        retry_non_idempotent: Some(false),
        ignore_retry_after: Some(false),
        follow_redirects: Some(false),
        ..Config::default()
    };
    for target in [Target::Internal, Target::External, payments()] {
        let limits = ["max_retries", "timeout"];
        let repeated = ["retry_on_status", "retry_non_idempotent"];
        assert_eq!(noticed(&target, &safe), [limits, repeated].concat());
    }
}
