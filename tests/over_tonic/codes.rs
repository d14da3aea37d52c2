//! Which failures keep calls away from the server.

use seawall::policy::Refusal;

use super::*;

/// Six calls over more than a second, of which five are answered with this code. Gives what became of
/// the sixth, and how many calls the server saw.
#[expect(
    clippy::disallowed_methods,
    reason = "real sockets know no paused clock"
)]
async fn after_five(code: Code) -> (Result<(), Status>, usize) {
    let server = Server::new((0..5).map(|_| Step::fail(code))).await;
    let calls = calls(&server);
    for _ in 0..5 {
        let status = calls.unary(PAY).await.expect_err("a failure");
        assert_eq!(status.code(), code);
        tokio::time::sleep(millis(260)).await;
    }
    let sixth = calls.unary(PAY).await.map(|_| ());
    (sixth, server.count())
}

#[tokio::test]
async fn unavailable_opens_the_circuit_and_the_server_is_left_alone() {
    let (sixth, count) = after_five(Code::Unavailable).await;
    let status = sixth.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let error = behind(&status);
    assert_eq!(error.refusal(), Some(Refusal::Open));
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.retry_at().is_some());
    assert_eq!(status.message(), error.to_string());
    assert_eq!(count, 5);
}

#[tokio::test]
async fn a_quota_and_the_callers_own_mistakes_open_nothing() {
    let (quota, missing, unimplemented) = tokio::join!(
        after_five(Code::ResourceExhausted),
        after_five(Code::NotFound),
        after_five(Code::Unimplemented),
    );
    for (sixth, count) in [quota, missing, unimplemented] {
        assert!(sixth.is_ok(), "{sixth:?}");
        assert_eq!(count, 6);
    }
}

#[tokio::test]
async fn resource_exhausted_slows_what_has_a_rate() {
    let server = Server::new([Step::fail(Code::ResourceExhausted)]).await;
    let policy = quick().declared_peak_per_second(100.0).build().unwrap();
    let upstreams = seawall::Upstreams::new(policy);
    let layer = GrpcLayer::over(upstreams.clone(), &server.origin()).unwrap();
    let channel = Endpoint::from_shared(server.origin()).unwrap();
    let calls = Calls::new(layer.layer(channel.connect_lazy()));
    let status = calls.unary(PAY).await.unwrap_err();
    assert_eq!(behind(&status).delivery(), Delivery::Rejected);
    let snapshot = upstreams.control().snapshots().pop().unwrap();
    assert!(snapshot.pace.unwrap() < 80.0, "{snapshot:?}");
    // And not by an answer that is well.
    assert!(calls.unary(PAY).await.is_ok());
}
