//! The same over HTTP/2, where a connection outlives its streams.

use super::*;
use crate::client::transport::tests::h2_peer::{DATA, H2Peer, HEADERS, RST_STREAM};
use crate::policy::Failure;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const CANCEL: u32 = 0x8;

/// `:status: 200` and `content-length: 10000000`, in HPACK without a table.
const LONG: &[u8] = b"\x88\x0f\x0d\x0810000000";

#[tokio::test]
async fn a_stream_that_is_reset_within_its_body_is_sent_again_on_another() {
    let peer = Peer::new().await;
    let server = async {
        let mut h2 = H2Peer::accept(&peer, &[]).await;
        let first = h2.request().await;
        h2.send(HEADERS, END_HEADERS, first, b"\x88").await;
        h2.send(DATA, 0, first, b"paid").await;
        h2.reset(first, CANCEL).await;
        let second = h2.request().await;
        h2.send(HEADERS, END_HEADERS, second, b"\x88").await;
        h2.send(DATA, END_STREAM, second, b"paid").await;
        h2
    };
    let client = payments().http2_prior_knowledge();
    let (answer, _h2) = tokio::join!(pay_and_collect(client, &peer), server);
    let answer = answer.unwrap();
    assert_eq!(answer.text().unwrap(), "paid");
    assert_eq!(answer.report().attempts(), 2);
}

#[tokio::test]
async fn the_answer_to_a_head_may_end_apart_from_its_own_head() {
    for collected in [true, false] {
        let peer = Peer::new().await;
        let client = unkeyed().http2_prior_knowledge().build().unwrap();
        let server = async {
            let mut h2 = H2Peer::accept(&peer, &[]).await;
            let head = h2.request().await;
            h2.send(HEADERS, END_HEADERS, head, LONG).await;
            h2.send(DATA, END_STREAM, head, b"").await;
            h2
        };
        let call = async {
            let head = client.head(peer.url("http"));
            if collected {
                head.collect().await?.bytes()
            } else {
                head.send().await?.bytes().await
            }
        };
        let (body, _h2) = tokio::join!(soon(call), server);
        assert_eq!(body.unwrap(), "", "{collected}");
    }
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_reset_and_the_answer_to_a_head_is_not() {
    let peer = Peer::new().await;
    let client = unkeyed().http2_prior_knowledge().build().unwrap();
    let server = async {
        let mut h2 = H2Peer::accept(&peer, &[]).await;
        let head = h2.request().await;
        h2.send(HEADERS, END_HEADERS | END_STREAM, head, LONG).await;
        let get = h2.request().await;
        h2.send(HEADERS, END_HEADERS, get, LONG).await;
        loop {
            let frame = h2.frame().await.expect("the connection stays open");
            if frame.stream != 0 {
                return (frame.kind, frame.stream == get, h2);
            }
        }
    };
    let calls = async {
        let head = client.head(peer.url("http")).collect().await;
        (head, client.get(peer.url("http")).collect().await)
    };
    let ((head, get), (kind, of_the_get, _h2)) = tokio::join!(soon(calls), server);
    assert_eq!(head.unwrap().bytes().unwrap(), "");
    let limit = 2 * 1024 * 1024;
    assert_eq!(
        get.unwrap_err().failure(),
        Some(Failure::OversizedBody { limit })
    );
    assert_eq!((kind, of_the_get), (RST_STREAM, true));
}
