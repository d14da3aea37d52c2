//! What is logged.

use super::*;
use crate::middleware::testing::Log;

#[test]
fn each_change_is_one_warning_with_its_reason() {
    let log = Log::new();
    let client = HttpClient::new(payments(), Config::default()).unwrap();
    let text = log.text();
    assert_eq!(log.count("setting changed"), client.notices().len());
    assert_eq!(client.notices().len(), 9);
    let line = |line: &&str| line.contains("setting=\"retry_delay\"");
    let line = text.lines().find(line).unwrap();
    for part in [
        "WARN",
        "was=\"0ns\"",
        "now=\"1s\"",
        "why=\"a retry without a wait",
    ] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn an_override_is_one_warning_with_its_rationale() {
    let log = Log::new();
    let config = Config::default().allow(Rule::Jitter, "a single caller");
    let client = HttpClient::new(payments(), config).unwrap();
    assert_eq!(log.count("unsafe override in force"), 1);
    assert!(log.text().contains("a single caller"));
    assert_eq!(log.count("setting=\"jitter\""), 0);
    assert_eq!(client.notices().len(), 8);
}

#[test]
fn a_client_that_is_refused_logs_nothing() {
    let log = Log::new();
    let config = Config {
        ignore_retry_after: Some(true),
        ..Config::default()
    };
    let error = HttpClient::new(payments(), config).unwrap_err();
    assert!(error.is_config() && error.to_string().contains("Rule::RetryAfter"));
    assert_eq!(log.count("setting changed"), 0);
}

#[test]
fn a_request_is_shown_without_its_secrets() {
    let request = Request::post("https://gateway.example/a?token=s3cret")
        .header("authorization", "s3cret")
        .body("s3cret");
    assert_eq!(format!("{request:?}"), "POST https://gateway.example/a");
}
