//! Streams that are not as long as was announced: a server must not take one for a whole request.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use http_body::{Frame, SizeHint};

use super::h2_peer::{H2Peer, RST_STREAM};
use super::peer::{Peer, answer, read_request, read_to_end};
use super::*;
use crate::BoxError;
use crate::body::Replay;
use crate::policy::Failure;

/// A stream that says what it likes of its length, and of its end.
struct Lying {
    rows: VecDeque<&'static str>,
    says: Option<u64>,
    ends_early: bool,
}

impl http_body::Body for Lying {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let row = self.rows.pop_front();
        Poll::Ready(row.map(|row| Ok(Frame::data(Bytes::from_static(row.as_bytes())))))
    }

    fn is_end_stream(&self) -> bool {
        self.ends_early && self.rows.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.says.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// Five bytes are announced: by the stream itself, or by a header.
fn five<const N: usize>(by_header: bool, rows: [&'static str; N], ends_early: bool) -> Body {
    Body::stream(Lying {
        rows: rows.into(),
        says: (!by_header).then_some(5),
        ends_early,
    })
}

fn post_of(peer: &Peer, by_header: bool, body: Body) -> Request<Body> {
    let mut request = request(Method::POST, &peer.url("http"), body);
    if by_header {
        let five = HeaderValue::from_static("5");
        request.headers_mut().insert(header::CONTENT_LENGTH, five);
    }
    request
}

#[tokio::test]
async fn what_the_first_frame_shows_asks_for_no_connection() {
    for by_header in [false, true] {
        for body in [
            five(by_header, [], false),
            five(by_header, ["123456"], false),
        ] {
            let peer = Peer::new().await;
            let again = body.replay().expect("nothing was sent");
            let sent = send(&transport(), post_of(&peer, by_header, body)).await;
            let failure = sent.expect_err("not five").failure();
            assert_eq!(failure, Failure::InvalidRequest);
            assert!(!again.is_intact());
        }
    }
}

#[tokio::test]
async fn with_http1_what_shows_later_cuts_the_request_off() {
    for by_header in [false, true] {
        for body in [
            five(by_header, ["123"], false),
            five(by_header, ["123"], true),
            five(by_header, ["123", "456"], false),
        ] {
            let peer = Peer::new().await;
            let transport = transport();
            let again = body.replay().expect("nothing was sent");
            let server = async {
                let mut tcp = peer.accept().await;
                read_to_end(&mut tcp).await
            };
            let client = send(&transport, post_of(&peer, by_header, body));
            let (sent, seen) = tokio::join!(client, server);
            assert!(sent.is_err());
            assert!(!seen.ends_with(b"12345"), "no whole request");
            assert!(!again.is_intact());
        }
    }
}

#[tokio::test]
async fn with_http2_the_stream_is_reset() {
    for body in [
        five(false, ["123"], false),
        five(false, ["123"], true),
        five(false, ["123", "456"], false),
    ] {
        let peer = Peer::new().await;
        let transport = h2_transport();
        let server = async {
            let mut h2 = H2Peer::accept(&peer, &[]).await;
            h2.rest().await
        };
        let client = async {
            let sent = send(&transport, post_of(&peer, false, body)).await;
            drop(transport);
            sent
        };
        let (sent, frames) = tokio::join!(client, server);
        assert!(sent.is_err());
        assert!(frames.iter().all(|frame| !frame.ends_stream()));
        assert!(frames.iter().any(|frame| frame.kind == RST_STREAM));
    }
}

#[tokio::test]
async fn one_that_is_as_long_as_was_announced_is_sent() {
    for by_header in [false, true] {
        for ends_early in [false, true] {
            let peer = Peer::new().await;
            let transport = transport();
            let body = five(by_header, ["123", "45"], ends_early);
            let server = async {
                let mut tcp = peer.accept().await;
                let seen = read_request(&mut tcp).await;
                answer(&mut tcp, "").await;
                seen
            };
            let client = send(&transport, post_of(&peer, by_header, body));
            let (sent, seen) = tokio::join!(client, server);
            assert_eq!(sent.expect("an answer").status(), 200);
            assert!(seen.ends_with("\r\n12345"), "{seen}");
        }
    }
}

#[tokio::test]
async fn a_get_with_a_stream_of_unknown_length_is_not_sent_without_it() {
    let get = |method: Method, says| {
        let url = "http://gateway.test/search";
        let rows = VecDeque::from(["query"]);
        let body = Body::stream(Lying {
            rows,
            says,
            ends_early: false,
        });
        crate::on_hyper::check::check(&request(method, url, body))
    };
    for method in [Method::GET, Method::HEAD] {
        let refused = get(method.clone(), None).expect_err("no length");
        assert!(refused.to_string().contains("Content-Length"), "{refused}");
        assert_eq!(get(method, Some(5)), Ok(()));
    }
    assert_eq!(get(Method::DELETE, None), Ok(()));
}
