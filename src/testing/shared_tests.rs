//! Requests from their arrival to what is done about them, without a socket.

use std::sync::LazyLock;

use super::*;
use crate::policy::test_clock::start;
use crate::testing::Fault;
use crate::testing::weather::Refusal;

static NOW: LazyLock<Instant> = LazyLock::new(start);

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const SECOND: Duration = Duration::from_secs(1);

fn state() -> State {
    let shared = Shared::new(0, KEY, Duration::from_secs(3_600));
    shared.state.into_inner().unwrap()
}

fn request(method: Method, path: &str, key: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(KEY, key)
        .body(Bytes::from_static(b"{}"))
        .unwrap()
}

fn pay(state: &mut State, key: &str) -> (Act, Instant) {
    let fate = state.arrive(*NOW, 0, 0.0);
    state.act(*NOW, fate, &request(Method::POST, "/payments", key), &KEY)
}

fn status(act: &Act) -> u16 {
    match act {
        Act::Answer(answer) | Act::LastAnswer(answer) => answer.status.as_u16(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_calm_gateway_takes_a_payment_at_once() {
    let mut state = state();
    let (act, at) = pay(&mut state, "a");
    assert_eq!((status(&act), at), (200, *NOW));
    let counts = state.tally.counts();
    assert_eq!((counts.requests, counts.keys, counts.charges), (1, 1, 1));
}

#[test]
fn who_is_turned_away_meets_no_fault_and_waits_for_nothing() {
    let mut state = state();
    state.weather.queue = Some(0);
    state.weather.latency = SECOND;
    state.faults.queue(Fault::CommitThenDrop);

    let (act, at) = pay(&mut state, "a");
    assert_eq!((status(&act), at), (503, *NOW));
    assert!(state.ledger.charges().is_empty());
    let counts = state.tally.counts();
    assert_eq!(
        (counts.queue_full, counts.met(Fault::CommitThenDrop)),
        (1, 0)
    );

    state.weather.queue = None;
    let (act, at) = pay(&mut state, "a");
    assert_eq!((act, at), (Act::Close, *NOW + SECOND));
    assert_eq!(state.ledger.charges().len(), 1);
}

#[test]
fn a_slow_payment_is_in_conflict_with_its_repeat_and_charged_once() {
    let mut state = state();
    state.weather.latency = SECOND;
    assert_eq!(status(&pay(&mut state, "a").0), 200);
    assert_eq!(status(&pay(&mut state, "a").0), 409);

    let counts = state.tally.counts();
    assert_eq!(
        (counts.charges, counts.conflicts, counts.replays),
        (1, 1, 0)
    );
}

#[test]
fn a_question_is_answered_and_charges_nothing() {
    let mut state = state();
    pay(&mut state, "a");
    let mut ask = |path: &str| {
        let fate = state.arrive(*NOW, 0, 0.0);
        let (act, _) = state.act(*NOW, fate, &request(Method::GET, path, "b"), &KEY);
        status(&act)
    };
    assert_eq!(ask("/payments/a"), 200);
    assert_eq!(ask("/payments/b"), 404);
    assert_eq!(ask("/"), 404);
    assert_eq!(state.ledger.charges().len(), 1);
}

#[test]
fn no_other_method_charges() {
    let mut state = state();
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD] {
        let request = request(method, "/payments", "a");
        let (act, _) = state.act(*NOW, Fate::Serve, &request, &KEY);
        assert_eq!(status(&act), 405);
    }
    assert!(state.ledger.charges().is_empty());
}

#[test]
fn a_request_is_in_progress_from_its_arrival_until_it_is_dropped() {
    let shared = Arc::new(Shared::new(0, KEY, SECOND));
    shared.state().weather.queue = Some(2);
    let (first, second, third) = (shared.arrive(), shared.arrive(), shared.arrive());
    let fates = [first.fate, second.fate, third.fate];
    assert_eq!(
        fates,
        [Fate::Serve, Fate::Serve, Fate::Refuse(Refusal::QueueFull)]
    );
    assert_eq!(shared.state().tally.in_progress(), 3);
    drop((first, second, third));
    assert_eq!(shared.state().tally.in_progress(), 0);
    assert_eq!(shared.arrive().fate, Fate::Serve);
}

#[test]
fn the_same_seed_brings_the_same_faults() {
    let fates = |seed| {
        let shared = Arc::new(Shared::new(seed, KEY, SECOND));
        shared.state().faults.set(Fault::Stall, 0.5);
        let fates: Vec<_> = (0..64).map(|_| shared.arrive().fate).collect();
        fates
    };
    assert_eq!(fates(1), fates(1));
    assert_ne!(fates(1), fates(2));
}
