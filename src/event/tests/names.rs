//! The names that people store, search for and alert on: none is given twice, and none changes unseen.

use std::collections::BTreeSet;

use super::*;

/// The names that this source gives in the function that begins so.
fn given<'a>(source: &'a str, function: &str) -> Vec<&'a str> {
    let (_, body) = source.split_once(function).expect("the function is there");
    let (body, _) = body.split_once("\n    }\n").expect("it ends");
    body.split('"').skip(1).step_by(2).collect()
}

fn are_these(given: &[&str], expected: &str) {
    let expected: BTreeSet<_> = expected.split_whitespace().collect();
    let once: BTreeSet<_> = given.iter().copied().collect();
    assert_eq!(once, expected);
    assert_eq!(given.len(), once.len(), "one is given twice");
}

const EVENTS: &str = "attempt_abandoned attempt_finished attempt_started authentication_failing
    authentication_recovered call_refused circuit_changed configuration_changed control_file_applied
    control_file_refused credential_not_renewed credential_renewed gate_closed gate_lifted
    operator_acted override_in_force profile_ignored retry_after_ignored retry_refused
    retry_scheduled throttle_slowed";

#[test]
fn the_names_of_events_are_these() {
    let names = given(include_str!("../what.rs"), "fn name(&self)");
    are_these(&names, EVENTS);
}

#[test]
fn every_event_is_in_the_table() {
    let table = include_str!("../mod.rs");
    let variant = |name: &str| -> String {
        let words = name.split('_');
        words
            .map(|word| word[..1].to_uppercase() + &word[1..])
            .collect()
    };
    for event in EVENTS.split_whitespace().map(variant) {
        let row = format!("\n//! | [`{event}`](Event::{event}) | ");
        assert_eq!(table.matches(&row).count(), 1, "{event}");
    }
    let rows = table.matches("](Event::").count();
    assert_eq!(rows, EVENTS.split_whitespace().count());
}

#[test]
fn the_names_of_refusals_are_these() {
    let source = include_str!("../../policy/refusal.rs");
    are_these(
        &given(source, "fn as_str(self)"),
        "background_share circuit_half_open circuit_open gate_closed maintenance paced rate_limited
        throttled",
    );
}

const FAILURES: &str = "attempt_timeout broken_body certificate connect connect_timeout deadline dns
    incomplete invalid_request malformed other oversized_body refused request_body reset stream_reset
    tls unsent";

#[test]
fn the_names_of_failures_are_these_and_no_refusal_has_one_of_them() {
    let failures = given(include_str!("../../policy/failure.rs"), "fn as_str(self)");
    are_these(&failures, FAILURES);
    let refusals = given(include_str!("../../policy/refusal.rs"), "fn as_str(self)");
    assert!(refusals.iter().all(|name| !failures.contains(name)));
}

#[test]
fn the_names_of_stop_reasons_are_these() {
    let source = include_str!("../../policy/stop_reason.rs");
    are_these(
        &given(source, "fn as_str(self)"),
        "answered attempts_exhausted body_not_replayable budget_exhausted committed deadline_exceeded
        deadline_too_near key_expired not_idempotent permanent repeated_once replayed server_says_no
        tunnel",
    );
}

#[tokio::test(start_paused = true)]
async fn the_log_is_found_by_the_name_of_this_library() {
    let log = Log::new();
    let upstream = Script::new([status(402)]);
    let stack = Stack::new(external(), &upstream);
    stack.send(get()).await.unwrap();
    assert!(log.text().contains("seawall::event::log: attempt finished"));
    assert!(log.text().contains("seawall::event::span: new"));
}
