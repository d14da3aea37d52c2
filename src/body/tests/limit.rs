//! How much of a stream is kept, and for how long.

use super::*;

fn limited(limit: usize) -> Body {
    Body::stream_with_limit(scripted([data("1234"), data("5678"), trailers()]), limit)
}

#[test]
fn a_stream_of_exactly_the_limit_is_sent_again() {
    let mut first = limited(8);
    let mut second = first.replay().expect("nothing was sent");
    let sent = rest(&mut first);

    assert_eq!(sent.len(), 4);
    assert!(second.is_intact() && second.take_over());
    assert_eq!(rest(&mut second), sent);
}

#[test]
fn a_stream_one_byte_past_its_limit_is_sent_once_and_whole() {
    let mut first = limited(7);
    let mut second = first.replay().expect("nothing was sent");
    assert_eq!(poll(&mut first), "1234");
    assert!(second.is_intact());

    assert_eq!(rest(&mut first).len(), 3);
    assert!(!second.is_intact() && !second.take_over());
    assert!(second.replay().is_none() && first.replay().is_none());
    // Should it be sent all the same, then not as a shorter body.
    assert!(!second.is_end_stream());
    assert_eq!(second.size_hint().exact(), Some(1));
    let error = "error: the start of this stream was sent and not kept";
    assert_eq!(rest(&mut second), [error]);
}

#[test]
fn the_limit_is_64_kib_unless_said_otherwise() {
    for (size, kept) in [(64 * 1024, true), (64 * 1024 + 1, false)] {
        let half = || Step::Data(Bytes::from(vec![0; size / 2]));
        let rest_of_it = Step::Data(Bytes::from(vec![0; size % 2]));
        let mut first = Body::stream(scripted([half(), half(), rest_of_it]));
        let second = first.replay().expect("nothing was sent");
        rest(&mut first);
        assert_eq!(second.is_intact(), kept, "{size}");
    }
}

#[test]
fn past_the_limit_nothing_is_held_any_longer() {
    let row = Bytes::from(vec![0; 4]);
    let stream = scripted([Step::Data(row.clone()), data("more"), data("more")]);
    let mut first = Body::stream_with_limit(stream, 7);
    let _second = first.replay().expect("nothing was sent");
    poll(&mut first);
    assert!(!row.is_unique());

    poll(&mut first);
    assert!(row.is_unique());
}

#[test]
fn nothing_is_kept_where_nobody_is_there_to_send_it_again() {
    let row = Bytes::from(vec![0; 4]);
    let mut only = Body::stream(scripted([Step::Data(row.clone()), data("more")]));
    poll(&mut only);

    assert!(row.is_unique());
    assert!(only.replay().is_none());
    assert_eq!(rest(&mut only), ["more", "end"]);
}

#[test]
fn a_one_shot_stream_is_sent_again_only_while_nothing_of_it_was_sent() {
    let stream = || scripted([data("1234"), data("5678")]).sized();
    for mut first in [Body::one_shot(stream()), OneShot(stream()).into()] {
        let second = first.replay().expect("nothing was sent");
        assert_eq!(first.size_hint().exact(), Some(8));
        assert!(second.is_intact());

        poll(&mut first);
        assert!(!second.is_intact());
    }
    // Trailers alone are something, too.
    let mut first = Body::one_shot(scripted([trailers()]));
    let second = first.replay().expect("nothing was sent");
    poll(&mut first);
    assert!(!second.is_intact());

    let first = Body::one_shot(stream());
    let mut second = first.replay().expect("nothing was sent");
    drop(first);
    assert!(second.take_over());
    assert_eq!(rest(&mut second), ["1234", "5678", "end"]);
}
