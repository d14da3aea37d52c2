//! One attempt reads at a time, and no faster than it is asked to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Wake;

use super::*;

const TAKEN: &str = "error: a later attempt sends this stream";

fn rows() -> Scripted {
    scripted([data("one,"), data("two,"), data("three")])
}

#[test]
fn the_body_of_an_attempt_that_was_given_up_ends_with_an_error() {
    let mut first = Body::stream(rows());
    let mut second = first.replay().expect("nothing was sent");
    assert_eq!(poll(&mut first), "one,");
    assert_eq!(poll(&mut second), "one,");

    assert_eq!(poll(&mut first), TAKEN);
    assert_eq!(rest(&mut second), ["two,", "three", "end"]);
    // Not even at the end does it look like a whole one.
    assert!(!first.is_end_stream());
    assert_eq!(rest(&mut first), [TAKEN]);
}

#[test]
fn a_body_that_was_only_asked_about_has_had_its_turn() {
    let mut first = Body::stream(rows());
    let mut second = first.replay().expect("nothing was sent");
    let third = first.replay().expect("nothing was sent");

    first.size_hint();
    second.is_end_stream();
    assert_eq!(rest(&mut first), [TAKEN]);
    third.size_hint();
    assert_eq!(rest(&mut second), [TAKEN]);
}

#[test]
fn looking_on_takes_nobodys_turn() {
    let mut first = Body::stream(rows());
    let second = first.replay().expect("nothing was sent");
    poll(&mut first);
    assert!(second.is_intact());
    assert!(second.replay().is_some());
    assert_eq!(format!("{second:?}"), "Body(stream)");

    assert_eq!(rest(&mut first), ["two,", "three", "end"]);
}

#[test]
fn a_decided_retry_stops_the_attempt_before_at_once() {
    let mut first = Body::stream_with_limit(rows(), 8);
    let mut second = first.replay().expect("nothing was sent");
    poll(&mut first);
    assert!(second.take_over());

    // Else it would read past the limit while the retry backs off.
    assert_eq!(rest(&mut first), [TAKEN]);
    assert!(second.is_intact());
}

struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_connection_that_waits_for_the_stream_is_told_that_it_waits_in_vain() {
    let woken = Arc::new(Woken(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut first = Body::stream(scripted([Step::Pending, data("one")]));
    let mut second = first.replay().expect("nothing was sent");
    let waits = Pin::new(&mut first).poll_frame(&mut Context::from_waker(&waker));
    assert!(waits.is_pending());

    assert!(second.take_over());
    assert_eq!(woken.0.load(SeqCst), 1);
    assert_eq!(rest(&mut first), [TAKEN]);
}

#[test]
fn the_stream_is_read_no_faster_than_it_is_asked_for() {
    let stream = rows();
    let watch = stream.watch();
    let mut first = Body::stream(stream);
    let mut second = first.replay().expect("nothing was sent");
    first.size_hint();
    first.is_end_stream();
    assert_eq!(watch.polls(), 0);

    for polls in 1..=2 {
        poll(&mut first);
        assert_eq!(watch.polls(), polls);
    }
    // What was kept is sent from there, and only then is the stream asked again.
    for polls in [2, 2, 3] {
        poll(&mut second);
        assert_eq!(watch.polls(), polls);
    }
}

#[test]
fn looking_ahead_asks_for_one_frame_and_loses_nothing() {
    for limit in [Body::REPLAY_LIMIT, 0] {
        let stream = rows().sized();
        let watch = stream.watch();
        let mut first = Body::stream_with_limit(stream, limit);
        let mut second = first.replay().expect("nothing was sent");
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..2 {
            first.look_ahead(&mut cx).expect("no error");
            assert_eq!(watch.polls(), 1);
        }
        assert_eq!(first.size_hint().exact(), Some(13));

        // No connection came about.
        drop(first);
        assert!(second.is_intact() && second.take_over());
        second.look_ahead(&mut cx).expect("no error");
        assert_eq!(watch.polls(), 1);
        assert_eq!(second.size_hint().exact(), Some(13));
        assert!(!second.is_end_stream());
        assert_eq!(rest(&mut second), ["one,", "two,", "three", "end"]);
    }
}

#[test]
fn the_only_frame_is_not_the_end_while_it_is_held_back() {
    let mut body = Body::stream(scripted([data("one")]).sized());
    let mut cx = Context::from_waker(Waker::noop());
    body.look_ahead(&mut cx).expect("no error");

    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(3));
    assert_eq!(poll(&mut body), "one");
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
}

#[test]
fn the_stream_is_dropped_with_the_last_of_its_bodies() {
    let stream = rows();
    let watch = stream.watch();
    let mut first = Body::stream(stream);
    let second = first.replay().expect("nothing was sent");
    poll(&mut first);
    drop(first);
    assert!(!watch.is_dropped());
    drop(second);
    assert!(watch.is_dropped());
}

#[test]
fn of_two_threads_the_one_that_lost_its_turn_never_sees_a_clean_end() {
    for _ in 0..200 {
        let mut first = Body::stream(rows());
        let mut second = first.replay().expect("nothing was sent");
        assert_eq!(poll(&mut first), "one,");
        std::thread::scope(|threads| {
            let first = threads.spawn(|| rest(&mut first));
            assert_eq!(rest(&mut second), ["one,", "two,", "three", "end"]);
            let first = first.join().expect("no panic");
            let whole = ["two,", "three", "end"];
            assert!(first == whole || first.last().is_some_and(|last| last == TAKEN));
        });
    }
}

#[test]
fn one_that_was_taken_over_before_it_was_read_does_not_begin_then() {
    let mut first = Body::stream(rows());
    let mut second = first.replay().expect("nothing was sent");
    assert!(second.take_over());
    assert_eq!(poll(&mut second), "one,");
    assert_eq!(
        rest(&mut first),
        ["error: a later attempt sends this stream"]
    );
    assert_eq!(rest(&mut second), ["two,", "three", "end"]);
}
