//! A client from variables.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use super::super::env::{among, names, read};
use crate::{ClientConfig, EnvError, Policy, Provider, Rule};

const URL: (&str, &str) = ("URL", "https://gateway.example");
const EXTERNAL: (&str, &str) = ("PRESET", "external");

/// As the process's environment would be read, if it held these after `PAYMENTS_`.
fn from(variables: &[(&str, &str)]) -> Result<ClientConfig, EnvError> {
    beside(variables, &[])
}

fn beside(variables: &[(&str, &str)], others: &[&str]) -> Result<ClientConfig, EnvError> {
    let environment: BTreeMap<_, _> = variables
        .iter()
        .map(|(name, value)| (format!("PAYMENTS_{name}"), OsString::from(value)))
        .collect();
    let unknown = among(environment.keys().cloned(), "PAYMENTS", others);
    read("PAYMENTS", &|name| environment.get(name).cloned(), unknown)
}

/// The problems by their variables, in one line each.
fn problems(variables: &[(&str, &str)]) -> Vec<String> {
    let refused = from(variables).expect_err("it is refused");
    refused.problems().iter().map(ToString::to_string).collect()
}

fn assert_problem(variables: &[(&str, &str)], named: &str) {
    let problems = problems(variables);
    let [problem] = &problems[..] else {
        panic!("one problem: {problems:?}");
    };
    assert!(problem.contains(named), "{named:?} is not in {problem:?}");
}

#[test]
fn a_url_and_a_preset_are_enough() {
    let config = from(&[URL, EXTERNAL]).unwrap();
    assert_eq!(config.url(), "https://gateway.example");
    assert_eq!(config.policy(), &Policy::external());

    let payments = [URL, ("PRESET", "external_payments"), ("PROVIDER", "stripe")];
    let expected = Policy::external_payments(Provider::stripe());
    assert_eq!(from(&payments).unwrap().policy(), &expected);
}

/// Every variable, what it holds, and the same in a file.
const EVERY: [(&str, &str, &str); 34] = [
    ("PROVIDER", "adyen", "policy.provider = \"adyen\""),
    ("MAX_ATTEMPTS", "2", "policy.max_attempts = 2"),
    (
        "ATTEMPT_TIMEOUT",
        "250ms",
        "policy.attempt_timeout = \"250ms\"",
    ),
    ("DEADLINE", "1m 30s", "policy.deadline = \"90s\""),
    ("BACKOFF_BASE", "200ms", "policy.backoff.base = \"200ms\""),
    (
        "BACKOFF_MULTIPLIER",
        "1.5",
        "policy.backoff.multiplier = 1.5",
    ),
    ("BACKOFF_CAP", "1m", "policy.backoff.cap = \"1m\""),
    (
        "BACKOFF_JITTER",
        "proportional:0.2",
        "policy.backoff.jitter = { proportional = 0.2 }",
    ),
    ("BUDGET_RATIO", "0.2", "policy.budget.ratio = 0.2"),
    (
        "BUDGET_FLOOR_PER_MINUTE",
        "3",
        "policy.budget.floor_per_minute = 3",
    ),
    ("CIRCUIT_ENABLED", "true", "policy.circuit.enabled = true"),
    (
        "CIRCUIT_CONSECUTIVE_FAILURES",
        "9",
        "policy.circuit.consecutive_failures = 9",
    ),
    ("CIRCUIT_WITHIN", "5m", "policy.circuit.within = \"5m\""),
    (
        "CIRCUIT_FAILURE_RATIO_RATIO",
        "0.4",
        "policy.circuit.failure_ratio.ratio = 0.4",
    ),
    (
        "CIRCUIT_FAILURE_RATIO_WINDOW",
        "20s",
        "policy.circuit.failure_ratio.window = \"20s\"",
    ),
    (
        "CIRCUIT_FAILURE_RATIO_MINIMUM",
        "8",
        "policy.circuit.failure_ratio.minimum = 8",
    ),
    (
        "CIRCUIT_SLOW_CALL",
        "2s",
        "policy.circuit.slow_call = \"2s\"",
    ),
    (
        "CIRCUIT_BREAK_DURATION",
        "7s",
        "policy.circuit.break_duration = \"7s\"",
    ),
    (
        "CIRCUIT_BREAK_MULTIPLIER",
        "3",
        "policy.circuit.break_multiplier = 3",
    ),
    (
        "CIRCUIT_LONGEST_BREAK",
        "40s",
        "policy.circuit.longest_break = \"40s\"",
    ),
    ("CIRCUIT_RAMP", "45s", "policy.circuit.ramp = \"45s\""),
    ("CIRCUIT_GATE_CAP", "2h", "policy.circuit.gate_cap = \"2h\""),
    (
        "CIRCUIT_DECLARED_PEAK_PER_SECOND",
        "5",
        "policy.circuit.declared_peak_per_second = 5",
    ),
    (
        "HONOUR_RETRY_AFTER",
        "true",
        "policy.honour_retry_after = true",
    ),
    ("INJECT_KEYS", "true", "policy.inject_keys = true"),
    ("REPEAT_UNKEYED", "false", "policy.repeat_unkeyed = false"),
    ("REQUIRE_HTTPS", "true", "policy.require_https = true"),
    ("CONNECT_TIMEOUT", "2s", "connect_timeout = \"2s\""),
    ("POOL_IDLE_TIMEOUT", "9s", "pool_idle_timeout = \"9s\""),
    ("POOL_MAX_IDLE_PER_HOST", "4", "pool_max_idle_per_host = 4"),
    ("READ_TIMEOUT", "6s", "read_timeout = \"6s\""),
    ("RESPONSE_BODY_LIMIT", "1024", "response_body_limit = 1024"),
    (
        "HTTP2_PRIOR_KNOWLEDGE",
        "true",
        "http2_prior_knowledge = true",
    ),
    (
        "ROOT_CERTIFICATES",
        "/etc/a.pem",
        "root_certificates = [\"/etc/a.pem\"]",
    ),
];

