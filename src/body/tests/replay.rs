//! A stream is sent again: the same frames, the same size, the same bytes.

use super::*;

fn rows() -> Scripted {
    scripted([data("one,"), data("two,"), data("three"), trailers()])
}

const ALL: [&str; 5] = ["one,", "two,", "three", "{\"etag\": \"77\"}", "end"];

#[test]
fn a_stream_is_sent_again_as_often_as_needed_trailers_included() {
    let stream = rows();
    let watch = stream.watch();
    let mut first = Body::stream(stream);
    let mut second = first.replay().expect("nothing was sent");
    assert_eq!(rest(&mut first), ALL);

    assert!(second.is_intact());
    let mut third = second.replay().expect("everything was kept");
    assert_eq!(rest(&mut second), ALL);
    assert_eq!(rest(&mut third), ALL);
    assert_eq!(watch.polls(), 5);
}

#[test]
fn an_attempt_that_was_cut_off_is_sent_from_its_start_and_then_the_stream_goes_on() {
    let mut first = Body::stream(rows());
    let mut second = first.replay().expect("nothing was sent");
    assert_eq!(poll(&mut first), "one,");
    drop(first);

    let mut third = second.replay().expect("everything was kept");
    assert_eq!([poll(&mut second), poll(&mut second)], ["one,", "two,"]);
    drop(second);

    // What the second attempt read of the living stream was kept as well.
    assert_eq!(rest(&mut third), ALL);
}

#[test]
fn the_bytes_of_every_attempt_are_the_same_memory() {
    let row = Bytes::from(vec![b'7'; 1000]);
    let mut first = Body::stream(scripted([Step::Data(row.clone())]));
    let second = first.replay().expect("nothing was sent");
    let data = |body: &mut Body| {
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(body).poll_frame(&mut cx) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().expect("data"),
            _ => panic!("a frame is there"),
        }
    };
    for body in [&mut first, &mut { second }] {
        assert_eq!(data(body).as_ptr(), row.as_ptr());
    }
}

#[test]
fn the_size_that_was_known_at_first_is_known_at_every_point_of_every_attempt() {
    let mut first = Body::stream(rows().sized());
    let mut second = first.replay().expect("nothing was sent");
    assert_eq!(first.size_hint().exact(), Some(13));
    poll(&mut first);
    assert_eq!(first.size_hint().exact(), Some(9));

    assert_eq!(second.size_hint().exact(), Some(13));
    for left in [9, 5, 0] {
        poll(&mut second);
        assert_eq!(second.size_hint().exact(), Some(left));
    }
}

#[test]
fn a_size_that_was_not_known_at_first_is_not_announced_later() {
    // Else the first attempt would go in chunks with trailers, and the second without.
    let mut first = Body::stream(rows());
    let second = first.replay().expect("nothing was sent");
    assert_eq!(first.size_hint().exact(), None);
    rest(&mut first);

    assert_eq!(second.size_hint().exact(), None);
}

#[test]
fn the_end_is_told_with_the_last_frame_in_every_attempt() {
    let mut first = Body::stream(scripted([data("one,"), data("two")]).sized());
    let mut second = first.replay().expect("nothing was sent");
    let mut third = first.replay().expect("nothing was sent");

    for body in [&mut first, &mut second, &mut third] {
        assert!(!body.is_end_stream());
        assert_eq!(poll(body), "one,");
        assert!(!body.is_end_stream());
        assert_eq!(poll(body), "two");
        assert!(body.is_end_stream());
    }
    // A connection that saw the end does not ask for it; one that asks gets it.
    assert_eq!(poll(&mut third), "end");
}

#[test]
fn an_empty_stream_ends_before_it_begins_in_every_attempt() {
    let body = Body::stream(Full::new(Bytes::new()));
    let second = body.replay().expect("nothing was sent");
    assert!(body.is_end_stream() && second.is_end_stream());
    assert_eq!(second.size_hint().exact(), Some(0));
}

#[test]
fn frames_without_bytes_pass_and_are_not_kept() {
    let mut first = Body::stream(scripted([data(""), data("one"), data("")]));
    let mut second = first.replay().expect("nothing was sent");
    assert_eq!(rest(&mut first), ["", "one", "", "end"]);
    assert_eq!(rest(&mut second), ["one", "end"]);
}
