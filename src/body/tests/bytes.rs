//! Bytes as a body, and what a body says of itself.

use std::convert::Infallible;

use http_body_util::Empty;

use super::*;

#[tokio::test]
async fn bytes_are_handed_on_without_a_copy_on_every_replay() {
    let payment = Bytes::from(vec![7; 1000]);
    let body = Body::from(payment.clone());
    let second = body.replay().expect("bytes can be sent again");

    assert_eq!(body.size_hint().exact(), Some(1000));
    assert_eq!(bytes(body).await.as_ptr(), payment.as_ptr());
    assert_eq!(bytes(second).await.as_ptr(), payment.as_ptr());
}

#[tokio::test]
async fn every_way_of_making_a_body_keeps_the_bytes() {
    assert_eq!(bytes(Body::from("static")).await, "static");
    assert_eq!(bytes(Body::from(String::from("owned"))).await, "owned");
    assert_eq!(bytes(Body::from(vec![1, 2])).await, [1, 2][..]);
    assert_eq!(bytes(Body::from(())).await, "");
    assert_eq!(
        bytes(Body::stream(Full::new(Bytes::from("rows")))).await,
        "rows"
    );
    assert_eq!(
        bytes(Body::from(OneShot(Full::new(Bytes::from("once"))))).await,
        "once"
    );
}

#[test]
fn an_empty_body_ends_before_it_begins_however_it_was_made() {
    for body in [
        Body::empty(),
        "".into(),
        Vec::new().into(),
        String::new().into(),
        ().into(),
    ] {
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
        assert!(body.replay().is_some());
    }
    assert!(!Body::from("x").is_end_stream());
}

#[tokio::test]
async fn a_consumed_body_is_not_replayed_as_an_empty_one() {
    let mut body = Body::from("payment");
    let frame = body.frame().await.expect("a frame").expect("no error");

    assert_eq!(frame.into_data().expect("data"), "payment");
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(body.replay().is_none());
}

#[test]
fn what_can_be_sent_once_is_never_replayed() {
    let full = Full::new(Bytes::from_static(b"{}"));
    assert!(full.replay().is_some());
    assert!(OneShot(full.clone()).replay().is_none());
    assert!(Body::stream(full).replay().is_some());

    assert!(Empty::<Bytes>::new().replay().is_some());
    assert_eq!(String::from("text").replay().as_deref(), Some("text"));
}

#[test]
fn a_stream_passes_on_the_size_that_it_knows() {
    assert_eq!(
        Body::stream(Full::new(Bytes::from("rows")))
            .size_hint()
            .exact(),
        Some(4)
    );
    assert_eq!(Body::stream(Failing { good: 1 }).size_hint().exact(), None);
    assert_eq!(
        OneShot(Full::new(Bytes::from("rows"))).size_hint().exact(),
        Some(4)
    );
}

#[test]
fn the_text_of_a_body_is_never_its_bytes() {
    let card = "4111111111111111";
    let shown = |body: Body| format!("{body:?}");

    assert_eq!(shown(Body::from(card)), "Body(16 bytes)");
    let sized = Body::stream(String::from(card));
    assert_eq!(shown(sized), "Body(stream of 16 bytes)");
    assert_eq!(shown(Body::stream(Failing { good: 1 })), "Body(stream)");
}

#[test]
fn bodies_of_other_crates_can_be_streamed_whatever_their_error() {
    fn assert_body<B: http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static>(body: B) {
        assert!(Body::stream(body).replay().is_some());
    }
    assert_body(Empty::<Bytes>::new());
    assert_body(String::from("text"));
}
