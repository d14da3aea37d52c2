//! Answers of many messages.

use std::time::Instant;

use super::*;

fn ok() -> Piece {
    Piece::Trailers(vec![("grpc-status", "0")])
}

#[tokio::test]
async fn many_messages_pass_in_order() {
    let texts = ["one", "two", "three", "four"];
    let pieces = (0..1000).map(|n| Piece::Message(texts[n % 4]));
    let server = Server::new([Step::body(pieces.chain([ok()]))]).await;
    let mut stream = calls(&server).stream(PAY).await.unwrap().into_inner();
    for n in 0..1000 {
        let message = stream.message().await.unwrap().unwrap();
        assert_eq!(message, texts[n % 4]);
    }
    assert!(stream.message().await.unwrap().is_none());
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_stream_without_a_message_ends_well() {
    let server = Server::new([Step::body([ok()])]).await;
    let mut stream = calls(&server).stream(PAY).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_none());
}

#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "real sockets know no paused clock"
)]
async fn the_head_of_a_silent_stream_is_handed_on() {
    let silent = Piece::Wait(millis(600));
    let server = Server::new([Step::body([silent, Piece::Message("late"), ok()])]).await;
    let start = Instant::now();
    let mut stream = calls(&server).stream(PAY).await.unwrap().into_inner();
    let waited = start.elapsed();
    assert!(waited >= millis(100) && waited < millis(500), "{waited:?}");
    assert_eq!(stream.message().await.unwrap().unwrap(), "late");
}

#[tokio::test]
async fn a_status_that_comes_too_late_is_the_callers_unless_it_is_waited_for() {
    let failed = Piece::Trailers(vec![("grpc-status", "14")]);
    let late = || Step::body([Piece::Wait(millis(250)), failed.clone()]);
    let server = Server::new([late()]).await;
    let status = calls(&server).unary(GET).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(error_in(&status).is_none());
    assert_eq!(server.count(), 1);

    let server = Server::new([late()]).await;
    let origin = server.origin();
    let patient = layer(quick(), &origin).status_wait(millis(800));
    let channel = Endpoint::from_shared(origin).unwrap().connect_lazy();
    assert!(Calls::new(patient.layer(channel)).unary(GET).await.is_ok());
    assert_eq!(server.count(), 2);
}
