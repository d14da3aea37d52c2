//! How long a call may take, and who is told.

use super::*;

#[tokio::test]
async fn each_attempt_tells_the_server_no_more_than_is_left() {
    let policy = quick().attempt_timeout(millis(400)).deadline(millis(700));
    let server = Server::new([Step::Hang, Step::Hang, Step::Hang]).await;
    let calls = Calls::new(stack(policy, &server.origin()));
    let status = calls.unary(GET).await.unwrap_err();

    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert_eq!(behind(&status).delivery(), Delivery::Unknown);
    let seen = server.seen();
    assert_eq!(seen.len(), 2, "the deadline leaves no room for a third");
    let told: Vec<_> = seen.iter().map(|seen| seen.timeout.unwrap()).collect();
    assert!(told[0] <= millis(400) && told[0] > millis(350), "{told:?}");
    let left = millis(700).saturating_sub(seen[1].at - seen[0].at);
    assert!(told[1] <= left + millis(50), "{told:?}, {left:?}");
}

#[tokio::test]
async fn a_timeout_is_always_unknown_and_repeats_nothing_that_was_not_declared() {
    let policy = || quick().attempt_timeout(millis(200));
    let server = Server::new([Step::Hang]).await;
    let calls = Calls::new(stack(policy(), &server.origin()));
    let status = calls.unary(PAY).await.unwrap_err();
    let why = StopReason::NotIdempotent;
    assert_ended(&status, Code::DeadlineExceeded, 1, Delivery::Unknown, why);
    assert_eq!(server.count(), 1);

    let server = Server::new([Step::Hang]).await;
    let calls = Calls::new(stack(policy(), &server.origin()));
    assert!(calls.unary(GET).await.is_ok());
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn the_callers_own_timeout_bounds_the_whole_call() {
    let server = Server::new([Step::Hang, Step::Hang]).await;
    let mut request = tonic::Request::new("s3cret-amount".into());
    request.set_timeout(millis(250));
    let status = calls(&server).send(GET, request).await.unwrap_err();

    let why = StopReason::DeadlineExceeded;
    assert_ended(&status, Code::DeadlineExceeded, 1, Delivery::Unknown, why);
    assert_eq!(server.count(), 1);
    assert!(server.seen()[0].timeout.unwrap() <= millis(250));
}

#[tokio::test]
async fn a_longer_timeout_of_the_callers_changes_nothing() {
    let server = Server::new([]).await;
    let mut request = tonic::Request::new("s3cret-amount".into());
    request.set_timeout(Duration::from_secs(3600));
    calls(&server).send(PAY, request).await.unwrap();
    // The attempt timeout of the preset.
    assert!(server.seen()[0].timeout.unwrap() <= Duration::from_secs(1));
}

#[tokio::test]
async fn the_channels_own_timeout_ends_an_attempt_not_the_call() {
    let server = Server::new([Step::Hang]).await;
    let endpoint = Endpoint::from_shared(server.origin()).unwrap();
    let channel = endpoint.timeout(millis(200)).connect_lazy();
    let calls = Calls::new(layer(quick(), &server.origin()).layer(channel));
    assert!(calls.unary(GET).await.is_ok());
    assert_eq!(server.count(), 2);
}
