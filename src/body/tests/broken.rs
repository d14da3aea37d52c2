//! A stream that fails is not sent again.

use super::*;

fn failing() -> Scripted {
    scripted([data("one"), Step::Fail, data("two")])
}

#[test]
fn an_error_reaches_the_connection_and_forbids_the_retry() {
    let stream = failing();
    let watch = stream.watch();
    let mut first = Body::stream(stream);
    let mut second = first.replay().expect("nothing was sent");
    assert_eq!(rest(&mut first), ["one", "error: the disk is gone"]);

    assert!(watch.is_dropped());
    assert!(!second.is_intact() && !second.take_over());
    assert!(second.replay().is_none());
    // Neither of them ends well when it is asked again.
    assert!(!first.is_end_stream());
    assert_eq!(poll(&mut first), "error: this stream has failed");
    assert!(poll(&mut second).starts_with("error"));
}

#[test]
fn of_a_stream_that_failed_nothing_is_held_any_longer() {
    let row = Bytes::from(vec![0; 4]);
    let mut first = Body::stream(scripted([Step::Data(row.clone()), Step::Fail]));
    let _second = first.replay().expect("nothing was sent");
    poll(&mut first);
    assert!(!row.is_unique());

    poll(&mut first);
    assert!(row.is_unique());
}

#[test]
fn an_error_of_the_first_frame_is_found_ahead() {
    let mut first = Body::stream(scripted([Step::Fail]));
    let second = first.replay().expect("nothing was sent");
    let mut cx = Context::from_waker(Waker::noop());
    let error = first.look_ahead(&mut cx).expect_err("it fails");

    assert_eq!(error.to_string(), "the disk is gone");
    assert!(!second.is_intact());
}

#[test]
fn a_first_frame_that_is_not_there_yet_is_waited_for_by_the_connection() {
    let mut body = Body::stream(scripted([Step::Pending, Step::Fail]));
    let mut cx = Context::from_waker(Waker::noop());
    body.look_ahead(&mut cx).expect("nothing is known");

    assert_eq!(poll(&mut body), "error: the disk is gone");
}

#[test]
fn a_stream_that_panics_is_broken_for_everybody() {
    let mut first = Body::stream(scripted([data("one"), Step::Panic, data("two")]));
    let mut second = first.replay().expect("nothing was sent");
    assert_eq!(poll(&mut first), "one");
    let panicked = std::thread::scope(|threads| threads.spawn(|| poll(&mut first)).join());
    assert!(panicked.is_err());

    assert!(!second.is_intact() && !second.take_over());
    assert!(poll(&mut second).starts_with("error"));
    assert_eq!(poll(&mut first), "error: this stream has failed");
}
