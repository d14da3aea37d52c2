//! Each variable, one by one.

use std::fs;

use super::*;

/// Every variable, what it holds, and the same in a file.
const EVERY: [(&str, &str, &str); 35] = [
    ("PROVIDER", "adyen", "policy.provider = \"adyen\""),
    ("MAX_ATTEMPTS", "2", "policy.max_attempts = 2"),
    (
        "ATTEMPT_TIMEOUT",
        "250ms",
        "policy.attempt_timeout = \"250ms\"",
    ),
    ("DEADLINE", "1m 30s", "policy.deadline = \"90s\""),
    ("MAX_CONCURRENCY", "8", "policy.max_concurrency = 8"),
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
