//! A client from variables.

mod every;
mod unknown;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

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

#[test]
fn a_plain_url_is_said_beside_everything_else_and_not_while_the_switch_cannot_be_read() {
    let plain = ("URL", "http://gateway.example");
    let problems = problems(&[plain, EXTERNAL, ("MAX_ATTEMPTS", "0"), ("DEADLINE", "soon")]);
    for named in [
        "PAYMENTS_DEADLINE is not a duration",
        "PAYMENTS_URL, PAYMENTS_REQUIRE_HTTPS: the URL is plain HTTP",
        "PAYMENTS_MAX_ATTEMPTS: max_attempts is 0",
    ] {
        let is_said = problems.iter().any(|problem| problem.starts_with(named));
        assert!(is_said, "{named:?} is not in {problems:#?}");
    }
    let unreadable = [plain, EXTERNAL, ("REQUIRE_HTTPS", "no")];
    assert_problem(&unreadable, "PAYMENTS_REQUIRE_HTTPS is neither");
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
    let source = std::error::Error::source(&error).unwrap();
    let refused = source.downcast_ref::<EnvError>().unwrap();
    assert_eq!(refused.problems()[0].variables(), ["PAYMENTS_PRESET"]);
}
