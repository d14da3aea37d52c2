//! What a body says of itself, and what its gate proves.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, Empty, Full};

use super::send_gate::{BodyFailed, Revoked, SendGate};
use super::{Body, OneShot, Replay};
use crate::BoxError;
use crate::policy::Progress::{MaybeSent, Unsent};

async fn bytes(body: impl http_body::Body<Data = Bytes, Error = impl Into<BoxError>>) -> Bytes {
    body.collect()
        .await
        .map_err(Into::into)
        .expect("the body ends well")
        .to_bytes()
}

/// Fails after `good` frames.
struct Failing {
    good: usize,
}

impl http_body::Body for Failing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.good == 0 {
            return Poll::Ready(Some(Err("the disk is gone".into())));
        }
        self.good -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"row")))))
    }
}

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
    assert!(Body::stream(full).replay().is_none());

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
    let body = Body::from("4111111111111111");
    assert_eq!(format!("{body:?}"), "Body(16 bytes)");
}

#[test]
fn a_gate_that_no_transport_armed_proves_nothing() {
    assert_eq!(SendGate::new().revoke(), MaybeSent);
}

#[test]
fn an_armed_gate_that_nobody_asked_proves_that_nothing_was_sent_however_often_it_is_revoked() {
    let gate = SendGate::new();
    let _body = gate.arm(Body::from("payment"));

    assert_eq!(gate.revoke(), Unsent);
    assert_eq!(gate.revoke(), Unsent);
    assert_eq!(gate.clone().revoke(), Unsent);
}

#[tokio::test]
async fn asking_for_the_end_the_length_or_a_frame_takes_the_gate() {
    let gate = SendGate::new();
    assert!(!gate.arm(Body::from("payment")).is_end_stream());
    assert_eq!(gate.revoke(), MaybeSent);
    assert!(!gate.was_polled());

    let gate = SendGate::new();
    assert_eq!(gate.arm(Body::from("payment")).size_hint().exact(), Some(7));
    assert_eq!(gate.revoke(), MaybeSent);
    assert!(!gate.was_polled());

    let gate = SendGate::new();
    assert_eq!(bytes(gate.arm(Body::from("payment"))).await, "payment");
    assert_eq!(gate.revoke(), MaybeSent);
    assert!(gate.was_polled());
}

#[tokio::test]
async fn a_revoked_body_gives_an_error_and_not_one_byte() {
    let gate = SendGate::new();
    let mut body = gate.arm(Body::from("payment"));
    assert_eq!(gate.revoke(), Unsent);

    // It must look as if something were to come, else the connection would not poll for it.
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(1));
    let error = body
        .frame()
        .await
        .expect("an answer")
        .expect_err("not a frame");
    assert!(error.is::<Revoked>());
    assert_eq!(gate.revoke(), Unsent);
}

#[test]
fn a_plain_empty_body_passes_ungated() {
    let gate = SendGate::new();
    let body = gate.arm(Body::empty());

    assert!(body.is_end_stream());
    assert_eq!(gate.revoke(), MaybeSent);
}

#[tokio::test]
async fn an_empty_body_can_be_gated_and_then_ends_by_a_poll() {
    let gate = SendGate::new();
    let mut body = gate.arm_empty_too(Body::empty());
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(body.frame().await.is_none());
    assert!(body.is_end_stream());

    let gate = SendGate::new();
    let mut body = gate.arm_empty_too(Body::empty());
    assert_eq!(gate.revoke(), Unsent);
    assert!(body.frame().await.expect("an answer").is_err());
}

#[tokio::test]
async fn a_body_that_fails_tells_whether_it_was_at_the_first_poll() {
    let failed_first = async |good| {
        let mut body = SendGate::new().arm(Failing { good });
        loop {
            if let Err(error) = body.frame().await.expect("it never ends well") {
                return error
                    .downcast::<BodyFailed>()
                    .expect("our type")
                    .at_first_poll();
            }
        }
    };
    assert!(failed_first(0).await);
    assert!(!failed_first(1).await);
}

#[test]
fn of_two_threads_that_race_for_the_gate_one_wins() {
    for _ in 0..500 {
        let gate = SendGate::new();
        let body = gate.arm(Full::<Bytes>::from("payment"));
        let revoked = std::thread::scope(|threads| {
            let connection = threads.spawn(|| {
                let mut body = body;
                let mut cx = Context::from_waker(std::task::Waker::noop());
                match Pin::new(&mut body).poll_frame(&mut cx) {
                    Poll::Ready(Some(frame)) => frame.is_ok(),
                    other => panic!("a full body answers at once, not {:?}", other.is_ready()),
                }
            });
            let revoked = gate.revoke();
            let sent = connection.join().expect("no panic");
            assert_eq!(revoked, if sent { MaybeSent } else { Unsent });
            revoked
        });
        // Whoever won, it stays so.
        assert_eq!(gate.revoke(), revoked);
    }
}

#[test]
fn bodies_of_other_crates_can_be_streamed_whatever_their_error() {
    fn assert_body<B: http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static>(body: B) {
        assert!(Body::stream(body).replay().is_none());
    }
    assert_body(Empty::<Bytes>::new());
    assert_body(String::from("text"));
}
