//! Any settings at all: nothing panics, what is refused says how to mend it, what is accepted keeps the
//! rules, and every difference is told.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::Jitter;

const MONTH: Duration = Duration::from_secs(30 * 24 * 3_600);

fn target() -> impl Strategy<Value = Target> {
    let providers = vec![
        Provider::generic(),
        Provider::stripe(),
        Provider::adyen(),
        Provider::ietf(),
        Provider::none(),
    ];
    prop_oneof![
        Just(Target::Internal),
        Just(Target::External),
        select(providers).prop_map(Target::Payments),
    ]
}

fn duration() -> impl Strategy<Value = Duration> {
    let ends = [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_millis(99),
        SECOND / 10,
        MONTH.saturating_sub(Duration::from_nanos(1)),
        MONTH,
        MONTH + Duration::from_nanos(1),
        Duration::MAX,
    ];
    prop_oneof![
        2 => select(ends.to_vec()),
        5 => (0..200_000_u64).prop_map(Duration::from_millis),
    ]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let names = [
        "authorization",
        "cookie",
        "host",
        "idempotency-key",
        "x-session-token",
        "x-trace",
    ];
    vec(select(names.to_vec()), 0..2).prop_map(|names| {
        let value = HeaderValue::from_static("s3cret");
        let pair = |name| (HeaderName::from_static(name), value.clone());
        names.into_iter().map(pair).collect()
    })
}

fn base_url() -> impl Strategy<Value = Option<String>> {
    let urls = [
        "https://gateway.example/v1",
        "http://gateway.example",
        "http://127.0.0.1:8080/",
        "https://gateway.example:s3cret",
        "https://s3cret@gateway.example",
        "https://gateway.example/?s3cret",
        "gateway.example",
        "",
    ];
    let some = prop_oneof![5 => select(urls[..3].to_vec()), 1 => select(urls.to_vec())];
    option::of(some.prop_map(str::to_owned))
}

/// `None`, or rarely what was asked for.
fn wish() -> impl Strategy<Value = Option<bool>> {
    select(vec![None, None, Some(false), Some(false), Some(true)])
}

fn overrides() -> impl Strategy<Value = Vec<(Rule, String)>> {
    let why = prop_oneof![9 => Just("ticket 4711"), 1 => Just(" ")].prop_map(str::to_owned);
    vec((select(Rule::ALL.to_vec()), why), 0..6)
}

prop_compose! {
    fn config()(
        (base_url, headers, overrides) in (base_url(), headers(), overrides()),
        user_agent in option::of(select(vec!["shop/1.0", "shop/1.0", "\n"])),
        max_retries in prop_oneof![5 => 0..7_u32, 1 => (u32::MAX - 4)..=u32::MAX, 1 => any::<u32>()],
        times in (duration(), option::of(duration()), duration()),
        backoff in select(vec![BackoffKind::Fixed, BackoffKind::Linear, BackoffKind::Exponential]),
        timeout_covers in select(vec![TimeoutCovers::Attempt, TimeoutCovers::Call]),
        retry_on_status in vec(prop_oneof![9 => select(vec![429, 500, 503]), 1 => any::<u16>()], 0..3),
        jitter in any::<bool>(),
        wishes in (wish(), wish(), wish()),
    ) -> Config {
        Config {
            base_url,
            headers,
            user_agent: user_agent.map(str::to_owned),
            max_retries,
            retry_delay: times.0,
            retry_max_delay: times.1,
            backoff,
            jitter,
            timeout: times.2,
            timeout_covers,
            retry_on_status,
            retry_non_idempotent: wishes.0,
            ignore_retry_after: wishes.1,
            follow_redirects: wishes.2,
            overrides,
        }
    }
}

const FIELDS: [&str; 15] = [
    "base_url",
    "headers",
    "user_agent",
    "max_retries",
    "retry_delay",
    "retry_max_delay",
    "backoff",
    "jitter",
    "timeout",
    "timeout_covers",
    "retry_on_status",
    "retry_non_idempotent",
    "ignore_retry_after",
    "follow_redirects",
    "overrides",
];

/// The safety rules that this policy breaks.
fn broken(policy: &Policy) -> Vec<Rule> {
    let (backoff, budget) = (policy.backoff(), policy.budget());
    let rules = [
        (Rule::BackoffBase, backoff.base() >= SECOND / 10),
        (Rule::Jitter, backoff.jitter() != Jitter::None),
        (Rule::MaxAttempts, policy.max_attempts() <= 5),
        (Rule::BudgetRatio, budget.ratio() <= 0.5),
        (Rule::BudgetFloor, budget.floor_per_minute() <= 10),
        (Rule::Circuit, policy.circuit().trips),
        (Rule::RetryAfter, policy.honours_retry_after()),
        (Rule::UnkeyedRepeat, !policy.repeats_unkeyed()),
        (Rule::PlainHttp, policy.requires_https()),
    ];
    let broken = rules.iter().filter(|(_, kept)| !kept);
    broken.map(|(rule, _)| *rule).collect()
}

