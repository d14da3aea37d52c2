//! Each fault on HTTP/2.

use std::time::Duration;

use h2::Reason;
use seawall::testing::{Fault, Gateway};

use crate::http2::{Http2, Quiet};
use crate::{assert_ledger, gateway, gateway_with, until};

/// What a payment ends with that meets this fault, and the ledger after it: charges and keys.
async fn error_with(fault: Fault, charges: usize, keys: u64) -> h2::Error {
    let gateway = gateway_with(fault).await;
    let mut http2 = Http2::connect(&gateway).await;
    let error = http2.pay("a").error().await;
    assert_eq!(gateway.counts().met(fault), 1);
    assert_ledger(&gateway, charges, keys);
    assert_settled_by_its_key(&gateway).await;
    error
}

async fn status_with(fault: Fault, charges: usize) -> u16 {
    let gateway = gateway_with(fault).await;
    let mut http2 = Http2::connect(&gateway).await;
    let status = http2.pay("a").status().await;
    assert_eq!(gateway.counts().met(fault), 1);
    assert_ledger(&gateway, charges, 1);
    // The connection goes on.
    assert_eq!(http2.pay("a").status().await, 200);
    assert_eq!(gateway.charges_for("a"), 1);
    status
}

async fn assert_settled_by_its_key(gateway: &Gateway) {
    let mut http2 = Http2::connect(gateway).await;
    assert_eq!(http2.pay("a").status().await, 200);
    assert_eq!(gateway.charges_for("a"), 1);
}

#[tokio::test]
async fn payments_side_by_side() {
    let gateway = gateway().await;
    let mut http2 = Quiet::connect(&gateway).await;
    let payments: Vec<_> = (0..50).map(|n| http2.pay(&n.to_string())).collect();
    let mut http2 = http2.start();
    for payment in payments {
        assert_eq!(payment.status().await, 200);
    }
    let (head, _) = http2.pay("7").answer().await.expect("an answer");
    assert_eq!(head.headers["idempotent-replayed"], "true");
    assert_ledger(&gateway, 50, 50);
}

#[tokio::test]
async fn reset_before_read() {
    let error = error_with(Fault::ResetBeforeRead, 0, 0).await;
    assert!(error.is_io(), "{error}");
}

#[tokio::test]
async fn reset_after_read() {
    let error = error_with(Fault::ResetAfterRead, 0, 1).await;
    assert!(error.is_io(), "{error}");
}

#[tokio::test]
async fn commit_then_drop() {
    let error = error_with(Fault::CommitThenDrop, 1, 1).await;
    assert!(error.is_io(), "{error}");
}

#[tokio::test]
async fn commit_then_reset() {
    let error = error_with(Fault::CommitThenReset, 1, 1).await;
    assert!(error.is_remote() && error.is_reset(), "{error}");
    assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
}

#[tokio::test]
async fn half_head() {
    let error = error_with(Fault::HalfHead, 1, 1).await;
    assert!(error.is_io(), "{error}");
}

#[tokio::test]
async fn garbage() {
    let error = error_with(Fault::Garbage, 0, 1).await;
    assert!(error.is_go_away() && error.is_library(), "{error}");
}

#[tokio::test]
async fn refused_stream_is_said_to_be_unprocessed_and_the_connection_goes_on() {
    let gateway = gateway_with(Fault::RefusedStream).await;
    let mut http2 = Http2::connect(&gateway).await;
    let error = http2.pay("a").error().await;
    assert!(error.is_remote() && error.is_reset(), "{error}");
    assert_eq!(error.reason(), Some(Reason::REFUSED_STREAM));
    assert_ledger(&gateway, 0, 0);

    assert_eq!(http2.pay("a").status().await, 200);
    assert_ledger(&gateway, 1, 1);
}

