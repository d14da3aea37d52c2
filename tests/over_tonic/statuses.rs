//! What a server says of a failure, and what becomes of the call.

use http::StatusCode;

use super::*;

#[tokio::test]
async fn unavailable_is_repeated_for_a_declared_method() {
    let server = Server::new([Step::fail(Code::Unavailable), Step::fail(Code::Unavailable)]).await;
    let answer = calls(&server).unary(GET).await.unwrap();

    let report = answer.extensions().get::<seawall::Report>().unwrap();
    assert_eq!(report.attempts(), 3);
    let messages: Vec<_> = server.seen().into_iter().map(|seen| seen.message).collect();
    assert_eq!(messages, vec!["s3cret-amount"; 3], "the same bytes");
    assert_eq!(answer.into_inner(), "s3cret-amount");
}

#[tokio::test]
async fn unavailable_is_not_repeated_for_any_other() {
    let server = Server::new([Step::fail(Code::Unavailable)]).await;
    let status = calls(&server).unary(PAY).await.unwrap_err();

    let why = StopReason::NotIdempotent;
    assert_ended(&status, Code::Unavailable, 1, Delivery::Unknown, why);
    // The server's own words, as without the stack.
    assert_eq!(status.message(), "as told");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_method_is_declared_by_the_whole_of_its_name() {
    for path in [
        "/ledger.v1.Ledger/GetAndPay",
        "/ledger.v1.Ledger/get",
        "/other.Ledger/Get",
        "/proxy/ledger.v1.Ledger/Get",
    ] {
        let server = Server::new([Step::fail(Code::Unavailable)]).await;
        let status = calls(&server).unary(path).await.unwrap_err();
        let why = StopReason::NotIdempotent;
        assert_ended(&status, Code::Unavailable, 1, Delivery::Unknown, why);
    }
}

fn trailers(status: &'static str) -> Piece {
    Piece::Trailers(vec![
        ("grpc-status", status),
        ("grpc-message", "in%20trailers"),
    ])
}

#[tokio::test]
async fn a_status_behind_the_head_is_read_within_the_attempt() {
    let server = Server::new([Step::body([trailers("14")])]).await;
    let answer = calls(&server).unary(GET).await.unwrap();
    assert_eq!(answer.into_inner(), "s3cret-amount");
    assert_eq!(server.count(), 2);

    let server = Server::new([Step::body([trailers("14")])]).await;
    let status = calls(&server).unary(PAY).await.unwrap_err();
    let why = StopReason::NotIdempotent;
    assert_ended(&status, Code::Unavailable, 1, Delivery::Unknown, why);
    assert_eq!(status.message(), "in trailers");
}

#[tokio::test]
async fn a_status_behind_a_message_is_the_callers_and_commits_the_call() {
    let message = Piece::Message("part");
    let server = Server::new([Step::body([message, trailers("14")])]).await;
    let status = calls(&server).unary(GET).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(error_in(&status).is_none(), "{status}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn an_answer_without_a_status_may_have_been_done() {
    for pieces in [vec![], vec![Piece::Trailers(vec![("x-other", "field")])]] {
        let server = Server::new([Step::body(pieces)]).await;
        let status = calls(&server).unary(PAY).await.unwrap_err();
        let why = StopReason::NotIdempotent;
        assert_ended(&status, Code::Unavailable, 1, Delivery::Unknown, why);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_before_its_first_message_is_repeated_if_declared() {
    let broken = || Step::body([Piece::Break]);
    let server = Server::new([broken(), broken()]).await;
    let calls = calls(&server);
    assert!(calls.unary(GET).await.is_ok());
    assert_eq!(server.count(), 3);

    let server = Server::new([broken()]).await;
    let status = super::calls(&server).unary(PAY).await.unwrap_err();
    assert_eq!(behind(&status).delivery(), Delivery::Unknown);
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_proxy_that_does_not_speak_grpc_is_believed_by_its_status_of_http() {
    let proxy = |status| Step::Raw(status, vec![("content-type", "text/html")], vec![]);
    let server = Server::new([proxy(StatusCode::BAD_GATEWAY)]).await;
    assert!(calls(&server).unary(GET).await.is_ok());
    assert_eq!(server.count(), 2);

    // A page that welcomes is no answer.
    let server = Server::new([proxy(StatusCode::OK)]).await;
    let status = calls(&server).unary(PAY).await.unwrap_err();
    let why = StopReason::NotIdempotent;
    assert_ended(&status, Code::Internal, 1, Delivery::Unknown, why);
}

#[tokio::test]
async fn a_pushback_is_waited_for() {
    let server = Server::new([Step::push_back("300")]).await;
    assert!(calls(&server).unary(GET).await.is_ok());
    let seen = server.seen();
    let gap = seen[1].at - seen[0].at;
    assert!(gap >= millis(300), "{gap:?}");
}

#[tokio::test]
async fn a_pushback_that_says_no_ends_the_call() {
    for no in ["-1", "never"] {
        let server = Server::new([Step::push_back(no)]).await;
        let status = calls(&server).unary(GET).await.unwrap_err();
        let why = StopReason::ServerSaysNo;
        assert_ended(&status, Code::Unavailable, 1, Delivery::Unknown, why);
        assert_eq!(server.count(), 1);
    }
}

#[tokio::test]
async fn a_pushback_beyond_the_deadline_ends_the_call_and_says_when_to_come_again() {
    let server = Server::new([Step::push_back("60000")]).await;
    let status = calls(&server).unary(GET).await.unwrap_err();
    let why = StopReason::DeadlineTooNear;
    assert_ended(&status, Code::Unavailable, 1, Delivery::Unknown, why);
    let again = behind(&status).retry_after().unwrap();
    assert!(again >= Duration::from_secs(60), "{again:?}");
}

#[tokio::test]
async fn details_that_are_not_base64_do_no_harm() {
    let fields = vec![
        ("grpc-status", "5"),
        ("grpc-status-details-bin", "not base64!"),
    ];
    let kind = ("content-type", "application/grpc");
    let head = [vec![kind], fields.clone()].concat();
    let in_head = Step::Raw(StatusCode::OK, head, vec![]);
    let behind_it = Step::body([Piece::Trailers(fields.clone())]);
    let at_the_end = Step::body([Piece::Message("part"), Piece::Trailers(fields)]);
    let server = Server::new([in_head, behind_it, at_the_end]).await;
    let calls = calls(&server);
    for _ in 0..3 {
        let status = calls.unary(PAY).await.unwrap_err();
        assert_eq!(status.code(), Code::NotFound);
    }
}

#[tokio::test]
async fn a_message_that_was_not_kept_is_sent_once() {
    for (limit, sent) in [(4, 1), (64, 2)] {
        let server = Server::new([Step::fail(Code::Unavailable)]).await;
        let layer = layer(quick(), &server.origin()).replay_limit(limit);
        let channel = Endpoint::from_shared(server.origin()).unwrap();
        let outcome = Calls::new(layer.layer(channel.connect_lazy()))
            .unary(GET)
            .await;
        assert_eq!(server.count(), sent);
        if let Err(status) = outcome {
            let why = StopReason::BodyNotReplayable;
            assert_ended(&status, Code::Unavailable, 1, Delivery::Unknown, why);
        }
    }
}