#[test]
fn every_variable_says_what_the_same_field_of_a_file_does() {
    let file = |line: &str| {
        let start = "url = \"https://gateway.example\"\npolicy.preset = \"external\"";
        toml::from_str::<ClientConfig>(&format!("{start}\n{line}")).expect(line)
    };
    for (name, value, line) in EVERY {
        assert_eq!(
            from(&[URL, EXTERNAL, (name, value)]).expect(name),
            file(line),
            "{name}"
        );
    }
    // Of a switch, the value that the preset does not have.
    for (name, rule, line) in [
        ("CIRCUIT_ENABLED", Rule::Circuit, "circuit.enabled"),
        ("HONOUR_RETRY_AFTER", Rule::RetryAfter, "honour_retry_after"),
        ("REQUIRE_HTTPS", Rule::PlainHttp, "require_https"),
    ] {
        let allow = format!("ALLOW_{rule}").replace('-', "_").to_uppercase();
        let read = from(&[URL, EXTERNAL, (name, "false"), (&allow, "agreed")]).unwrap();
        let overrides =
            format!("policy.overrides = [{{ rule = \"{rule}\", rationale = \"agreed\" }}]");
        assert_eq!(
            read,
            file(&format!("policy.{line} = false\n{overrides}")),
            "{name}"
        );
    }
    // And there is no other, but for the two that are in all of the above.
    let mut tested: Vec<_> = EVERY
        .iter()
        .map(|(name, ..)| format!("PAYMENTS_{name}"))
        .collect();
    tested.extend(["PAYMENTS_URL".to_owned(), "PAYMENTS_PRESET".to_owned()]);
    let allow = |name: &String| name.contains("_ALLOW_");
    let mut settings: Vec<_> = names("PAYMENTS")
        .into_iter()
        .filter(|name| !allow(name))
        .collect();
    tested.sort_unstable();
    settings.sort_unstable();
    assert_eq!(tested, settings);
}

#[test]
fn the_documentation_lists_every_variable() {
    let source = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/client/config/env.rs"
    ));
    let source = source.unwrap();
    for name in names("") {
        let shown = format!("`{}`", &name[1..]);
        assert!(
            source.contains(&shown),
            "{shown} is not in the table of `from_env`"
        );
    }
}

