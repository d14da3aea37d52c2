//! The send gate on real connections: what is proven unsent is never seen by the server.

use http::Method;

use super::h2_peer::{DATA, H2Peer, HEADERS};
use super::peer::{Identity, Peer, answer, read_request, read_to_end};
use super::*;
use crate::body::send_gate::SendGate;
use crate::middleware::extensions::Attempt;
use crate::policy::{Failure, Progress};

fn gated(method: Method, url: &str, body: impl Into<Body>) -> (SendGate, Request<Body>) {
    let gate = SendGate::new();
    let mut request = request(method, url, body);
    request.extensions_mut().insert(Attempt {
        ends: crate::clock::now() + Duration::from_secs(60),
        deadline: None,
        gate: gate.clone(),
    });
    (gate, request)
}

#[tokio::test]
async fn a_request_that_still_waits_for_its_connection_is_proven_unsent() {
    let (peer, identity) = (Peer::new().await, Identity::of("127.0.0.1"));
    let transport = Transport::new(&identity.trusted()).expect("a valid root");

    for body in ["payment", ""] {
        let (gate, request) = gated(Method::POST, &peer.url("https"), body);
        let call = tokio::spawn(start(&transport, request));
        let mut tcp = peer.accept().await;
        // The handshake has begun, and the server does not answer it.
        assert!(soon(tcp.peek(&mut [0])).await.expect("a byte") > 0);

        call.abort();
        assert!(soon(call).await.expect_err("aborted").is_cancelled());
        assert_eq!(gate.revoke(), Progress::Unsent);
        // What was written is a TLS hello, and nothing follows it.
        assert_eq!(read_to_end(&mut tcp).await.first(), Some(&0x16));
    }
}

#[tokio::test]
async fn a_revoked_request_is_not_written_when_its_connection_comes_after_all() {
    let (peer, identity) = (Peer::new().await, Identity::of("127.0.0.1"));
    let transport = Transport::new(&identity.trusted()).expect("a valid root");

    for (method, body) in [
        (Method::POST, "payment"),
        (Method::POST, ""),
        (Method::GET, "query"),
    ] {
        let (gate, request) = gated(method, &peer.url("https"), body);
        let call = tokio::spawn(start(&transport, request));
        let tcp = peer.accept().await;
        assert!(soon(tcp.peek(&mut [0])).await.expect("a byte") > 0);

        // The future is kept, so that only the gate stands between the request and the wire.
        assert_eq!(gate.revoke(), Progress::Unsent);
        let mut tls = identity.try_accept(tcp).await.expect("a handshake");
        assert_eq!(read_to_end(&mut tls).await, b"");
        let error = soon(call).await.expect("no panic").expect_err("revoked");
        assert_eq!(error.failure(), Failure::Unsent);
    }
}

#[tokio::test]
async fn a_revoked_request_never_ends_its_stream_on_http2() {
    // Keeping back the head takes the drop of the future: hyper does not begin a request whose
    // future is gone. The gate alone keeps back the body, and with it the end of the request.
    let peer = Peer::new().await;
    let (transport, url) = (h2_transport(), peer.url("http"));
    let (gate, request) = gated(Method::POST, &url, "payment");
    let call = start(&transport, request);
    assert_eq!(gate.revoke(), Progress::Unsent);
    let server = async {
        let mut h2 = H2Peer::accept(&peer, &[]).await;
        h2.rest().await
    };
    let client = async {
        let result = soon(call).await;
        drop(transport);
        result
    };
    let (result, frames) = tokio::join!(client, server);

    assert!(result.is_err());
    for frame in frames {
        assert_ne!(frame.kind, DATA, "{frame:?}");
        assert!(frame.kind != HEADERS || !frame.ends_stream(), "{frame:?}");
    }
}

#[tokio::test]
async fn a_request_that_the_server_has_seen_is_not_claimed_unsent() {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));

    for (method, body) in [
        (Method::POST, "payment"),
        (Method::POST, ""),
        (Method::GET, ""),
    ] {
        let (gate, request) = gated(method, &url, body);
        let call = tokio::spawn(start(&transport, request));
        let mut tcp = peer.accept().await;
        read_request(&mut tcp).await;

        call.abort();
        assert!(soon(call).await.expect_err("aborted").is_cancelled());
        assert_eq!(gate.revoke(), Progress::MaybeSent);
    }
}

#[tokio::test]
async fn the_gate_is_taken_before_the_head_is_on_the_wire_on_http2_too() {
    let peer = Peer::new().await;
    let (transport, url) = (h2_transport(), peer.url("http"));
    let (gate, request) = gated(Method::POST, &url, Body::stream(Never));
    let call = tokio::spawn(start(&transport, request));
    let mut h2 = H2Peer::accept(&peer, &[]).await;
    while h2.frame().await.expect("a head").kind != HEADERS {}

    assert_eq!(gate.revoke(), Progress::MaybeSent);
    call.abort();
}

#[tokio::test]
async fn a_gate_costs_an_answered_request_nothing() {
    let peer = Peer::new().await;
    let (transport, url) = (transport(), peer.url("http"));
    let (gate, request) = gated(Method::POST, &url, "payment");
    let server = async {
        let mut tcp = peer.accept().await;
        let seen = read_request(&mut tcp).await;
        answer(&mut tcp, "paid").await;
        seen
    };
    let client = async { text(send(&transport, request).await.expect("an answer")).await };
    let (answer, seen) = tokio::join!(client, server);

    assert_eq!(answer, "paid");
    assert!(seen.ends_with("payment"), "{seen}");
    assert_eq!(gate.revoke(), Progress::MaybeSent);
}

/// A body whose bytes never come.
struct Never;

impl http_body::Body for Never {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}