#[tokio::test]
async fn nothing_above_the_last_stream_of_goaway_is_carried_out() {
    let gateway = gateway_with(Fault::Unavailable).await;
    gateway.next(Fault::GoAway);
    let mut http2 = Quiet::connect(&gateway).await;
    let [below, last, above, far_above] = ["a", "b", "c", "d"].map(|key| http2.pay(key));
    let http2 = http2.start();

    assert_eq!(below.status().await, 503);
    assert_eq!(last.status().await, 200);
    for payment in [above, far_above] {
        let error = payment.error().await;
        assert!(error.is_remote() && error.is_go_away(), "{error}");
        assert_eq!(error.reason(), Some(Reason::NO_ERROR));
    }
    assert!(http2.end().await.is_ok());
    assert_eq!(gateway.counts().requests, 2, "the others were never seen");
    assert_eq!(gateway.charges_for("b"), 1);
    assert_ledger(&gateway, 1, 2);
}

#[tokio::test]
async fn a_stream_below_the_last_one_of_goaway_is_answered_though_it_takes_longer() {
    let gateway = gateway_with(Fault::Stall).await;
    gateway.next(Fault::GoAway);
    let mut http2 = Quiet::connect(&gateway).await;
    let [stalled, last, above] = ["a", "b", "c"].map(|key| http2.pay(key));
    let http2 = http2.start();

    assert_eq!(last.status().await, 200);
    assert!(above.error().await.is_go_away());
    assert_eq!(gateway.counts().in_progress, 1);
    stalled.cancel();
    assert!(http2.end().await.is_ok());
    until(|| gateway.counts().in_progress == 0).await;
    assert_ledger(&gateway, 1, 2);
}

#[tokio::test]
async fn goaway_is_said_before_the_last_answer() {
    let gateway = gateway().await;
    let mut http2 = Http2::connect(&gateway).await;
    // After it nothing else is to be written.
    assert_eq!(http2.pay("first").status().await, 200);
    gateway.latency(Duration::from_secs(3_600));
    gateway.next(Fault::GoAway);
    let [last, above] = ["a", "b"].map(|key| http2.pay(key));

    assert!(above.error().await.is_go_away());
    assert_eq!(gateway.counts().in_progress, 1);
    assert_ledger(&gateway, 2, 2);
    last.cancel();
}

#[tokio::test]
async fn truncated_body() {
    let gateway = gateway_with(Fault::TruncatedBody).await;
    let mut http2 = Http2::connect(&gateway).await;
    let (head, body) = http2.pay("a").answer().await.expect("a head");
    assert_eq!(head.status, 200);
    assert_eq!(head.headers["content-length"], "39");
    let error = body.expect_err("half a body");
    assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
    assert_ledger(&gateway, 1, 1);
    // The connection goes on.
    assert_eq!(http2.pay("a").status().await, 200);
    assert_eq!(gateway.charges_for("a"), 1);
}

#[tokio::test]
async fn stall_until_the_client_gives_up() {
    let gateway = gateway_with(Fault::Stall).await;
    let mut http2 = Http2::connect(&gateway).await;
    let payment = http2.pay("a");
    until(|| gateway.counts().keys == 1).await;
    assert_eq!(gateway.counts().in_progress, 1);
    payment.cancel();
    until(|| gateway.counts().in_progress == 0).await;
    assert_ledger(&gateway, 0, 1);
    assert_eq!(http2.pay("a").status().await, 200);
}

#[tokio::test]
async fn statuses_that_hide_a_charge() {
    assert_eq!(status_with(Fault::CommitThen503, 1).await, 503);
    assert_eq!(status_with(Fault::CommitThen500, 1).await, 500);
}

#[tokio::test]
async fn statuses_with_nothing_done() {
    for (fault, status) in [
        (Fault::Unauthorized, 401),
        (Fault::InternalError, 500),
        (Fault::BadGateway, 502),
        (Fault::Unavailable, 503),
        (Fault::Timeout408, 408),
        (Fault::TooManyRequests, 429),
    ] {
        assert_eq!(status_with(fault, 0).await, status, "{fault:?}");
    }
}

#[tokio::test]
async fn a_broken_connection_takes_its_other_streams_with_it() {
    let gateway = gateway().await;
    gateway.next(Fault::Stall);
    let mut http2 = Http2::connect(&gateway).await;
    let neighbour = http2.pay("a");
    until(|| gateway.counts().keys == 1).await;
    gateway.next(Fault::CommitThenDrop);
    assert!(http2.pay("b").error().await.is_io());
    assert!(neighbour.error().await.is_io());
    assert_ledger(&gateway, 1, 2);
}
