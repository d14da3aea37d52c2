//! Bodies that fail: what that proves with HTTP/1.1, and with HTTP/2.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Method;
use http_body::Frame;

use super::h2_peer::{DATA, H2Peer, RST_STREAM};
use super::peer::{Peer, answer, read_request, read_to_end};
use super::*;
use crate::BoxError;
use crate::body::Replay;
use crate::policy::{Delivery, Failure};
use tokio::io::AsyncReadExt;

enum Step {
    Row,
    NotYet,
    Never,
    Fail(BoxError),
}

struct Relay(VecDeque<Step>);

impl http_body::Body for Relay {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.0.pop_front() {
            Some(Step::Row) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"row"))))),
            Some(Step::NotYet) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Step::Never) => {
                self.0.push_front(Step::Never);
                Poll::Pending
            }
            Some(Step::Fail(error)) => Poll::Ready(Some(Err(error))),
            None => Poll::Ready(None),
        }
    }
}

fn post_of(peer: &Peer, steps: impl IntoIterator<Item = Step>) -> Request<Body> {
    let relay = Relay(steps.into_iter().collect());
    request(Method::POST, &peer.url("http"), Body::stream(relay))
}

fn fail() -> Step {
    Step::Fail("the disk is gone".into())
}

/// How the call ends over HTTP/1.1, and what the server has seen of it.
async fn relayed(steps: impl IntoIterator<Item = Step>) -> (Failure, Vec<u8>) {
    let peer = Peer::new().await;
    let transport = transport();
    let server = async {
        let mut tcp = peer.accept().await;
        read_to_end(&mut tcp).await
    };
    let (result, seen) = tokio::join!(send(&transport, post_of(&peer, steps)), server);
    (result.expect_err("the body fails").failure(), seen)
}

#[tokio::test]
async fn a_body_that_fails_at_once_is_a_typed_error_and_asks_for_no_connection() {
    for transport in [transport(), h2_transport()] {
        let peer = Peer::new().await;
        let error = send(&transport, post_of(&peer, [fail()])).await;
        let error = error.expect_err("the body fails");
        assert_eq!(error.failure(), Failure::InvalidRequest);
        assert_eq!(error.failure().delivery(), Delivery::NotSent);
        let body = std::error::Error::source(&error).expect("the body's error");
        assert_eq!(body.to_string(), "the request body failed");

        // The first connection that comes is that of another client.
        let plain = super::transport();
        let url = peer.url("http");
        let server = async {
            let mut tcp = peer.accept().await;
            let seen = read_request(&mut tcp).await;
            answer(&mut tcp, "").await;
            seen
        };
        let (answer, seen) = tokio::join!(post(&plain, &url), server);
        assert_eq!(answer.expect("an answer").status(), 200);
        assert!(seen.ends_with("payment"), "{seen}");
    }
}

#[tokio::test]
async fn with_http1_the_first_poll_of_the_connection_is_early_enough_too() {
    let (failure, seen) = relayed([Step::NotYet, fail()]).await;

    assert_eq!(failure, Failure::InvalidRequest);
    assert!(seen.is_empty(), "{}", String::from_utf8_lossy(&seen));
}

#[tokio::test]
async fn with_http2_the_head_may_be_gone_by_then() {
    let peer = Peer::new().await;
    let transport = h2_transport();
    let request = post_of(&peer, [Step::NotYet, fail()]);
    let server = async {
        let mut h2 = H2Peer::accept(&peer, &[]).await;
        h2.rest().await
    };
    let client = async {
        let result = send(&transport, request).await;
        drop(transport);
        result
    };
    let (result, frames) = tokio::join!(client, server);

    let failure = result.expect_err("the body fails").failure();
    assert_eq!(failure, Failure::RequestBody);
    assert_eq!(failure.delivery(), Delivery::Unknown);
    assert!(
        frames
            .iter()
            .all(|frame| !frame.ends_stream() || frame.kind == RST_STREAM)
    );
}

#[tokio::test]
async fn a_body_that_fails_later_leaves_it_unknown() {
    for steps in [
        vec![Step::Row, fail()],
        vec![Step::NotYet, Step::NotYet, fail()],
    ] {
        let (failure, seen) = relayed(steps).await;
        assert_eq!(failure, Failure::RequestBody);
        assert_eq!(failure.delivery(), Delivery::Unknown);
        assert!(!seen.ends_with(b"0\r\n\r\n"), "not a whole request");
    }
}

#[tokio::test]
async fn what_a_body_failed_with_is_not_mistaken_for_this_connection() {
    // The body of this request is the response of another one.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let refusing = format!("http://{}/", listener.local_addr().expect("an address"));
    drop(listener);
    let refused = post(&transport(), &refusing).await.expect_err("refused");
    assert_eq!(refused.failure(), Failure::Refused);

    let (failure, _) = relayed([Step::Row, Step::Fail(refused.into())]).await;
    assert_eq!(failure, Failure::RequestBody);

    let stream = h2::Error::from(h2::Reason::REFUSED_STREAM);
    assert_eq!(
        relayed([Step::Row, Step::Fail(stream.into())]).await.0,
        Failure::RequestBody
    );
}

/// A request of which half is sent, and the body that takes the other half from it.
fn half_sent(peer: &Peer) -> (Request<Body>, Body) {
    let first = post_of(peer, [Step::Row, Step::Never]);
    let second = first.body().replay().expect("nothing was sent");
    (first, second)
}

#[tokio::test]
async fn with_http1_an_attempt_that_lost_its_stream_breaks_off_and_never_ends_well() {
    let peer = Peer::new().await;
    let transport = transport();
    let (first, mut second) = half_sent(&peer);
    let server = async {
        let mut tcp = peer.accept().await;
        let mut seen = Vec::new();
        while !seen.ends_with(b"row\r\n") {
            seen.push(soon(tcp.read_u8()).await.expect("half a request"));
        }
        answer(&mut tcp, "").await;
        read_to_end(&mut tcp).await
    };
    let client = async {
        let response = send(&transport, first).await.expect("an early answer");
        assert!(second.take_over());
        response
    };
    let (_response, seen) = tokio::join!(client, server);

    assert_eq!(seen, b"", "no last chunk, and the connection is closed");
}

#[tokio::test]
async fn with_http2_such_an_attempt_is_reset() {
    let peer = Peer::new().await;
    let transport = h2_transport();
    let (first, mut second) = half_sent(&peer);
    let server = async {
        let mut h2 = H2Peer::accept(&peer, &[]).await;
        let stream = loop {
            let frame = h2.frame().await.expect("half a request");
            if frame.kind == DATA {
                break frame.stream;
            }
        };
        h2.answer(stream).await;
        h2.rest().await
    };
    let client = async {
        let response = send(&transport, first).await.expect("an early answer");
        assert!(second.take_over());
        // They would keep the connection.
        drop((response, transport));
    };
    let ((), frames) = tokio::join!(client, server);

    let kinds: Vec<_> = frames.iter().map(|frame| frame.kind).collect();
    assert_eq!(kinds, [RST_STREAM]);
}
