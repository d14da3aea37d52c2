//! What became of a call whose connection gave out, or never came about.

use h2::Reason;
use seawall::policy::Failure;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn a_refused_connection_has_sent_nothing_and_is_tried_again_for_every_method() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for path in [GET, PAY] {
        let status = Calls::new(stack(quick(), &origin))
            .unary(path)
            .await
            .unwrap_err();
        let why = StopReason::AttemptsExhausted;
        assert_ended(&status, Code::Unavailable, 3, Delivery::NotSent, why);
        assert_eq!(behind(&status).failure(), Some(Failure::Refused));
    }
}

/// What a connection does once the request is there.
#[derive(Clone, Copy, Debug)]
enum Then {
    Close,
    Garbage,
    /// Of the code that would prove, of a stream, that nothing was done.
    GoAway,
    Silence,
}

/// SETTINGS without any, then GOAWAY: no last stream, `REFUSED_STREAM` (RFC 9113 sections 6.5, 6.8).
const GOAWAY: [u8; 26] = [
    0, 0, 0, 4, 0, 0, 0, 0, 0, // SETTINGS
    0, 0, 8, 7, 0, 0, 0, 0, 0, // GOAWAY
    0, 0, 0, 0, 0, 0, 0, 7,
];

/// How a call ends whose connection does that.
async fn after_the_request(then: Then) -> Option<Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let accepted = tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.expect("a connection");
            let mut read = Vec::new();
            // The preface, the settings, the head and the message.
            while !read.windows(6).any(|part| part == b"s3cret") {
                assert_ne!(socket.read_buf(&mut read).await.expect("bytes"), 0);
            }
            match then {
                Then::Close | Then::Silence => {}
                Then::Garbage => socket.write_all(&[b'!'; 64]).await.expect("a reader"),
                Then::GoAway => socket.write_all(&GOAWAY).await.expect("a reader"),
            }
            if !matches!(then, Then::Close) {
                std::future::pending::<()>().await;
            }
        }
    });
    let endpoint = Endpoint::from_shared(origin.clone()).expect("a URI");
    let endpoint = endpoint.http2_keep_alive_interval(millis(50));
    let channel = endpoint.keep_alive_timeout(millis(50)).connect_lazy();
    let calls = Calls::new(layer(quick(), &origin).layer(channel));
    let status = calls.unary(PAY).await.expect_err("a failure");
    accepted.abort();
    let error = behind(&status);
    assert_eq!(error.delivery(), Delivery::Unknown, "{then:?}: {error}");
    assert_eq!(error.report().stop_reason(), StopReason::NotIdempotent);
    assert_eq!(error.report().attempts(), 1);
    error.failure()
}

#[tokio::test]
async fn a_connection_that_gives_out_after_the_request_may_have_done_it() {
    let lost = Some(Failure::Reset);
    assert_eq!(after_the_request(Then::Close).await, lost);
    assert_eq!(after_the_request(Then::Silence).await, lost);
    let garbage = after_the_request(Then::Garbage).await;
    assert_eq!(garbage, Some(Failure::Malformed));
}

#[tokio::test]
async fn what_goaway_says_is_not_taken_for_the_end_of_one_stream() {
    let unproven = after_the_request(Then::GoAway).await;
    assert_eq!(unproven, Some(Failure::Other));
}

#[tokio::test]
async fn a_refused_stream_has_sent_nothing_and_is_tried_again_for_every_method() {
    let server = Refusing::new(1, Reason::REFUSED_STREAM).await;
    let calls = Calls::new(stack(quick(), &server.origin()));
    let answer = calls.unary(PAY).await.unwrap();
    let report = answer.extensions().get::<seawall::Report>().unwrap();
    assert_eq!(report.attempts(), 2);
    assert_eq!(answer.into_inner(), "paid");
    assert_eq!(server.count(), 2);

    let server = Refusing::new(9, Reason::REFUSED_STREAM).await;
    let calls = Calls::new(stack(quick(), &server.origin()));
    let status = calls.unary(PAY).await.unwrap_err();
    let why = StopReason::AttemptsExhausted;
    assert_ended(&status, Code::Unavailable, 3, Delivery::NotSent, why);
    assert_eq!(behind(&status).failure(), Some(Failure::Unsent));
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn a_stream_that_is_reset_for_another_reason_may_have_done_it() {
    let server = Refusing::new(1, Reason::INTERNAL_ERROR).await;
    let calls = Calls::new(stack(quick(), &server.origin()));
    let status = calls.unary(PAY).await.unwrap_err();
    let why = StopReason::NotIdempotent;
    assert_ended(&status, Code::Internal, 1, Delivery::Unknown, why);
    assert_eq!(behind(&status).failure(), Some(Failure::Stream(2)));
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_connector_that_takes_too_long_has_sent_nothing() {
    let connector = tower::service_fn(|_: http::Uri| {
        std::future::pending::<Result<hyper::upgrade::Upgraded, std::io::Error>>()
    });
    let origin = "http://127.0.0.1:1";
    let endpoint = Endpoint::from_static(origin).connect_timeout(millis(50));
    let channel = endpoint.connect_with_connector_lazy(connector);
    let status = Calls::new(layer(quick(), origin).layer(channel))
        .unary(PAY)
        .await
        .unwrap_err();
    let why = StopReason::AttemptsExhausted;
    assert_ended(&status, Code::Unavailable, 3, Delivery::NotSent, why);
    assert_eq!(behind(&status).failure(), Some(Failure::ConnectTimeout));
}

#[tokio::test]
async fn a_message_that_cannot_be_encoded_is_the_callers_own_matter() {
    let server = Server::new([]).await;
    let calls = calls(&server);
    let narrow = calls.clone().encoding_at_most(4);
    for _ in 0..6 {
        let status = narrow.unary(PAY).await.unwrap_err();
        assert_eq!(status.code(), Code::OutOfRange, "{status}");
        assert_eq!(behind(&status).delivery(), Delivery::NotSent);
        assert_eq!(behind(&status).failure(), Some(Failure::InvalidRequest));
    }
    assert_eq!(server.count(), 0);
    // Nor is the upstream held to blame.
    assert!(calls.unary(PAY).await.is_ok());
}

#[tokio::test]
async fn plain_http_beyond_this_machine_is_refused_by_a_policy_for_others() {
    let origin = "http://ledger.example";
    let layer = GrpcLayer::new(Policy::external(), origin).unwrap();
    let channel = Channel::from_static(origin).connect_lazy();
    let status = Calls::new(layer.layer(channel))
        .unary(PAY)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(behind(&status).is_config());
}

#[tokio::test]
async fn the_layers_origin_names_the_upstream_whatever_the_client_says() {
    let server = Server::new([]).await;
    let calls = calls(&server).with_origin("https://elsewhere.example");
    let answer = calls.unary(PAY).await.unwrap();
    let report = answer.extensions().get::<seawall::Report>().unwrap();
    assert_eq!(report.upstream(), server.origin());
    assert_eq!(server.seen()[0].path, PAY);
}
