//! What is remembered of a key, call by call.

use std::time::Duration;

use super::*;
use crate::policy::Delivery::{Done, NotSent, Rejected, Unknown};
use crate::policy::test_clock::start;

const LIFE: Duration = Duration::from_secs(60);

fn sent(at: Instant) -> Sent {
    Sent {
        origin: 1,
        target: 1,
        body: Some(1),
        expires: at + LIFE,
    }
}

/// A history of calls that ended so, one after the other, the last still open.
fn after(ends: &[Option<Delivery>], now: Instant) -> History {
    let mut history = Some(History::begin(sent(now), false));
    for end in ends {
        let ended = history.and_then(|history| history.end(*end));
        let next = ended.map_or_else(
            || History::begin(sent(now), false),
            |ended| ended.go_on(&sent(now), false, now).unwrap(),
        );
        history = Some(next);
    }
    history.unwrap()
}

#[test]
fn a_doubt_an_answer_and_a_dropped_call_are_never_forgotten() {
    let now = start();
    for end in [Some(Unknown), Some(Done), None] {
        assert!(after(&[end], now).is_in_doubt(), "{end:?}");
        for later in [Some(NotSent), Some(Rejected), Some(Done)] {
            let history = after(&[end, later, later], now);
            assert!(history.is_in_doubt(), "{end:?}, {later:?}");
        }
    }
    for end in [Some(NotSent), Some(Rejected)] {
        assert!(!after(&[end, end], now).is_in_doubt(), "{end:?}");
    }
}

#[test]
fn what_the_provider_never_saw_is_forgotten_what_it_saw_is_not() {
    let now = start();
    assert_eq!(after(&[], now).end(Some(NotSent)), None);
    for seen in [Some(Rejected), Some(Unknown), Some(Done), None] {
        assert!(after(&[], now).end(seen).is_some(), "{seen:?}");
        let history = after(&[seen], now);
        assert!(history.end(Some(NotSent)).is_some(), "{seen:?}");
    }
}

#[test]
fn nothing_is_forgotten_while_another_call_is_open() {
    let now = start();
    let two = after(&[], now).go_on(&sent(now), false, now).unwrap();
    let one = two.end(Some(NotSent)).expect("the other call is open");
    assert_eq!(one.end(Some(NotSent)), None);
    assert!(one.end(None).unwrap().is_in_doubt());
}

#[test]
fn the_keys_life_counts_from_the_first_call_that_may_have_been_acted_on() {
    let (now, late) = (start(), start() + 2 * LIFE);
    let again = |history: Option<History>| history.unwrap().go_on(&sent(late), false, late);
    for end in [Some(Unknown), Some(Done), None] {
        let history = History::begin(sent(now), false).end(end);
        assert_eq!(again(history), Err(KeyRefusal::Expired), "{end:?}");
    }
    let refused = History::begin(sent(now), false).end(Some(Rejected));
    assert_eq!(again(refused).unwrap().sent().expires, late + LIFE);
    // Of a call that is still open nobody knows.
    let open = Some(History::begin(sent(now), false));
    assert_eq!(again(open), Err(KeyRefusal::Expired));
}

#[test]
fn what_an_earlier_process_has_sent_is_in_doubt_from_the_start() {
    let now = start();
    let told = History::begin(sent(now), true);
    assert!(told.is_in_doubt());
    assert!(told.end(Some(NotSent)).unwrap().is_in_doubt());
    let later = after(&[Some(Rejected)], now);
    assert!(later.go_on(&sent(now), true, now).unwrap().is_in_doubt());
}

#[test]
fn another_request_is_refused_also_after_a_rejection() {
    let now = start();
    let history = after(&[Some(Rejected)], now);
    let other = Sent {
        body: Some(2),
        ..sent(now)
    };
    let refused = history.go_on(&other, false, now);
    assert_eq!(refused, Err(KeyRefusal::OtherRequest));
}
