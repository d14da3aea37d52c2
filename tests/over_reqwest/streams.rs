//! Request bodies that are streams, and bodies of any other type.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http_body::{Body as HttpBody, Frame};
use http_body_util::{BodyExt, Full};
use seawall::body::OneShot;
use seawall::policy::Failure;
use seawall::{Body, BoxError, Delivery, StopReason};
use tower::{Layer, ServiceExt};

use super::support::{Act, Peer};
use super::{built, keyed, layer, nobody, over, post, post_of, report, unkeyed};

const ROWS: Bytes = Bytes::from_static(b"rows");

#[tokio::test]
async fn a_stream_is_sent_again_from_what_was_kept() {
    let peer = Peer::new([Act::ResetRead, Act::AnswerAndClose]).await;
    let rows = Body::stream(Full::new(ROWS));
    let paid = over(built(), keyed())
        .oneshot(post_of(&peer.url(), rows))
        .await
        .unwrap();
    assert_eq!(report(&paid).attempts(), 2);
    let requests = peer.requests();
    assert!(requests.len() == 2 && requests.iter().all(|request| request.ends_with("rows")));
}

#[tokio::test]
async fn a_one_shot_stream_is_sent_once() {
    let peer = Peer::new([Act::ResetRead]).await;
    let rows = Body::one_shot(Full::new(ROWS));
    let error = over(built(), keyed())
        .oneshot(post_of(&peer.url(), rows))
        .await
        .unwrap_err();
    assert_eq!((error.report().attempts(), peer.connections()), (1, 1));
    assert_eq!(error.report().stop_reason(), StopReason::BodyNotReplayable);
    assert_eq!(error.delivery(), Delivery::Unknown);
}

/// A stream that begins well, and goes on with this error.
pub(super) fn broken(error: BoxError) -> impl HttpBody<Data = Bytes, Error = BoxError> + Sync {
    Broken {
        begun: false,
        error: Some(error),
    }
}

struct Broken {
    begun: bool,
    error: Option<BoxError>,
}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if std::mem::replace(&mut self.begun, true) {
            return Poll::Ready(self.error.take().map(Err));
        }
        Poll::Ready(Some(Ok(Frame::data(ROWS))))
    }
}

/// The error of another call, as a body may carry it: a connection that was refused.
async fn refused_elsewhere() -> reqwest::Error {
    let url = nobody().await;
    reqwest::get(url).await.expect_err("nobody listens")
}

#[tokio::test]
async fn a_refused_connection_inside_a_bodys_error_is_not_this_requests() {
    let bare: BoxError = refused_elsewhere().await.into();
    let wrapped: BoxError = io::Error::other(refused_elsewhere().await).into();
    for error in [bare, wrapped] {
        // It accepts, reads, and never answers.
        let peer = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/payments", peer.local_addr().unwrap());
        let request = post_of(&url, Body::one_shot(broken(error)));
        let error = over(built(), unkeyed()).oneshot(request).await.unwrap_err();
        assert_eq!(error.failure(), Some(Failure::RequestBody));
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(error.report().attempts(), 1);
    }
}

/// A body that only one thread at a time may look at.
struct Unshared(Cell<Option<Bytes>>);

impl HttpBody for Unshared {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(Frame::data).map(Ok))
    }
}

#[tokio::test]
async fn a_body_need_not_be_sync() {
    let server = super::server([]).await;
    let body = OneShot(Unshared(Cell::new(Some(ROWS))));
    let request = Request::post(server.uri()).body(body).unwrap();
    let service = layer(unkeyed()).layer(built());
    let answer = service.oneshot(request).await.unwrap();
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(text, "paid");
    let seen = server.received_requests().await.unwrap();
    assert_eq!(seen[0].body, ROWS);
}

#[tokio::test]
async fn bytes_and_nothing_are_announced_as_such() {
    let server = super::server([]).await;
    let transport = built();
    for body in [Body::from("{}"), Body::empty()] {
        let request = post_of(&server.uri(), body);
        transport.clone().oneshot(request).await.unwrap();
    }
    let get = post(&server.uri()).map(|_| Body::empty());
    let (mut head, body) = get.into_parts();
    head.method = http::Method::GET;
    let get = Request::from_parts(head, body);
    transport.oneshot(get).await.unwrap();

    let seen = server.received_requests().await.unwrap();
    let lengths: Vec<_> = seen
        .iter()
        .map(|request| request.headers.get("content-length"))
        .map(|length| length.map(|length| length.to_str().unwrap()))
        .collect();
    assert_eq!(lengths, [Some("2"), Some("0"), None]);
    assert!(
        seen.iter()
            .all(|seen| !seen.headers.contains_key("transfer-encoding"))
    );
}
