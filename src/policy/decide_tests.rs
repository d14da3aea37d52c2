//! Each "no" of `decide`, with the neighbouring "yes".

use std::sync::LazyLock;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::*;
use crate::policy::{Failure, Progress, Provider};

static GENERIC: LazyLock<Provider> = LazyLock::new(Provider::generic);

const SECOND: Duration = Duration::from_secs(1);

fn after(outcome: Outcome<'_>, guarantee: Guarantee) -> Attempt<'_> {
    Attempt {
        outcome,
        guarantee,
        replayable: true,
        number: 1,
        repeated_once: false,
    }
}

fn answered(status: u16, headers: &HeaderMap) -> Outcome<'_> {
    Outcome::Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        retry_after: headers.contains_key("retry-after"),
        provider: &GENERIC,
    }
}

const CALM: Conditions = Conditions {
    max_attempts: 4,
    backoff: SECOND,
    server_wait: Duration::ZERO,
    time_left: Some(Duration::from_secs(90)),
    key_life_left: None,
    standing: Standing::Admitting,
};

fn granted(attempt: &Attempt<'_>, conditions: &Conditions) -> Decision {
    decide(attempt, conditions, || true)
}

#[test]
fn a_keyed_post_that_met_a_503_is_sent_again_after_the_backoff() {
    let none = HeaderMap::new();
    let attempt = after(answered(503, &none), Guarantee::Keyed);
    assert_eq!(granted(&attempt, &CALM), Decision::Retry { after: SECOND });
}

#[test]
fn an_unkeyed_post_that_met_a_503_is_not() {
    let none = HeaderMap::new();
    let attempt = after(answered(503, &none), Guarantee::None);
    assert_eq!(
        granted(&attempt, &CALM),
        Decision::Stop(StopReason::NotIdempotent)
    );
}

#[test]
fn an_unkeyed_post_that_was_never_sent_may_be_sent() {
    let attempt = after(Outcome::Failure(Failure::Refused), Guarantee::None);
    assert_eq!(granted(&attempt, &CALM), Decision::Retry { after: SECOND });
    let timed_out = Outcome::Failure(Failure::AttemptTimeout(Progress::Unsent));
    assert_eq!(
        granted(&after(timed_out, Guarantee::None), &CALM),
        Decision::Retry { after: SECOND }
    );
    let maybe = Outcome::Failure(Failure::AttemptTimeout(Progress::MaybeSent));
    assert_eq!(
        granted(&after(maybe, Guarantee::None), &CALM),
        Decision::Stop(StopReason::NotIdempotent)
    );
}

#[test]
fn a_body_that_is_gone_forbids_the_retry() {
    let attempt = Attempt {
        replayable: false,
        ..after(Outcome::Failure(Failure::Reset), Guarantee::Keyed)
    };
    assert_eq!(
        granted(&attempt, &CALM),
        Decision::Stop(StopReason::BodyNotReplayable)
    );
}

#[test]
fn the_last_attempt_is_the_last() {
    let third = Attempt {
        number: 3,
        ..after(Outcome::Failure(Failure::Reset), Guarantee::Keyed)
    };
    assert_eq!(granted(&third, &CALM), Decision::Retry { after: SECOND });
    let fourth = Attempt { number: 4, ..third };
    assert_eq!(
        granted(&fourth, &CALM),
        Decision::Stop(StopReason::AttemptsExhausted)
    );
}

#[test]
fn a_408_is_worth_one_repeat() {
    let none = HeaderMap::new();
    let first = after(answered(408, &none), Guarantee::Idempotent);
    assert_eq!(granted(&first, &CALM), Decision::Retry { after: SECOND });
    let again = Attempt {
        number: 2,
        repeated_once: true,
        ..first
    };
    assert_eq!(
        granted(&again, &CALM),
        Decision::Stop(StopReason::RepeatedOnce)
    );
}

#[test]
fn the_servers_wait_is_a_floor_never_a_shortcut() {
    let none = HeaderMap::new();
    let attempt = after(answered(429, &none), Guarantee::Idempotent);
    let longer = Conditions {
        server_wait: 3 * SECOND,
        ..CALM
    };
    assert_eq!(
        granted(&attempt, &longer),
        Decision::Retry { after: 3 * SECOND }
    );
    let shorter = Conditions {
        server_wait: Duration::from_millis(10),
        ..CALM
    };
    assert_eq!(
        granted(&attempt, &shorter),
        Decision::Retry { after: SECOND }
    );
}

