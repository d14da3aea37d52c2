//! The three tables of `classify`, row by row.

use std::sync::LazyLock;

use http::HeaderValue;

use super::*;
use crate::policy::Progress;

static GENERIC: LazyLock<Provider> = LazyLock::new(Provider::generic);

const GUARANTEES: [(Guarantee, Method); 3] = [
    (Guarantee::Idempotent, Method::GET),
    (Guarantee::Keyed, Method::POST),
    (Guarantee::None, Method::POST),
];

fn answer(status: u16, headers: &HeaderMap, retry_after: bool) -> Outcome<'_> {
    Outcome::Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers,
        retry_after,
        provider: &GENERIC,
    }
}

/// Whether an idempotent, a keyed and an un-keyed request are repeated.
fn repeats(outcome: &Outcome<'_>) -> [char; 3] {
    GUARANTEES.map(|(guarantee, _)| match repeat(outcome, guarantee) {
        Repeat::Allowed => 'y',
        Repeat::Once => '1',
        Repeat::Never(_) => 'n',
    })
}

/// What an idempotent, a keyed and an un-keyed request may have done.
fn deliveries(outcome: &Outcome<'_>) -> [Delivery; 3] {
    GUARANTEES.map(|(guarantee, method)| delivery(outcome, &method, guarantee))
}

fn status_repeats(status: u16, retry_after: bool) -> [char; 3] {
    repeats(&answer(status, &HeaderMap::new(), retry_after))
}

#[test]
fn what_the_server_could_not_help_is_repeated_where_that_is_harmless() {
    for status in [429, 500, 502, 503, 504, 509, 520, 599] {
        for retry_after in [false, true] {
            let repeats = status_repeats(status, retry_after);
            assert_eq!(repeats, ['y', 'y', 'n'], "{status}, {retry_after}");
        }
    }
}

#[test]
fn a_408_and_a_425_are_repeated_once_a_421_whatever_the_method() {
    assert_eq!(status_repeats(408, false), ['1', '1', 'n']);
    assert_eq!(status_repeats(425, false), ['1', '1', 'n']);
    assert_eq!(status_repeats(421, false), ['1', '1', '1']);
}

#[test]
fn a_409_is_repeated_for_a_key_only_a_413_with_retry_after_only() {
    assert_eq!(status_repeats(409, false), ['n', 'y', 'n']);
    assert_eq!(status_repeats(413, true), ['y', 'y', 'n']);
    assert_eq!(status_repeats(413, false), ['n', 'n', 'n']);
}

#[test]
fn everything_else_is_final() {
    let one_repeat_or_more = [408, 409, 413, 421, 425, 429];
    let others = (100..500).filter(|status| !one_repeat_or_more.contains(status));
    for status in others.chain([501, 505, 506, 507, 508, 510, 511, 600, 700, 999]) {
        assert_eq!(status_repeats(status, true), ['n'; 3], "{status}");
    }
}

#[test]
fn what_was_proven_unsent_is_repeated_for_every_method() {
    for failure in [
        Failure::Dns,
        Failure::Refused,
        Failure::ConnectTimeout,
        Failure::Connect,
        Failure::Tls,
        Failure::Unsent,
        Failure::AttemptTimeout(Progress::Unsent),
    ] {
        let outcome = Outcome::Failure(failure);
        assert_eq!(repeats(&outcome), ['y'; 3], "{failure}");
        assert_eq!(deliveries(&outcome), [Delivery::NotSent; 3], "{failure}");
    }
}

#[test]
fn what_may_have_been_done_is_repeated_where_that_is_harmless() {
    for failure in [
        Failure::AttemptTimeout(Progress::MaybeSent),
        Failure::Reset,
        Failure::Incomplete,
        Failure::Malformed,
        Failure::Stream(0x2),
        Failure::Stream(0x8),
        Failure::BrokenBody,
        Failure::RequestBody,
        Failure::Other,
    ] {
        let outcome = Outcome::Failure(failure);
        assert_eq!(repeats(&outcome), ['y', 'y', 'n'], "{failure}");
        assert_eq!(deliveries(&outcome), [Delivery::Unknown; 3], "{failure}");
    }
}

