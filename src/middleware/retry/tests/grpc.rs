//! An answer of gRPC is a 200, and goes by what gRPC says in it.

use http::Method;

use super::*;
use crate::ErrorKind;
use crate::middleware::extensions::DeclaredIdempotent;

/// What a gRPC server answers with this code.
fn grpc(code: u8) -> Step {
    status(200)
        .header("content-type", "application/grpc")
        .header("grpc-status", code)
}

const UNAVAILABLE: u8 = 14;

fn declared(request: Call) -> Call {
    with_extension(request, DeclaredIdempotent)
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_grpc_is_repeated_where_that_is_declared_harmless() {
    let upstream = Script::new([grpc(UNAVAILABLE)]);
    let outcome = Stack::new(external(), &upstream)
        .send(declared(post()))
        .await;
    assert_eq!((outcome.attempts(), upstream.count()), (2, 2));
    assert_eq!(outcome.delivery(), Delivery::Done);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_grpc_is_not_repeated_where_nothing_is_declared() {
    let upstream = Script::new([grpc(UNAVAILABLE)]);
    let outcome = Stack::new(external(), &upstream).send(post()).await;
    assert_eq!((outcome.attempts(), upstream.count()), (1, 1));
    assert_eq!(outcome.stop(), StopReason::NotIdempotent);
    assert_eq!(outcome.delivery(), Delivery::Unknown);
    // The caller gets the answer as it came.
    assert_eq!(outcome.unwrap().headers()["grpc-status"], "14");
}

#[tokio::test(start_paused = true)]
async fn nothing_makes_a_tunnel_harmless() {
    let upstream = Script::new([grpc(UNAVAILABLE)]);
    let tunnel = call(Method::CONNECT, URL, "");
    let outcome = Stack::new(external(), &upstream)
        .send(declared(tunnel))
        .await;
    assert_eq!(outcome.stop(), StopReason::Tunnel);
}

#[tokio::test(start_paused = true)]
async fn the_same_fields_in_an_answer_of_http_mean_nothing() {
    let upstream = Script::new([status(200).header("grpc-status", UNAVAILABLE)]);
    let outcome = Stack::new(external(), &upstream).send(put()).await;
    assert_eq!(outcome.stop(), StopReason::Answered);
    assert_eq!(outcome.delivery(), Delivery::Done);
}

fn pushed_back(by: impl std::fmt::Display) -> Step {
    grpc(UNAVAILABLE).header("grpc-retry-pushback-ms", by)
}

#[tokio::test(start_paused = true)]
async fn a_pushback_is_waited_never_early_and_closes_no_gate() {
    for seed in 0..20 {
        let upstream = Script::new([pushed_back(7_500)]);
        let stack = Stack::seeded(external(), &upstream, seed);
        let call = stack.start(declared(post())).await;
        let other = stack.send(put()).await;
        assert_eq!(other.attempts(), 1, "it speaks of one call");
        assert_eq!(call.await.unwrap().attempts(), 2);
        let seen = upstream.seen();
        let gap = seen[2].at.saturating_sub(seen[0].at).as_millis();
        assert!((7_500..=8_251).contains(&gap), "{gap}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_longer_of_pushback_and_backoff_is_waited() {
    let upstream = Script::new([pushed_back(200)]);
    let stack = Stack::new(external().backoff(steady()), &upstream);
    stack.send(declared(post())).await.unwrap();
    let gap = gaps(&upstream)[0];
    assert!((1_000..=1_001).contains(&gap), "{gap}");
}

#[tokio::test(start_paused = true)]
async fn a_pushback_beyond_the_deadline_is_not_begun() {
    let upstream = Script::new([pushed_back(45_000)]);
    let start = clock::now();
    let outcome = Stack::new(external(), &upstream)
        .send(declared(post()))
        .await;
    assert_eq!(clock::now(), start, "no sleep at all");
    assert_eq!(outcome.stop(), StopReason::DeadlineTooNear);
    assert!(outcome.comes_again().unwrap() >= secs(45));
}

#[tokio::test(start_paused = true)]
async fn a_pushback_that_is_no_wait_means_no() {
    for no in ["-1", "soon", ""] {
        let upstream = Script::new([pushed_back(no)]);
        let outcome = Stack::new(external(), &upstream)
            .send(declared(post()))
            .await;
        assert_eq!(outcome.stop(), StopReason::ServerSaysNo, "{no:?}");
        assert_eq!(upstream.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_of_a_pushback_is_read_in_answers_of_grpc_only() {
    let pushed = status(503).header("grpc-retry-pushback-ms", 7_500);
    let upstream = Script::new([pushed]);
    let stack = Stack::new(external().backoff(steady()), &upstream);
    stack.send(put()).await.unwrap();
    let gap = gaps(&upstream)[0];
    assert!((1_000..=1_001).contains(&gap), "{gap}");
}

/// How the sixth call ends, after five that were answered so.
async fn after_five(code: u8) -> Outcome {
    let upstream = Script::new((0..5).map(|_| grpc(code)));
    let stack = Stack::new(external(), &upstream);
    for _ in 0..5 {
        stack.send(post()).await.unwrap();
        pass(secs(1)).await;
    }
    stack.send(post()).await
}

#[tokio::test(start_paused = true)]
async fn failures_of_grpc_open_the_circuit() {
    for code in [1, 2, 4, 13, 14, 15] {
        let error = after_five(code).await.unwrap_err();
        assert_eq!(error.refusal(), Some(Refusal::Open), "{code}");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_the_callers_fault_or_a_quota_opens_nothing() {
    for code in [3, 5, 6, 7, 8, 9, 10, 11, 12, 16] {
        let answer = after_five(code).await;
        assert_eq!(answer.unwrap().status(), 200, "{code}");
    }
}