#[test]
fn no_wait_is_begun_that_the_deadline_would_cut() {
    let attempt = after(Outcome::Failure(Failure::Reset), Guarantee::Idempotent);
    let tight = Conditions {
        time_left: Some(SECOND),
        ..CALM
    };
    assert_eq!(
        granted(&attempt, &tight),
        Decision::Stop(StopReason::DeadlineTooNear)
    );
    let enough = Conditions {
        time_left: Some(SECOND + Duration::from_millis(1)),
        ..CALM
    };
    assert_eq!(
        granted(&attempt, &enough),
        Decision::Retry { after: SECOND }
    );
    let unbounded = Conditions {
        time_left: None,
        server_wait: Duration::MAX,
        ..CALM
    };
    assert_eq!(
        granted(&attempt, &unbounded),
        Decision::Retry {
            after: Duration::MAX
        }
    );
}

#[test]
fn nothing_is_repeated_once_the_provider_may_have_forgotten_the_key() {
    let none = HeaderMap::new();
    let attempt = after(answered(500, &none), Guarantee::Keyed);
    let over = Conditions {
        key_life_left: Some(SECOND),
        ..CALM
    };
    assert_eq!(
        granted(&attempt, &over),
        Decision::Stop(StopReason::KeyExpired)
    );
    let just = Conditions {
        key_life_left: Some(SECOND + Duration::from_millis(1)),
        ..CALM
    };
    assert_eq!(granted(&attempt, &just), Decision::Retry { after: SECOND });
}

#[test]
fn the_call_that_closed_the_gate_waits_others_only_for_moments() {
    let none = HeaderMap::new();
    let attempt = after(answered(503, &none), Guarantee::Keyed);
    let closed = |seconds, by_this_call| Conditions {
        standing: Standing::Blocked {
            by: Refusal::Gate,
            remaining: Duration::from_secs(seconds),
            by_this_call,
        },
        ..CALM
    };
    assert_eq!(
        granted(&attempt, &closed(30, true)),
        Decision::Retry { after: 30 * SECOND }
    );
    assert_eq!(
        granted(&attempt, &closed(5, false)),
        Decision::Retry { after: 5 * SECOND }
    );
    assert_eq!(
        granted(&attempt, &closed(6, false)),
        Decision::Stop(StopReason::Refused(Refusal::Gate))
    );
    assert_eq!(
        granted(&attempt, &closed(1200, true)),
        Decision::Stop(StopReason::DeadlineTooNear)
    );
}

#[test]
fn an_open_circuit_ends_the_call_unless_it_reopens_within_the_backoff() {
    let attempt = after(Outcome::Failure(Failure::Refused), Guarantee::Keyed);
    let open = |remaining| Conditions {
        standing: Standing::Blocked {
            by: Refusal::Open,
            remaining,
            by_this_call: false,
        },
        ..CALM
    };
    assert_eq!(
        granted(&attempt, &open(2 * SECOND)),
        Decision::Stop(StopReason::Refused(Refusal::Open))
    );
    assert_eq!(
        granted(&attempt, &open(SECOND)),
        Decision::Retry { after: SECOND }
    );
}

#[test]
fn the_budget_is_asked_last_and_only_when_all_else_agrees() {
    let attempt = after(Outcome::Failure(Failure::Reset), Guarantee::Keyed);
    assert_eq!(
        decide(&attempt, &CALM, || false),
        Decision::Stop(StopReason::BudgetExhausted)
    );
    let last = Attempt {
        number: 4,
        ..attempt
    };
    let decision = decide(&last, &CALM, || {
        panic!("nothing may be withdrawn for a refused retry")
    });
    assert_eq!(decision, Decision::Stop(StopReason::AttemptsExhausted));
}

#[test]
fn an_overloaded_envoy_gets_no_retry() {
    let mut headers = HeaderMap::new();
    headers.insert(
        HeaderName::from_static("x-envoy-overloaded"),
        HeaderValue::from_static("true"),
    );
    let attempt = after(answered(503, &headers), Guarantee::Idempotent);
    assert_eq!(
        granted(&attempt, &CALM),
        Decision::Stop(StopReason::ServerSaysNo)
    );
}

#[test]
fn what_was_refused_here_is_not_sent_again_here() {
    let attempt = after(Outcome::Refused(Refusal::Pace), Guarantee::Idempotent);
    assert_eq!(
        granted(&attempt, &CALM),
        Decision::Stop(StopReason::Refused(Refusal::Pace))
    );
}