#[test]
fn what_would_fail_again_is_not_repeated() {
    for (failure, expected) in [
        (Failure::Certificate, Delivery::NotSent),
        (Failure::InvalidRequest, Delivery::NotSent),
        (Failure::Stream(0xb), Delivery::Unknown),
        (Failure::OversizedBody { limit: 1 }, Delivery::Unknown),
        (Failure::Deadline(Progress::Unsent), Delivery::NotSent),
        (Failure::Deadline(Progress::MaybeSent), Delivery::Unknown),
    ] {
        let outcome = Outcome::Failure(failure);
        assert_eq!(repeats(&outcome), ['n'; 3], "{failure}");
        assert_eq!(deliveries(&outcome), [expected; 3], "{failure}");
    }
}

#[test]
fn what_was_refused_here_is_neither_sent_nor_repeated_nor_held_against_the_upstream() {
    let outcome = Outcome::Refused(Refusal::Gate);
    assert_eq!(repeats(&outcome), ['n'; 3]);
    assert_eq!(deliveries(&outcome), [Delivery::NotSent; 3]);
    assert_eq!(health(&outcome), Health::Neutral);
}

#[test]
fn connect_is_never_repeated() {
    let headers = HeaderMap::new();
    for outcome in [
        Outcome::Failure(Failure::Dns),
        answer(421, &headers, false),
        answer(503, &headers, true),
    ] {
        let verdict = repeat(&outcome, Guarantee::Tunnel);
        assert_eq!(verdict, Repeat::Never(StopReason::Tunnel));
    }
}

#[test]
fn what_an_answer_says_about_the_request() {
    use Delivery::{Done, Rejected, Unknown};
    let headers = HeaderMap::new();
    for (status, expected) in [
        (200, [Done; 3]),
        (204, [Done; 3]),
        (301, [Done, Unknown, Unknown]),
        (302, [Done, Unknown, Unknown]),
        (303, [Done; 3]),
        (304, [Done; 3]),
        (307, [Done, Rejected, Rejected]),
        (308, [Done, Rejected, Rejected]),
        (400, [Rejected; 3]),
        (401, [Rejected; 3]),
        (408, [Unknown; 3]),
        (409, [Rejected, Unknown, Rejected]),
        (422, [Rejected; 3]),
        (429, [Rejected; 3]),
        (500, [Unknown; 3]),
        (501, [Unknown; 3]),
        (502, [Unknown; 3]),
        (503, [Unknown; 3]),
        (504, [Unknown; 3]),
        (999, [Unknown; 3]),
    ] {
        let found = deliveries(&answer(status, &headers, false));
        assert_eq!(found, expected, "{status}");
    }
    let maintenance = answer(503, &headers, true);
    assert_eq!(deliveries(&maintenance), [Rejected; 3]);
    assert_eq!(deliveries(&answer(500, &headers, true)), [Unknown; 3]);
}

#[test]
fn a_server_that_says_no_is_not_asked_again() {
    let no = |name: &'static str, value| {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        let answer = answer(503, &headers, false);
        repeat(&answer, Guarantee::Idempotent) == Repeat::Never(StopReason::ServerSaysNo)
    };
    assert!(no("x-envoy-overloaded", "true"));
    assert!(no("grpc-retry-pushback-ms", "-1"));
    assert!(no("grpc-retry-pushback-ms", "soon"));
    assert!(!no("grpc-retry-pushback-ms", "100"));
    assert!(!no("x-envoy-upstream-service-time", "3"));
}

#[test]
fn a_final_answer_is_called_final_whatever_its_headers_say() {
    let mut headers = HeaderMap::new();
    headers.insert("x-envoy-overloaded", HeaderValue::from_static("true"));
    let verdict = repeat(&answer(200, &headers, false), Guarantee::Idempotent);
    assert_eq!(verdict, Repeat::Never(StopReason::Answered));
}

#[test]
fn what_an_answer_says_about_the_upstream() {
    let headers = HeaderMap::new();
    for status in 100..=999 {
        let expected = match status {
            408 => Health::Failure,
            425 | 429 | 501 | 505 | 506 | 510 | 511 | 600.. => Health::Neutral,
            500..=599 => Health::Failure,
            _ => Health::Success,
        };
        assert_eq!(
            health(&answer(status, &headers, false)),
            expected,
            "{status}"
        );
    }
}

#[test]
fn an_upstream_whose_bodies_break_is_in_trouble_and_one_whose_bodies_are_long_is_not() {
    let health = |failure| health(&Outcome::Failure(failure));
    assert_eq!(health(Failure::BrokenBody), Health::Failure);
    assert_eq!(health(Failure::OversizedBody { limit: 1 }), Health::Success);
}