/// The longest wait of the old client, before chance.
fn longest_wait(config: &Config) -> Duration {
    let retries = config.max_retries.saturating_sub(1);
    let factor = match config.backoff {
        BackoffKind::Fixed => 1,
        BackoffKind::Linear => config.max_retries,
        BackoffKind::Exponential => 2_u32.saturating_pow(retries),
    };
    let wait = config.retry_delay.saturating_mul(factor);
    wait.min(config.retry_max_delay.unwrap_or(Duration::MAX))
}

/// The fields that mean something else here than they did, by looking at what came out.
fn different(config: &Config, policy: &Policy) -> Vec<&'static str> {
    let retries = config.max_retries > 0;
    let backoff = policy.backoff();
    let waits_less = longest_wait(config) > backoff.cap();
    let caps_else = config
        .retry_max_delay
        .is_some_and(|cap| cap != backoff.cap());
    let jittered = backoff.jitter() != Jitter::None;
    [
        ("max_retries", retries),
        (
            "retry_delay",
            retries && config.retry_delay != backoff.base(),
        ),
        ("retry_max_delay", retries && (caps_else || waits_less)),
        (
            "backoff",
            retries && config.backoff != BackoffKind::Exponential,
        ),
        ("jitter", retries && jittered && !config.jitter),
        ("timeout", true),
        ("retry_on_status", retries),
        // One that never arrived is sent again, whatever was asked for.
        ("retry_non_idempotent", retries && !policy.repeats_unkeyed()),
        ("ignore_retry_after", config.ignore_retry_after.is_none()),
        ("follow_redirects", config.follow_redirects.is_none()),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

proptest! {
    #[test]
    fn what_is_refused_names_a_field_and_a_fix_and_no_secret(config in config(), target in target()) {
        let text = match config.map(&target) {
            Ok(mapped) => format!("{mapped:?}"),
            Err(refused) => {
                prop_assert!(!refused.violations().is_empty());
                for violation in refused.violations() {
                    for setting in violation.settings() {
                        prop_assert!(FIELDS.contains(setting), "{setting}: {refused}");
                    }
                    let text = violation.to_string();
                    let parts = text.split_once(": ");
                    prop_assert!(parts.is_some_and(|(problem, fix)| !problem.is_empty() && !fix.is_empty()));
                }
                refused.to_string()
            }
        };
        prop_assert!(!text.contains("s3cret") && !format!("{config:?}").contains("s3cret"), "{text}");
    }

    #[test]
    fn what_is_accepted_keeps_every_rule_that_nobody_overrode(config in config(), target in target()) {
        let Ok(mapped) = config.map(&target) else { return Ok(()) };
        prop_assert_eq!(config.map(&target), Ok(mapped.clone()), "it is a pure function");
        let policy = &mapped.policy;
        prop_assert_eq!(policy.preset(), target.preset().preset());
        prop_assert_eq!(u64::from(policy.max_attempts()), u64::from(config.max_retries) + 1);
        prop_assert!(policy.attempt_timeout() <= policy.deadline() && policy.deadline() <= MONTH);
        if target != Target::Internal {
            for rule in broken(policy) {
                let why = config.overrides.iter().find(|(allowed, _)| *allowed == rule);
                prop_assert!(why.is_some(), "{rule} in {policy}");
            }
        }
    }

    #[test]
    fn every_difference_is_told(config in config(), target in target()) {
        let Ok(mapped) = config.map(&target) else { return Ok(()) };
        let told: Vec<_> = mapped.notices.iter().map(Notice::field).collect();
        for field in different(&config, &mapped.policy) {
            let capped = field == "retry_max_delay" && told.contains(&"backoff");
            prop_assert!(told.contains(&field) || capped, "{field} of {mapped:?}");
        }
        for (index, field) in told.iter().enumerate() {
            prop_assert!(FIELDS.contains(field) && !told[..index].contains(field), "{field} twice");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_client_is_made_of_just_what_the_map_accepts(config in config(), target in target()) {
        match (config.map(&target), HttpClient::new(target, config)) {
            (Ok(mapped), Ok(client)) => {
                prop_assert_eq!(&mapped.policy, &*client.policy());
                prop_assert_eq!(&mapped.notices, client.notices());
            }
            (Err(refused), Err(error)) => {
                prop_assert!(error.to_string().contains(&refused.to_string()), "{error}");
            }
            (mapped, client) => prop_assert!(false, "{mapped:?} but {client:?}"),
        }
    }
}