#[test]
fn everything_that_is_missing_or_wrong_is_said_at_once_and_by_name() {
    let problems = problems(&[
        ("PROVIDER", "paypal"),
        ("MAX_ATTEMPTS", "+3"),
        ("ATTEMPT_TIMEOUT", "30"),
        ("DEADLINE", "soon"),
        ("BACKOFF_JITTER", "proportional:much"),
        ("BUDGET_RATIO", "a tenth"),
        ("INJECT_KEYS", "yes"),
        ("READ_TIMEOUT", "0s"),
        ("CIRCUIT_RAMP", "0s"),
        ("RESPONSE_BODY_LIMIT", "99999999999999999999999"),
        ("ALLOW_JITTER", " "),
        ("POOL_IDLE_TIMEOUT", ""),
        ("DEADLIN", "1s"),
    ]);
    let expected = [
        "PAYMENTS_PROVIDER is no provider's profile: write `generic`, `stripe`",
        "PAYMENTS_MAX_ATTEMPTS is not a count, or too large a one: write digits",
        "PAYMENTS_ATTEMPT_TIMEOUT is a duration without a unit: write a number with its unit",
        "PAYMENTS_DEADLINE is not a duration: write a number with its unit, such as \"30s\"",
        "PAYMENTS_BACKOFF_JITTER is no jitter: write `full`",
        "PAYMENTS_BUDGET_RATIO is not a number: write one such as `0.5`",
        "PAYMENTS_INJECT_KEYS is neither `true` nor `false`",
        "PAYMENTS_POOL_IDLE_TIMEOUT is blank: give it a value, or leave it out",
        "PAYMENTS_RESPONSE_BODY_LIMIT is not a count, or too large",
        "PAYMENTS_ALLOW_JITTER is blank",
        "PAYMENTS_DEADLIN is no setting: write `PAYMENTS_DEADLINE` if that is meant",
        "PAYMENTS_URL is missing: there is no URL",
        "PAYMENTS_READ_TIMEOUT: read timeout is 0ns: choose more than zero",
        "PAYMENTS_PRESET is missing: no preset is named: choose \"internal\"",
        "PAYMENTS_CIRCUIT_RAMP: ramp is 0ns",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for named in expected {
        let is_said = problems.iter().any(|problem| problem.starts_with(named));
        assert!(is_said, "{named:?} is not in {problems:#?}");
    }
}

#[test]
fn a_safety_rule_names_the_variable_and_the_one_that_overrides_it() {
    let careless = [URL, EXTERNAL, ("BUDGET_RATIO", "0.9")];
    assert_problem(
        &careless,
        "PAYMENTS_BUDGET_RATIO: budget ratio is 0.9 (rule `budget-ratio`): choose at most 0.5, or \
         say why it is safe with `PAYMENTS_ALLOW_BUDGET_RATIO`",
    );
    let mut allowed = careless.to_vec();
    allowed.push(("ALLOW_BUDGET_RATIO", "a batch at night, ticket 7"));
    let config = from(&allowed).unwrap();
    assert_eq!(
        config.policy().overrides()[0].rationale(),
        "a batch at night, ticket 7"
    );
    // Another rule's rationale excuses nothing.
    *allowed.last_mut().unwrap() = ("ALLOW_BUDGET_FLOOR", "a batch at night");
    assert_problem(&allowed, "rule `budget-ratio`");
}

#[test]
fn variables_that_contradict_each_other_are_both_named() {
    let refused = from(&[URL, EXTERNAL, ("ATTEMPT_TIMEOUT", "40s")]).unwrap_err();
    let [problem] = refused.problems() else {
        panic!("{refused}");
    };
    assert_eq!(
        problem.variables(),
        ["PAYMENTS_ATTEMPT_TIMEOUT", "PAYMENTS_DEADLINE"]
    );
    assert!(
        refused
            .to_string()
            .contains("attempt timeout 40s exceeds deadline 30s"),
        "{refused}"
    );
}

#[test]
fn a_default_is_not_held_against_what_could_not_be_read() {
    let variables = [
        URL,
        EXTERNAL,
        ("ATTEMPT_TIMEOUT", "40s"),
        ("DEADLINE", "60"),
    ];
    assert_problem(&variables, "PAYMENTS_DEADLINE is a duration without a unit");
    let variables = [URL, ("PRESET", "extrenal"), ("ATTEMPT_TIMEOUT", "40s")];
    assert_problem(
        &variables,
        "PAYMENTS_PRESET is no preset: write `internal`, `external` or",
    );
    let payments = [URL, ("PRESET", "external_payments")];
    assert_problem(
        &payments,
        "PAYMENTS_PROVIDER is missing: payments need a provider: name yours",
    );
}

#[test]
fn a_misspelt_variable_is_found_and_what_belongs_to_others_is_left_alone() {
    let ours = [URL, EXTERNAL];
    let with = |name| [ours[0], ours[1], (name, "x")];
    for (name, near) in [
        ("DEADLIN", "write `PAYMENTS_DEADLINE`"),
        ("MAX_ATEMTPS", "write `PAYMENTS_MAX_ATTEMPTS`"),
        ("ALLOW_JITER", "write `PAYMENTS_ALLOW_JITTER`"),
        ("deadline", "see `ClientConfig::from_env`"),
        ("MAX_RETRIES", "see `ClientConfig::from_env`"),
        ("API_KEY", "or name it to `from_env_beside`"),
        ("PORT_A", "see `ClientConfig::from_env`"),
    ] {
        assert_problem(&with(name), &format!("PAYMENTS_{name} is no setting: "));
        assert_problem(&with(name), near);
    }
    for name in [
        "SERVICE_HOST",
        "SERVICE_PORT",
        "SERVICE_PORT_HTTPS",
        "PORT",
        "PORT_443_TCP",
        "PORT_443_TCP_ADDR",
    ] {
        from(&with(name)).expect(name);
    }
    beside(&with("API_KEY"), &["EU_", "API_KEY"]).expect("it is named");
    beside(&with("EU_URL"), &["EU_", "API_KEY"]).expect("its beginning is named");
    beside(&with("API_KEY_2"), &["EU_", "API_KEY"]).expect_err("it is another one");
    // Nor is a prefix the beginning of a longer word.
    let unknown = among(
        ["PAYMENTSX_URL".into(), "PAYMENT_URL".into()].into_iter(),
        "PAYMENTS",
        &[],
    );
    assert_eq!(unknown, []);
}

#[test]
fn no_value_that_was_not_understood_is_shown() {
    let secret = "sk_live_s3cret";
    let every = names("PAYMENTS");
    let url = "https://user:sk_live_s3cret@gateway.example";
    for name in every.iter().chain([&"PAYMENTS_API_KEY".to_owned()]) {
        let name = name.strip_prefix("PAYMENTS_").unwrap();
        for variables in [
            [URL, ("PRESET", secret), (name, secret)],
            [("URL", url), EXTERNAL, (name, secret)],
        ] {
            if let Err(refused) = from(&variables) {
                let shown = format!(
                    "{refused} {refused:?} {:?}",
                    crate::Error::from(refused.clone())
                );
                assert!(!shown.contains("s3cret"), "{shown}");
            }
        }
    }
    assert_problem(
        &[("URL", url), EXTERNAL],
        "PAYMENTS_URL: the URL is refused: the URL holds a user",
    );
}

#[test]
fn spaces_around_a_value_are_not_part_of_it() {
    let config = from(&[
        ("URL", " https://gateway.example/\n"),
        EXTERNAL,
        ("DEADLINE", "20s\n"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.url(), "https://gateway.example");
    assert_eq!(config.policy().deadline(), Duration::from_secs(20));
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_refused_by_name() {
    use std::os::unix::ffi::OsStringExt;

    let lookup = |name: &str| match name {
        "PAYMENTS_URL" => Some(OsString::from_vec(b"https://\xff".to_vec())),
        "PAYMENTS_PRESET" => Some("internal".into()),
        _ => None,
    };
    let refused = read("PAYMENTS", &lookup, Vec::new()).unwrap_err();
    let told = "the environment is refused: PAYMENTS_URL is not Unicode: write it in UTF-8";
    assert_eq!(refused.to_string(), told);
}

#[test]
fn a_refused_environment_is_a_config_error() {
    let error = crate::Error::from(from(&[URL]).unwrap_err());
    assert!(error.is_config());
    assert!(
        error.to_string().contains("PAYMENTS_PRESET is missing"),
        "{error}"
    );
}

/// A process's environment cannot be changed in safe code, so another process is given one.
#[test]
fn the_environment_of_the_process_is_read_and_listed() {
    const MARK: &str = "SHOP_SEEN_BY_THE_CHILD";
    if env::var_os(MARK).is_some() {
        let shown = match ClientConfig::from_env_beside("SHOP", &["SEEN_"]) {
            Ok(config) => format!("{} {}", config.url(), config.policy()),
            Err(refused) => refused.to_string(),
        };
        println!("{shown}");
        return;
    }
    let name = "client::config::tests::env::the_environment_of_the_process_is_read_and_listed";
    let told = |variables: &[(&str, &str)]| {
        let mut child = Command::new(env::current_exe().unwrap());
        child
            .args(["--exact", name, "--nocapture"])
            .env(MARK, "yes");
        child.envs(variables.iter().copied());
        String::from_utf8(child.output().unwrap().stdout).unwrap()
    };
    let good = [
        ("SHOP_URL", "http://shop.example"),
        ("SHOP_PRESET", "internal"),
    ];
    let shown = told(&good);
    assert!(
        shown.contains("http://shop.example internal (provider none)"),
        "{shown}"
    );

    let shown = told(&[good[0], good[1], ("SHOP_DEADLIN", "1s")]);
    let found = "refused: SHOP_DEADLIN is no setting: write `SHOP_DEADLINE`";
    assert!(shown.contains(found), "{shown}");

    let shown = told(&[("SHOP_DEADLINE", "1")]);
    for named in [
        "SHOP_URL is missing",
        "SHOP_PRESET is missing",
        "SHOP_DEADLINE is a duration",
    ] {
        assert!(shown.contains(named), "{shown}");
    }
}
