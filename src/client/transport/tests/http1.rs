//! HTTP/1.1 connections that break after the request was written.

use http::Method;

use super::peer::{Peer, answer, read_request, write};
use super::*;
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
