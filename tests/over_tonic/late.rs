//! A status behind the messages, and what the circuit makes of it.

use seawall::policy;

use super::*;

type Service = Calls<GrpcStack<Channel>>;

fn trailers(status: &'static str) -> Piece {
    Piece::Trailers(vec![("grpc-status", status)])
}

/// A message, and then this status.
fn message_then(status: &'static str) -> Step {
    Step::body([Piece::Message("part"), trailers(status)])
}

/// A message, and then nothing for long.
fn endless() -> Step {
    let silence = Piece::Wait(Duration::from_secs(60));
    Step::body([Piece::Message("part"), silence, trailers("0")])
}

#[expect(
    clippy::disallowed_methods,
    reason = "real sockets know no paused clock"
)]
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Reads a stream of one message to its end.
async fn read(calls: &Service) -> Result<(), Status> {
    let mut stream = calls.stream(PAY).await?.into_inner();
    assert_eq!(stream.message().await?.expect("a message"), "part");
    assert!(stream.message().await?.is_none());
    Ok(())
}

/// As many as trip the circuit, over more than a second.
async fn read_five(calls: &Service) -> Vec<Code> {
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(
            read(calls)
                .await
                .map_or_else(|status| status.code(), |()| Code::Ok),
        );
        pass(millis(260)).await;
    }
    codes
}

async fn is_refused(calls: &Service) -> bool {
    let outcome = calls.unary(PAY).await;
    let status = outcome.map(|_| ()).err();
    let refusal = status.and_then(|status| error_in(&status)?.refusal());
    refusal == Some(policy::Refusal::Open)
}

#[tokio::test]
async fn five_streams_that_end_with_unavailable_open_the_circuit() {
    let server = Server::new((0..5).map(|_| message_then("14"))).await;
    let calls = calls(&server);
    assert_eq!(read_five(&calls).await, [Code::Unavailable; 5]);
    assert!(is_refused(&calls).await);
    assert_eq!(server.count(), 5);
}

#[tokio::test]
async fn five_streams_that_end_well_do_not() {
    let server = Server::new((0..5).map(|_| message_then("0"))).await;
    let calls = calls(&server);
    assert_eq!(read_five(&calls).await, [Code::Ok; 5]);
    assert!(!is_refused(&calls).await);
    assert_eq!(server.count(), 6);
}

#[tokio::test]
async fn five_streams_that_break_off_open_it_too() {
    // A reset that comes at once takes the message with it.
    let silence = || Piece::Wait(millis(50));
    let broken = || Step::body([Piece::Message("part"), silence(), Piece::Break]);
    let server = Server::new((0..5).map(|_| broken())).await;
    let calls = calls(&server);
    assert!(!read_five(&calls).await.contains(&Code::Ok));
    assert!(is_refused(&calls).await);
}

#[tokio::test]
async fn a_generated_client_reads_the_trailers_of_a_unary_call() {
    for (status, refused) in [("14", true), ("0", false)] {
        let server = Server::new((0..5).map(|_| message_then(status))).await;
        let calls = calls(&server);
        for _ in 0..5 {
            assert_eq!(calls.unary(PAY).await.is_err(), refused);
            pass(millis(260)).await;
        }
        assert_eq!(is_refused(&calls).await, refused);
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_says_nothing() {
    // Neither is it a failure, nor does its head end the row of them.
    for (failing, refused) in [(4, false), (5, true)] {
        let steps = (0..4).map(|_| message_then("14"));
        let dropped = (0..5).map(|_| endless());
        let last = (4..failing).map(|_| message_then("14"));
        let server = Server::new(steps.chain(dropped).chain(last)).await;
        let calls = calls(&server);
        for _ in 0..4 {
            assert!(read(&calls).await.is_err());
            pass(millis(260)).await;
        }
        for _ in 0..5 {
            let mut stream = calls.stream(PAY).await.unwrap().into_inner();
            assert_eq!(stream.message().await.unwrap().unwrap(), "part");
        }
        for _ in 4..failing {
            assert!(read(&calls).await.is_err());
        }
        assert_eq!(is_refused(&calls).await, refused, "{failing}");
    }
}

#[tokio::test]
async fn a_probe_whose_stream_goes_on_lets_others_pass() {
    let failing = (0..5).map(|_| message_then("14"));
    let server = Server::new(failing.chain([endless()])).await;
    let policy = quick()
        .break_duration(millis(1_000), millis(1_500))
        .ramp(millis(200));
    let calls = Calls::new(stack(policy, &server.origin()));
    read_five(&calls).await;
    assert!(is_refused(&calls).await);
    let stream = loop {
        match calls.stream(PAY).await {
            Ok(stream) => break stream,
            Err(status) => assert_eq!(behind(&status).refusal(), Some(policy::Refusal::Open)),
        }
        pass(millis(20)).await;
    };
    while let Err(status) = calls.unary(PAY).await {
        assert_eq!(behind(&status).refusal(), Some(policy::Refusal::Pace));
        pass(millis(20)).await;
    }
    assert_eq!(server.count(), 7);
    drop(stream);
}
