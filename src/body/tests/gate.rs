//! What the gate of a body proves.

use super::*;
use crate::body::send_gate::{BodyFailed, Revoked, SendGate};
use crate::policy::Progress::{MaybeSent, Unsent};

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
                let mut cx = Context::from_waker(Waker::noop());
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
