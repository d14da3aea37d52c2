//! Streams that are longer than a header says: a server must not take one for a whole request.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_LENGTH;
use http_body::{Body as HttpBody, Frame};
use seawall::adapters::reqwest::ResilienceMiddleware;
use seawall::body::OneShot;
use seawall::{Body, BoxError, Delivery, ResilienceLayer};
use tower::{Layer, ServiceExt};

use super::support::{Act, Peer};
use super::{built, layer, unkeyed};

/// These rows; it does not say how long they are.
struct Rows(VecDeque<&'static str>);

impl HttpBody for Rows {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let row = self
            .0
            .pop_front()
            .map(|row| Bytes::from_static(row.as_bytes()));
        Poll::Ready(row.map(Frame::data).map(Ok))
    }
}

fn rows(rows: &[&'static str]) -> Rows {
    Rows(rows.iter().copied().collect())
}

const TOO_LONG: [&[&str]; 2] = [&["123456"], &["123", "456"]];

fn once() -> ResilienceLayer {
    layer(unkeyed().max_attempts(1))
}

/// A payment that says that it is five bytes long.
fn five<B>(peer: &Peer, body: B) -> Request<B> {
    let request = Request::post(peer.url()).header(CONTENT_LENGTH, "5");
    request.body(body).unwrap()
}

#[tokio::test]
async fn over_the_service_it_never_arrives_whole() {
    for too_long in TOO_LONG {
        let peer = Peer::new([Act::AnswerAndClose]).await;
        let payment = five(&peer, Body::stream(rows(too_long)));
        let error = once().layer(built()).oneshot(payment).await.unwrap_err();
        assert_ne!(error.delivery(), Delivery::Done);
        assert_eq!(peer.requests(), [""; 0], "{too_long:?}");

        let peer = Peer::new([Act::AnswerAndClose]).await;
        let payment = five(&peer, OneShot(rows(too_long)));
        assert!(once().layer(built()).oneshot(payment).await.is_err());
        assert_eq!(peer.requests(), [""; 0], "{too_long:?}");
    }
}

#[tokio::test]
async fn over_the_middleware_it_never_arrives_whole_either() {
    for too_long in TOO_LONG {
        let peer = Peer::new([Act::AnswerAndClose]).await;
        let client = ResilienceMiddleware::client(once(), reqwest::Client::builder()).unwrap();
        let body = reqwest::Body::wrap(rows(too_long));
        let payment = client
            .post(peer.url())
            .header(CONTENT_LENGTH, "5")
            .body(body);
        assert!(payment.send().await.is_err());
        assert_eq!(peer.requests(), [""; 0], "{too_long:?}");
    }
}

#[tokio::test]
async fn one_that_is_as_long_as_the_header_says_is_sent() {
    let peer = Peer::new([Act::AnswerAndClose]).await;
    let payment = five(&peer, OneShot(rows(&["123", "45"])));
    let answer = once().layer(built()).oneshot(payment).await.unwrap();
    assert_eq!(answer.status(), 201);
    let requests = peer.requests();
    assert!(requests[0].ends_with("12345") && !requests[0].contains("chunked"));
}
