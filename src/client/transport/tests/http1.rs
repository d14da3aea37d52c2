//! HTTP/1.1 connections that break after the request was written.

use http_body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Method;

use super::peer::{Peer, answer, read_request, read_to_end, write};
use super::*;
use crate::BoxError;
use crate::policy::{Delivery, Failure};

#[tokio::test]
async fn a_reset_before_the_server_has_read_anything() {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));
    let server = async {
        let tcp = peer.accept().await;
        // The request is in the server's socket, unread: closing it now is a reset.
        assert!(soon(tcp.peek(&mut [0])).await.expect("a byte") > 0);
        drop(tcp);
    };
    let (result, ()) = tokio::join!(post(&transport, &url), server);

    let failure = result.expect_err("a reset").failure();
    assert_eq!(failure, Failure::Reset);
    assert_eq!(failure.delivery(), Delivery::Unknown);
}

#[tokio::test]
async fn a_reset_after_the_server_has_read_the_request() {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));
    let server = async {
        let mut tcp = peer.accept().await;
        read_request(&mut tcp).await;
        tcp.set_zero_linger().expect("an open socket");
        drop(tcp);
    };
    let (result, ()) = tokio::join!(post(&transport, &url), server);

    assert_eq!(result.expect_err("a reset").failure(), Failure::Reset);
}

async fn answered_with(bytes: &str) -> Failure {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));
    let server = async {
        let mut tcp = peer.accept().await;
        read_request(&mut tcp).await;
        write(&mut tcp, bytes).await;
    };
    let (result, ()) = tokio::join!(post(&transport, &url), server);
    result.expect_err("no whole head").failure()
}

#[tokio::test]
async fn an_end_without_an_answer() {
    let failure = answered_with("").await;
    assert_eq!(failure, Failure::Incomplete);
    assert_eq!(failure.delivery(), Delivery::Unknown);
}

#[tokio::test]
async fn half_a_head() {
    let failure = answered_with("HTTP/1.1 200 OK\r\ncontent-le").await;
    assert_eq!(failure, Failure::Incomplete);
    assert_eq!(failure.delivery(), Delivery::Unknown);
}

#[tokio::test]
async fn a_head_that_is_not_http() {
    let failure = answered_with("220 mail.test ESMTP\r\n\r\n").await;
    assert_eq!(failure, Failure::Malformed);
    assert_eq!(failure.delivery(), Delivery::Unknown);
}

#[tokio::test]
async fn a_post_without_a_body_says_so() {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));
    let server = async {
        let mut tcp = peer.accept().await;
        let request = read_request(&mut tcp).await;
        answer(&mut tcp, "").await;
        request
    };
    let request = request(Method::POST, &url, ());
    let (result, seen) = tokio::join!(send(&transport, request), server);

    assert_eq!(result.expect("an answer").status(), 200);
    assert!(seen.contains("\r\ncontent-length: 0\r\n"), "{seen}");
}

#[tokio::test]
async fn a_get_without_a_body_says_nothing_of_it() {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));
    let server = async {
        let mut tcp = peer.accept().await;
        let request = read_request(&mut tcp).await;
        answer(&mut tcp, "").await;
        request
    };
    let request = request(Method::GET, &url, ());
    let (result, seen) = tokio::join!(send(&transport, request), server);

    assert_eq!(result.expect("an answer").status(), 200);
    assert!(!seen.contains("content-length"), "{seen}");
    assert!(!seen.contains("transfer-encoding"), "{seen}");
}

/// Yields `good` frames, then an error that another call's transport might have returned.
struct Relay {
    good: usize,
    error: Option<BoxError>,
}

impl http_body::Body for Relay {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.good == 0 {
            return Poll::Ready(self.error.take().map(Err));
        }
        self.good -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"row")))))
    }
}

async fn relayed(good: usize, error: impl Into<BoxError>) -> (Failure, Vec<u8>) {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));
    let server = async {
        let mut tcp = peer.accept().await;
        read_to_end(&mut tcp).await
    };
    let body = Body::stream(Relay {
        good,
        error: Some(error.into()),
    });
    let request = request(Method::POST, &url, body);
    let (result, seen) = tokio::join!(send(&transport, request), server);
    (result.expect_err("the body fails").failure(), seen)
}

#[tokio::test]
async fn a_body_that_fails_before_its_first_byte_was_not_sent() {
    let (failure, seen) = relayed(0, "the disk is gone").await;

    assert_eq!(failure, Failure::InvalidRequest);
    assert!(seen.is_empty(), "{}", String::from_utf8_lossy(&seen));
}

#[tokio::test]
async fn a_body_that_fails_later_leaves_it_unknown() {
    let (failure, _) = relayed(1, "the disk is gone").await;

    assert_eq!(failure, Failure::Other);
    assert_eq!(failure.delivery(), Delivery::Unknown);
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

    let (failure, _) = relayed(1, refused).await;
    assert_eq!(failure, Failure::Other);

    let stream = h2::Error::from(h2::Reason::REFUSED_STREAM);
    assert_eq!(relayed(1, stream).await.0, Failure::Other);
}
